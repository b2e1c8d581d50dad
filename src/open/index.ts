/**
 * Opens models by name: a .gguf file, a Hugging Face folder or `hf:owner/name`, with adapters folded in.
 *
 * @example
 * import { samplingSchema } from "plumbline/generate";
 * import { createRuntime, generatorOf, openNetwork, tokenizerOf } from "plumbline/open";
 *
 * const runtime = createRuntime();
 * const opened = await openNetwork(runtime, "SmolLM2-135M-Instruct.Q4_1.gguf");
 * const ids = tokenizerOf(opened).encode("The fox is");
 * const [completion] = await generatorOf(runtime, opened).generate([ids], samplingSchema.parse({}));
 * console.log(completion?.text);
 */

export type { Host, Notices, ProgressBar, ProgressOptions } from "../base/host.js";
export type { AdaptedModel, LoraUpdate } from "../model/adapt-base.js";
export { type ConversionConfig, type Converted, conversionSchema, convert } from "./convert.js";
export type { WorkHost } from "./host.js";
export type { OpenedModel, OpenOptions } from "./open-network.js";
export {
  createRuntime,
  generatorOf,
  type OpenedNetwork,
  openNetwork,
  tokenizerOf,
} from "./open-network.js";
export { rewardScores } from "./reward-scores.js";
