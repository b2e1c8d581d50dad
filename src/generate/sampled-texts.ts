import type { ModelConfig } from "../model/config.js";
import { frozenNetwork, type Weights } from "../model/create.js";
import type { Runtime } from "../runtime/runtime.js";
import { Generator } from "./generator.js";
import { samplingSchema } from "./sampling.js";

/**
 * Texts that a model writes from nothing at temperature 1, none ended early: for measuring the ranges of its activations
 * where no data is at hand.
 *
 * @param start the token that each begins with. @param tokens of each. @returns token ids.
 */
export async function sampledTexts(
  runtime: Runtime,
  config: ModelConfig,
  weights: Weights,
  start: number,
  { rows, tokens, seed = 0 }: { rows: number; tokens: number; seed?: number },
): Promise<number[][]> {
  const endless = frozenNetwork(runtime, { ...config, eosIds: [] }, weights);
  const generator = new Generator(runtime, endless, start);
  const sampling = samplingSchema.parse({ maxNewTokens: tokens - 1, seed });
  const prompts = Array.from({ length: rows }, () => [start]);
  const completions = await generator.generate(prompts, sampling);
  generator.release();
  return completions.map(({ ids }) => [start, ...ids]);
}
