import { int8Names } from "../../nn/index.js";
import { readFloats } from "../../runtime/read.js";
import type { DeviceBuffer, Runtime } from "../../runtime/runtime.js";
import type { ModelConfig } from "../config.js";
import { headName } from "../decoder.js";
import { allocateF32 } from "../formats/weights.js";
import type { Weights } from "../network.js";
import { expectationDither } from "./dither.js";
import { quantizeColumns } from "./quantize.js";

const PRODUCT = /^(.*\.weight)\.w8a(?:8|16)$/;

/** Whether a base holds weights in 8 bits. */
export const isInt8 = (base: Weights): boolean => [...base.keys()].some((name) => PRODUCT.test(name));

/**
 * A base in 8 bits together with what gradients of inputs need, made from its 8-bit values: each matrix with a scale
 * for each input. A base that already has this, or is not in 8 bits, is returned unchanged.
 */
export async function withGradients(runtime: Runtime, config: ModelConfig, base: Weights): Promise<Weights> {
  const out = new Map<string, DeviceBuffer>(base);
  for (const [key, values] of base) {
    const weight = PRODUCT.exec(key)?.[1];
    if (weight === undefined) continue;
    const { adjoint, dither } = int8Names(weight);
    if (base.has(adjoint.values)) continue;
    const [columns, rows] = values.shape;
    const scales = base.get(`${key}.scales`);
    if (!scales) throw new Error(`the base has no ${key}.scales`);
    const matrix = dequantized((await values.read()) as Int8Array, rows, columns, await readFloats(scales));
    const rounded = quantizeColumns(matrix, rows, columns);
    out.set(adjoint.values, runtime.adopt("i8", [rows, columns], rounded.values, adjoint.values));
    out.set(adjoint.scales, runtime.adopt("f32", [columns], rounded.scales, adjoint.scales));
    if (weight === headName(config)) out.set(dither, expectationDither(runtime, rows));
  }
  return out.size === base.size ? base : out;
}

/** W [out, in] from W^T in 8 bits [in, out] and its scales [out]. */
function dequantized(
  values: Int8Array,
  rows: number,
  columns: number,
  scales: Float32Array,
): Float32Array<ArrayBuffer> {
  const out = allocateF32(values.length);
  for (let j = 0; j < columns; j++)
    for (let i = 0; i < rows; i++) out[i * columns + j] = values[j * rows + i] * scales[i];
  return out;
}
