/** PPO against a reward function of your own, under a KL tether to the model that it started from. */
import { functionReward, ppo, ppoSchema } from "plumbline/algorithms";
import { encodePromptRow, loadPrompts } from "plumbline/data";
import { Generator } from "plumbline/generate";
import { frozenNetwork, fullNetwork, NetworkRunner, NetworkTrainer } from "plumbline/model";
import { createRuntime, openNetwork, tokenizerOf } from "plumbline/open";
import { dataFile } from "./data-file.js";
import { tinyModel } from "./tiny-model.js";

const runtime = createRuntime();
const opened = await openNetwork(runtime, process.argv[2] ?? (await tinyModel()));
const { config: shape, base, padId } = opened;
const tokenizer = tokenizerOf(opened);
const rows = await loadPrompts(dataFile("prompts.jsonl"));
const prompts = rows.map((row) => {
  return { ids: encodePromptRow(tokenizer, row), text: String(row.prompt), meta: row.meta };
});

const config = ppoSchema.parse({
  iterations: 12,
  batchSize: 16,
  microBatchSize: 16,
  maxNewTokens: 8,
  learningRate: 2e-2,
});
const policy = new NetworkTrainer(runtime, fullNetwork(runtime, shape, base), config);
const value = new NetworkTrainer(runtime, fullNetwork(runtime, shape, base, 0, "zero"), config);
const reference = new NetworkRunner(runtime, frozenNetwork(runtime, shape, base));
const generator = new Generator(runtime, policy.network, padId, tokenizer);
const brief = functionReward("brief", 1, (responses) => responses.map(({ ids }) => -ids.length / 8));

const setup = { policy, value, reference, generator, rewards: [brief], prompts, padId };
for await (const { step, metrics } of ppo(setup, config, { iteration: 0, beta: config.klCoefficient }))
  console.log(
    `${step}: reward ${metrics["objective/scores"]?.toFixed(2)}, KL ${metrics["objective/kl"]?.toFixed(2)}`,
  );
