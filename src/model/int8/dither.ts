import { RandomStream } from "../../base/random.js";
import type { DeviceBuffer, Runtime } from "../../runtime/runtime.js";
import { EXPECTATION_STEP } from "../../tensor/index.js";

/** Number of distributions with their own random draws; after these, the draws repeat. */
export const DITHER_ROWS = 16;

/**
 * The noise that `int8Expectation` adds to distributions over this many tokens: uniform within +- half a step, [rows,
 * tokens].
 */
export function expectationDither(runtime: Runtime, tokens: number): DeviceBuffer {
  const random = new RandomStream(0, "int8/dither");
  const draws = new Float32Array(new ArrayBuffer(4 * DITHER_ROWS * tokens));
  for (let i = 0; i < draws.length; i++) draws[i] = (random.uniform() - 0.5) * EXPECTATION_STEP;
  return runtime.adopt("f32", [DITHER_ROWS, tokens], draws, "dither");
}
