/** Our side of the comparison: answers each line on stdin with the time of one unit of work. */
import { createInterface } from "node:readline";
import { decodeStep, TrainingStep } from "../../src/bench/steps.js";
import { Generator, sampledTexts } from "../../src/generate/index.js";
import type { ModelConfig } from "../../src/model/config.js";
import { frozenNetwork } from "../../src/model/create.js";
import { calibrationTokens, quantizeBase } from "../../src/model/int8/build.js";
import { openModel } from "../../src/model/load/index.js";
import type { Weights } from "../../src/model/network.js";
import { readWeights } from "../../src/model/read-weights.js";
import { textsOfFiles } from "../../src/open/calibration-texts.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { PpoWork } from "./ppo-work.js";
import type { Measurement, PeerSettings, WorkRequest } from "./protocol.js";

/** KL per token that the 8-bit base may have, like --base-error of the commands. */
const BASE_ERROR = 0.01;
/** Most rows read from a dataset file; calibration uses fewer. */
const CALIBRATION_ROWS = 256;

const settings: PeerSettings = JSON.parse(process.argv[2]);
const runtime = new OrtRuntime({ threads: settings.threads });
const { config, weights } = await base();
const work = await prepare();
const say = (reply: object): boolean => process.stdout.write(`${JSON.stringify(reply)}\n`);
say({ ready: `${runtime.name}, Node ${process.version}` });
for await (const line of createInterface({ input: process.stdin })) {
  const request: WorkRequest = JSON.parse(line);
  say(await work(request));
}

/** The model without end-of-text tokens, so that every peer samples as many tokens as it is asked for. */
async function base(): Promise<{ config: ModelConfig; weights: Weights }> {
  const files = await openModel(settings.model);
  const config = { ...files.config, layers: settings.layers ?? files.config.layers, eosIds: [] };
  const exact = await readWeights(runtime, config, files.weights);
  await files.close();
  if (settings.peer !== "ours-int8") return { config, weights: exact };
  const wanted = calibrationTokens(config);
  const texts =
    settings.texts !== null && files.tokenizer
      ? await textsOfFiles([settings.texts], files.tokenizer, CALIBRATION_ROWS)
      : await sampledTexts(
          runtime,
          { ...config, eosIds: files.config.eosIds },
          exact,
          config.padId ?? 0,
          wanted,
        );
  const { weights } = await quantizeBase(runtime, config, exact, texts, {
    limit: BASE_ERROR,
    use: settings.work === "decode" ? "inference" : "training",
  });
  return { config, weights };
}

async function prepare(): Promise<(request: WorkRequest) => Promise<Measurement>> {
  const { rows, length, promptTokens, newTokens } = settings;
  if (settings.work === "lora") {
    const step = new TrainingStep(runtime, config, weights, "lora", rows, length);
    return async () => ({ milliseconds: await step.run() });
  }
  if (settings.work === "ppo") {
    const iterations = new PpoWork(runtime, config, weights, settings);
    return () => iterations.run();
  }
  const generator = new Generator(runtime, frozenNetwork(runtime, config, weights), 0);
  return async ({ batch = 1, capacity }) => ({
    milliseconds: await decodeStep(generator, config, batch, promptTokens, newTokens, capacity),
  });
}
