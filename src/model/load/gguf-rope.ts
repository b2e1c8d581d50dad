import { PlumbError } from "../../base/errors.js";
import type { RopeScaling } from "../config.js";
import type { GgufFile } from "../formats/gguf.js";

type Llama3Scaling = Extract<RopeScaling, { kind: "llama3" }>;

/** The wavelength limits of every published Llama 3 model; GGUF stores only the factors that follow from them. */
const LOW_FREQ_FACTOR = 1;
const HIGH_FREQ_FACTOR = 4;
const TOLERANCE = 1e-3;

/**
 * Llama 3's rotary scaling from the tensor `rope_freqs.weight`, the factors [headDim / 2] by which llama.cpp divides
 * the frequencies. The greatest is the scaling's factor; the others must follow from it.
 *
 * @throws PlumbError if the factors are not those of Llama 3's scaling.
 */
export async function llama3ScalingFrom(
  file: GgufFile,
  headDim: number,
  theta: number,
  originalMaxPositions: number,
): Promise<RopeScaling | undefined> {
  const tensor = file.tensors.get("rope_freqs.weight");
  if (tensor === undefined) return undefined;
  if (tensor.elements !== headDim / 2) {
    throw new PlumbError(
      `${file.path}: rope_freqs.weight has ${tensor.elements} factors; heads of ${headDim} need ${headDim / 2}.`,
    );
  }
  const factors = await file.weights.read("rope_freqs.weight");
  const factor = Math.max(...factors);
  if (factor === 1) return undefined;
  const scaling: Llama3Scaling = {
    kind: "llama3",
    factor,
    lowFreqFactor: LOW_FREQ_FACTOR,
    highFreqFactor: HIGH_FREQ_FACTOR,
    originalMaxPositions,
  };
  const expected = llama3Factors(scaling, theta, factors.length);
  if (factors.every((value, i) => Math.abs(value - expected[i]) <= TOLERANCE * expected[i])) return scaling;
  throw new PlumbError(`${file.path}: the factors in rope_freqs.weight are not those of Llama 3's scaling.`, {
    hint: "Use the model's Hugging Face folder, whose config.json states the scaling.",
  });
}

/**
 * Divisors of `count` rotary frequencies theta^(-i/count) (transformers, modeling_rope_utils.py): 1 for short
 * wavelengths, `factor` for long ones, and a smooth transition between them.
 */
export function llama3Factors(scaling: Llama3Scaling, theta: number, count: number): number[] {
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
  return Array.from({ length: count }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** (i / count);
    const turns = originalMaxPositions / wavelength;
    if (turns > highFreqFactor) return 1;
    if (turns < lowFreqFactor) return factor;
    const smooth = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
