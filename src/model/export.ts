import type { Tokenizer } from "../text/index.js";
import type { Network } from "./network.js";
import { type FloatDtype, saveHuggingFace, type TensorData } from "./save/index.js";
import { adapterTensors, saveAdapter } from "./stack-adapters.js";
import { expectedWeights } from "./weight-names.js";

/** The scalar head of reward and value models. */
const HEAD = "score.weight";

/** The network's weights with its adapter merged: W + (alpha / r) B A, computed in double precision. */
export function mergedWeights(network: Network): Map<string, TensorData> {
  const { config, frozen, trainable, lora } = network;
  const merged = new Map<string, TensorData>();
  for (const [name, shape] of expectedWeights(config)) {
    const buffer = trainable.byName.get(name) ?? frozen.get(name);
    if (!buffer) throw new Error(`the network has no ${name}`);
    let data = buffer.data() as Float32Array;
    const layer = name.replace(/\.weight$/, "");
    const a = trainable.byName.get(`${layer}.lora_A.weight`)?.data() as Float32Array | undefined;
    const b = trainable.byName.get(`${layer}.lora_B.weight`)?.data() as Float32Array | undefined;
    if (a && b && lora) data = addProduct(data, a, b, shape[0], shape[1], lora.r, lora.alpha / lora.r);
    merged.set(name, { shape, data });
  }
  return merged;
}

/** W + scale B A: W [out, in], B [out, r], A [r, in]. */
function addProduct(
  w: Float32Array,
  a: Float32Array,
  b: Float32Array,
  out: number,
  input: number,
  r: number,
  scale: number,
): Float32Array {
  const result = new Float32Array(w.length);
  const row = new Float64Array(input);
  for (let o = 0; o < out; o++) {
    row.fill(0);
    for (let k = 0; k < r; k++) {
      const factor = scale * b[o * r + k];
      for (let i = 0; i < input; i++) row[i] += factor * a[k * input + i];
    }
    for (let i = 0; i < input; i++) result[o * input + i] = w[o * input + i] + row[i];
  }
  return result;
}

/**
 * Saves the network as a Hugging Face folder, adapter merged. One with a scalar head is saved as a model for sequence
 * classification, as TRL saves reward models, without the language-model head.
 */
export function exportMerged(
  dir: string,
  network: Network,
  tokenizer?: Tokenizer,
  dtype: FloatDtype = "F32",
): Promise<void> {
  const { config, frozen, trainable } = network;
  if (!trainable.byName.has(HEAD) && !frozen.has(HEAD))
    return saveHuggingFace(dir, config, mergedWeights(network), tokenizer, dtype);
  // transformers reads the score at the last token that is not padding: padding must not be the end-of-sequence token.
  const scored = { ...config, head: "score" as const, padId: tokenizer?.padId ?? config.padId };
  return saveHuggingFace(dir, scored, mergedWeights({ ...network, config: scored }), tokenizer, dtype);
}

/** Saves the network's adapter, and its scalar head if it has one, in PEFT's format. */
export const exportAdapter = (dir: string, network: Network, baseModel: string): Promise<void> =>
  saveAdapter(dir, adapterTensors(network), baseModel);
