import type { ModelConfig } from "../model/config.js";
import { frozenNetwork } from "../model/create.js";
import type { Weights } from "../model/network.js";
import type { Runtime } from "../runtime/runtime.js";
import { Generator } from "./generator.js";
import { samplingSchema } from "./sampling.js";

/**
 * Texts that a model samples without a prompt at temperature 1, all of full length: for measuring the ranges of its
 * activations when no data is available.
 *
 * @param start the first token of each text if the model defines no BOS.
 * @param tokens length of each text.
 * @returns token ids.
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
  const first = config.bosId ?? start;
  const prompts = Array.from({ length: rows }, () => [first]);
  const completions = await generator.generate(prompts, sampling);
  generator.release();
  return completions.map(({ ids }) => [first, ...ids]);
}
