/** A change of the rotary frequencies for contexts longer than the model was first trained on. */
export type RopeScaling = LinearScaling | Llama3Scaling;

/** Divides all frequencies by `factor` (Chen et al. 2023). */
export interface LinearScaling {
  factor: number;
}

/** Llama 3.1's scaling: stretches long wavelengths and keeps short ones. */
export interface Llama3Scaling {
  factor: number;
  lowFreqFactor: number;
  highFreqFactor: number;
  originalMaxPositions: number;
}

/**
 * Tables of cos(t f_i) and sin(t f_i) with f_i = theta^(-2i/D) (Su et al. 2021), for positions t < length. With Llama
 * 3's scaling, wavelengths above original / lowFreqFactor are stretched by `factor`, those below original /
 * highFreqFactor are kept, and those between are interpolated (Llama 3.1, modeling_rope_utils.py).
 *
 * @param dim D: elements of a head that are rotated. @returns two arrays of [length, D/2].
 */
export function ropeTables(
  length: number,
  dim: number,
  theta: number,
  scaling?: RopeScaling,
): { cos: Float32Array; sin: Float32Array } {
  const half = dim / 2;
  const cos = new Float32Array(length * half);
  const sin = new Float32Array(length * half);
  for (let i = 0; i < half; i++) {
    const frequency = scaledFrequency(theta ** ((-2 * i) / dim), scaling);
    for (let t = 0; t < length; t++) {
      cos[t * half + i] = Math.cos(t * frequency);
      sin[t * half + i] = Math.sin(t * frequency);
    }
  }
  return { cos, sin };
}

function scaledFrequency(frequency: number, scaling: RopeScaling | undefined): number {
  if (!scaling) return Math.fround(frequency);
  if (!("lowFreqFactor" in scaling)) return Math.fround(frequency / scaling.factor);
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > originalMaxPositions / lowFreqFactor) return Math.fround(frequency / factor);
  if (wavelength < originalMaxPositions / highFreqFactor) return Math.fround(frequency);
  const smooth = (originalMaxPositions / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return Math.fround((1 - smooth) * (frequency / factor) + smooth * frequency);
}
