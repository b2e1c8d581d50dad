/** A reward model from preferences, and its scores of answers that it did not see. */
import { normalization, reward, rewardSchema, scorePairs } from "plumbline/algorithms";
import { encodePreference, loadPreferences } from "plumbline/data";
import { fullNetwork, NetworkTrainer } from "plumbline/model";
import { createRuntime, openNetwork, tokenizerOf } from "plumbline/open";
import { dataFile } from "./data-file.js";
import { tinyModel } from "./tiny-model.js";

const runtime = createRuntime();
const opened = await openNetwork(runtime, process.argv[2] ?? (await tinyModel()));
const rows = await loadPreferences(dataFile("preferences.jsonl"));
const pairs = rows.map((row) => encodePreference(tokenizerOf(opened), row));
const [train, heldOut] = [pairs.slice(0, -2), pairs.slice(-2)];

const config = rewardSchema.parse({ epochs: 10, batchSize: 4, learningRate: 1e-2 });
const network = fullNetwork(runtime, opened.config, opened.base, 0, "random");
const trainer = new NetworkTrainer(runtime, network, config);
for await (const { step, steps, metrics } of reward(trainer, train, opened.padId, config))
  if (step === 1 || step === steps) console.log(`step ${step}: accuracy ${metrics.accuracy}`);

const batching = { rows: 8, padId: opened.padId };
const scores = await scorePairs(trainer, heldOut, batching, config.maxLength);
const { mean, std } = normalization(scores.flatMap(({ chosen, rejected }) => [chosen, rejected]));
for (const { chosen, rejected } of scores)
  console.log(
    `chosen ${((chosen - mean) / std).toFixed(2)}, rejected ${((rejected - mean) / std).toFixed(2)}`,
  );
