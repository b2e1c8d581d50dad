/** Sampling with a KV cache that is updated in place. */
export { type Completion, Generator } from "./decode.js";
export { type SamplingConfig, sampleToken, samplingSchema } from "./sampling.js";
