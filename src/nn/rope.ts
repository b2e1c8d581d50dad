/** A change of the rotary frequencies for contexts longer than the model was first trained on. */
export type RopeScaling = LinearScaling | Llama3Scaling | YarnScaling | LongScaling;

/** Divides all frequencies by `factor` (Chen et al. 2023). */
interface LinearScaling {
  kind: "linear";
  factor: number;
}

/** Llama 3.1's scaling: stretches long wavelengths and keeps short ones. */
export interface Llama3Scaling {
  kind: "llama3";
  factor: number;
  lowFreqFactor: number;
  highFreqFactor: number;
  originalMaxPositions: number;
}

/**
 * YaRN (Peng et al. 2023; modeling_rope_utils.py): frequencies that make more than `betaFast` turns in the original
 * context are kept, those of fewer than `betaSlow` are divided by `factor`, and those between are mixed, linearly in
 * their number. `truncate`: the first and last of these are rounded outwards.
 */
interface YarnScaling {
  kind: "yarn";
  factor: number;
  originalMaxPositions: number;
  betaFast: number;
  betaSlow: number;
  truncate: boolean;
  /** cos and sin are multiplied by it. */
  attentionFactor: number;
}

/** LongRoPE for texts within the original context (Ding et al. 2024): each frequency is divided by its own factor. */
interface LongScaling {
  kind: "longrope";
  shortFactors: readonly number[];
  /** cos and sin are multiplied by it. */
  attentionFactor: number;
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
  const frequencies = rotaryFrequencies(dim, theta, scaling);
  const scale = scaling && "attentionFactor" in scaling ? scaling.attentionFactor : 1;
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(frequencies[i]);
    for (let t = 0; t < length; t++) {
      cos[t * half + i] = scale * Math.cos(t * frequency);
      sin[t * half + i] = scale * Math.sin(t * frequency);
    }
  }
  return { cos, sin };
}

/** The frequencies [D/2] of a model, in radians per position. */
export function rotaryFrequencies(dim: number, theta: number, scaling?: RopeScaling): number[] {
  const own = Array.from({ length: dim / 2 }, (_, i) => theta ** ((-2 * i) / dim));
  switch (scaling?.kind) {
    case undefined:
      return own;
    case "linear":
      return own.map((frequency) => frequency / scaling.factor);
    case "longrope":
      return own.map((frequency, i) => frequency / scaling.shortFactors[i]);
    case "llama3":
      return own.map((frequency) => llama3Frequency(frequency, scaling));
    case "yarn":
      return yarnFrequencies(own, theta, scaling);
  }
}

function llama3Frequency(frequency: number, scaling: Llama3Scaling): number {
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength > originalMaxPositions / lowFreqFactor) return frequency / factor;
  if (wavelength < originalMaxPositions / highFreqFactor) return frequency;
  const smooth = (originalMaxPositions / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return (1 - smooth) * (frequency / factor) + smooth * frequency;
}

function yarnFrequencies(own: readonly number[], theta: number, scaling: YarnScaling): number[] {
  const dim = 2 * own.length;
  const { factor, originalMaxPositions, betaFast, betaSlow, truncate } = scaling;
  /** The index, perhaps between two, of the frequency that makes so many turns in the original context. */
  const indexOf = (turns: number): number =>
    (dim * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [indexOf(betaFast), indexOf(betaSlow)];
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const high = Math.min(truncate ? Math.ceil(last) : last, dim - 1);
  const width = low === high ? 0.001 : high - low;
  return own.map((frequency, i) => {
    const divided = Math.min(1, Math.max(0, (i - low) / width));
    return (frequency / factor) * divided + frequency * (1 - divided);
  });
}
