import type { DeviceBuffer, Runtime } from "../runtime/runtime.js";
import type { ModelConfig } from "./config.js";
import type { WeightSource } from "./formats/weights.js";
import { readInt8Base } from "./int8/read.js";
import type { ModelFiles } from "./load/index.js";
import type { Weights } from "./network.js";
import { expectedWeights } from "./weight-names.js";

/** Reads every weight of a model into memory. @throws PlumbError if a weight holds NaN or an infinity. */
export async function readWeights(
  runtime: Runtime,
  config: ModelConfig,
  source: WeightSource,
): Promise<Weights> {
  const weights = new Map<string, DeviceBuffer>();
  for (const [name, shape] of expectedWeights(config)) {
    weights.set(name, runtime.adopt("f32", shape, await source.read(name), name));
  }
  return weights;
}

/**
 * Reads the weights of an opened model into memory, in 8 bits if they are stored so. @throws PlumbError as
 * `readWeights`.
 */
export const readModelWeights = (runtime: Runtime, files: ModelFiles): Promise<Weights> =>
  files.int8
    ? readInt8Base(runtime, files.config, files.int8.description, files.int8.weights, files.source)
    : readWeights(runtime, files.config, files.weights);
