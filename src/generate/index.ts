/**
 * Sampling with a KV cache that is updated in place. `Generator` is what others use: `generate` for many prompts,
 * `submit` for one among others. `engine.ts` decides what runs next; `request.ts` is one prompt on its way,
 * `kv-cache.ts` what has been computed of all, `programs.ts` what is computed, `cache-size.ts` how much of it at once.
 */

export type { CacheSizeOptions as RoomOptions } from "./cache-size.js";
export { type GenerateOptions, Generator, type GeneratorOptions } from "./generator.js";
export type { Completion, RequestOptions } from "./request.js";
export { sampledTexts } from "./sampled-texts.js";
export { type SamplingConfig, sampleToken, samplingSchema, UNFILTERED } from "./sampling.js";
