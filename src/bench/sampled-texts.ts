import { Generator, samplingSchema } from "../generate/index.js";
import type { ModelConfig } from "../model/config.js";
import { frozenNetwork, type Weights } from "../model/create.js";
import type { Runtime } from "../runtime/runtime.js";
import { someIds } from "./steps.js";

const ROWS = 32;
const ROW_TOKENS = 128;

/** Rows of ids that look random, for a model that knows no text. */
export const someRows = (vocabSize: number): number[][] =>
  Array.from({ length: ROWS }, (_, row) => someIds(ROW_TOKENS, vocabSize, row * ROW_TOKENS));

/** Rows of token ids sampled from a model itself: text to measure the ranges of an 8-bit base on. */
export async function sampledTexts(
  runtime: Runtime,
  config: ModelConfig,
  weights: Weights,
  start: number,
): Promise<number[][]> {
  const generator = new Generator(runtime, frozenNetwork(runtime, config, weights), start);
  const prompts = Array.from({ length: ROWS }, () => [start]);
  const sampling = samplingSchema.parse({ maxNewTokens: ROW_TOKENS - 1 });
  const completions = await generator.generate(prompts, sampling);
  generator.release();
  return completions.map(({ ids }) => [start, ...ids]);
}
