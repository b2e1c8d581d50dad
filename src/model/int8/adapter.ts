import type { Weights } from "../create.js";
import { dividedInput, dividedOutput } from "./base.js";

const MATRIX = /^(.*)\.lora_([AB])\.weight$/;

/**
 * A LoRA matrix between the base as it came and the base as smoothing left it, where a layer's input is x / s and its
 * output y / t: A x = (A s) (x / s), and B's rows are divided by t. What is saved always fits the base as it came.
 *
 * @param name of the matrix. @param to which of the two it is for. @returns `data` itself where nothing changes.
 */
export function rescaledAdapter(
  name: string,
  data: Float32Array,
  base: Weights,
  to: "smoothed base" | "base as it came",
): Float32Array {
  const [, layer, kind] = MATRIX.exec(name) ?? [];
  const factors = base.get(kind === "A" ? dividedInput(layer) : dividedOutput(layer))?.data() as
    | Float32Array
    | undefined;
  if (layer === undefined || !factors) return data;
  const multiply = (kind === "A") === (to === "smoothed base");
  const rank = data.length / factors.length;
  return data.map((value, i) => {
    const factor = factors[kind === "A" ? i % factors.length : Math.floor(i / rank)];
    return multiply ? value * factor : value / factor;
  });
}
