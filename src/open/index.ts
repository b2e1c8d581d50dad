/**
 * Opens models by name: a .gguf file, a Hugging Face folder or `hf:owner/name`, with adapters folded in.
 *
 * @example
 * const opened = await openNetwork(runtime, "SmolLM2-135M-Instruct.Q4_1.gguf");
 * const [{ text }] = await generatorOf(runtime, opened).generate([ids], samplingSchema.parse({}));
 */
export { type ConversionConfig, type Converted, conversionSchema, convert } from "./convert.js";
export type { WorkHost } from "./host.js";
export {
  createRuntime,
  generatorOf,
  type OpenedNetwork,
  openNetwork,
  tokenizerOf,
} from "./open-network.js";
export { rewardScores } from "./reward-scores.js";
