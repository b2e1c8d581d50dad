/**
 * Sampling with a KV cache that is updated in place. `Generator` is the interface for callers: `generate` for many
 * prompts, `submit` for one among others. `engine.ts` decides what runs next; `request.ts` holds one prompt and its
 * tokens, `kv-cache.ts` the keys and values computed so far, `programs.ts` the programs, and `cache-size.ts` chooses
 * how many rows fit.
 */

export type { CacheSizeOptions } from "./cache-size.js";
export { type GenerateOptions, Generator, type GeneratorOptions } from "./generator.js";
export type { Completion, RequestOptions } from "./request.js";
export { sampledTexts } from "./sampled-texts.js";
export { type SamplingConfig, sampleToken, samplingSchema, UNFILTERED } from "./sampling.js";
export { EndCount } from "./unended.js";
