import { PlumbError } from "../../base/errors.js";
import { longMagnitude, yarnMagnitude } from "../architectures/rope-fields.js";
import type { RopeScaling } from "../config.js";
import type { GgufFile } from "../formats/gguf.js";
import { type Metadata, shortest } from "./gguf-metadata.js";

type Llama3Scaling = Extract<RopeScaling, { kind: "llama3" }>;

/** The wavelength limits of every published Llama 3 model; GGUF stores only the factors that follow from them. */
const LOW_FREQ_FACTOR = 1;
const HIGH_FREQ_FACTOR = 4;
const TOLERANCE = 1e-3;

/** The factors by which longrope divides the frequencies, for short and for long texts. */
export const LONGROPE_TENSORS = ["rope_factors_short.weight", "rope_factors_long.weight"] as const;

/**
 * The rotary scaling of a file (llama.cpp, src/llama-model.cpp and ggml's rope): the metadata rope.scaling.*, the
 * factors of longrope, or those of Llama 3.
 *
 * @param rotary elements of a head that are rotated.
 * @throws PlumbError for a type that is not read.
 */
export async function ggufRopeScaling(
  file: GgufFile,
  metadata: Metadata,
  rotary: number,
  theta: number,
): Promise<RopeScaling | undefined> {
  const type = metadata.text("rope.scaling.type", "none");
  const original = (fallback: number): number =>
    metadata.integer("rope.scaling.original_context_length", fallback);
  const attention = metadata.optionalReal("rope.scaling.attn_factor");
  const longest = metadata.integer("context_length");
  if (LONGROPE_TENSORS.some((name) => file.tensors.has(name))) {
    const [shortFactors, longFactors] = await Promise.all(
      LONGROPE_TENSORS.map((name) => longFactorsOf(file, name, rotary / 2)),
    );
    return {
      ...{ kind: "longrope", shortFactors, longFactors, originalMaxPositions: original(longest) },
      ...{
        extendedMaxPositions: longest,
        attentionFactor: longAttention(attention, longest, original(longest)),
      },
    };
  }
  if (type === "longrope") {
    throw new PlumbError(`${file.path}: the scaling is longrope, but ${LONGROPE_TENSORS[0]} is missing.`);
  }
  if (type !== "yarn" && attention !== undefined && attention !== 1) {
    throw new PlumbError(`${file.path}: rope.scaling.attn_factor is ${attention}, with scaling "${type}".`, {
      hint: "It is read with longrope alone; use the model's Hugging Face folder.",
    });
  }
  if (type === "linear") return { kind: "linear", factor: metadata.real("rope.scaling.factor") };
  if (type === "yarn") return yarnFrom(file, metadata, original(longest), attention);
  if (type === "none" || type === "llama3") return llama3ScalingFrom(file, rotary, theta, original(8192));
  throw new PlumbError(`${file.path}: rotary scaling of the type ${JSON.stringify(type)} is not supported.`, {
    hint: "linear, yarn, longrope and Llama 3's scaling are read.",
  });
}

/** The factor of attention, which files have in float32: exactly what follows from the lengths, where it is that. */
function longAttention(stated: number | undefined, longest: number, original: number): number {
  const inferred = longMagnitude(longest / original, original);
  return stated !== undefined && Math.abs(stated - inferred) < 1e-6 ? inferred : (stated ?? 1);
}

async function longFactorsOf(file: GgufFile, name: string, count: number): Promise<number[]> {
  const tensor = file.tensors.get(name);
  if (tensor?.elements !== count) {
    throw new PlumbError(
      `${file.path}: ${name} has ${tensor?.elements ?? "no"} factors; ${2 * count} rotated elements need ${count}.`,
    );
  }
  return Array.from(await file.weights.read(name), shortest);
}

/** llama.cpp rounds the limits of YaRN's mixed frequencies, and has the factor of attention from the scaling's own. */
function yarnFrom(
  file: GgufFile,
  metadata: Metadata,
  originalMaxPositions: number,
  attention: number | undefined,
): RopeScaling {
  const factor = metadata.real("rope.scaling.factor");
  const magnitude = yarnMagnitude(factor);
  for (const [key, plain] of Object.entries({
    yarn_ext_factor: 1,
    yarn_attn_factor: 1,
    yarn_log_multiplier: 0,
  })) {
    const value = metadata.optionalNumber(`rope.scaling.${key}`);
    if (value === undefined || value === plain) continue;
    throw new PlumbError(
      `${file.path}: rope.scaling.${key} is ${value}; only ${plain} is supported.`,
      FOLDER,
    );
  }
  // Converters write 1 or what follows from the factor; programs differ in what another one would mean.
  if (attention !== undefined && attention !== 1 && Math.abs(attention - magnitude) > 1e-5) {
    throw new PlumbError(
      `${file.path}: rope.scaling.attn_factor is ${attention}; with YaRN by ${factor} only ${magnitude} is read.`,
      FOLDER,
    );
  }
  return {
    ...{ kind: "yarn", factor, originalMaxPositions, truncate: true, attentionFactor: magnitude },
    betaFast: metadata.real("rope.scaling.yarn_beta_fast", 32),
    betaSlow: metadata.real("rope.scaling.yarn_beta_slow", 1),
  };
}
const FOLDER = { hint: "Use the model's Hugging Face folder, whose config.json states the scaling." };

/**
 * Llama 3's rotary scaling from the tensor `rope_freqs.weight`, the factors [headDim / 2] by which llama.cpp divides
 * the frequencies. The greatest is the scaling's factor; the others must follow from it.
 *
 * @throws PlumbError if the factors are not those of Llama 3's scaling.
 */
async function llama3ScalingFrom(
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
