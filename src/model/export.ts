import { readFloats } from "../runtime/read.js";
import type { DeviceBuffer } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import type { LoraConfig, Network } from "./network.js";
import { type FloatDtype, saveHuggingFace, type TensorPieces } from "./save/index.js";
import { adapterTensors, saveAdapter } from "./stack-adapters.js";
import { expectedWeights } from "./weight-names.js";

/** The scalar head of reward and value models. */
const HEAD = "score.weight";
/** Elements of a merged weight computed at a time. */
const PIECE_ELEMENTS = 2 ** 20;

/**
 * The network's weights with its adapter merged: W + (alpha / r) B A, computed in double precision. They are computed a
 * few rows at a time on request; `adapted` marks those that the adapter changes.
 *
 * @param pieceElements about how many elements are computed at a time, but at least a row.
 */
export function mergedWeights(
  network: Network,
  pieceElements = PIECE_ELEMENTS,
): Map<string, TensorPieces & { adapted: boolean }> {
  const { config, frozen, trainable, lora } = network;
  const merged = new Map<string, TensorPieces & { adapted: boolean }>();
  for (const [name, shape] of expectedWeights(config)) {
    const buffer = trainable.byName.get(name) ?? frozen.get(name);
    if (!buffer) throw new Error(`the network has no ${name}`);
    const layer = name.replace(/\.weight$/, "");
    const a = trainable.byName.get(`${layer}.lora_A.weight`);
    const b = trainable.byName.get(`${layer}.lora_B.weight`);
    if (!a || !b || !lora) merged.set(name, { shape, adapted: false, pieces: () => wholeBuffer(buffer) });
    else {
      const rows = Math.max(1, Math.floor(pieceElements / shape[1]));
      const pieces = () => rowsWithProduct(buffer, a, b, lora, rows);
      merged.set(name, { shape, adapted: true, pieces });
    }
  }
  return merged;
}

async function* wholeBuffer(buffer: DeviceBuffer): AsyncGenerator<Float32Array> {
  yield await readFloats(buffer);
}

/**
 * W + (alpha / r) B A, `most` rows at a time: W [out, in], A [r, in], B [out, r]. Each piece overwrites the one before.
 */
async function* rowsWithProduct(
  weight: DeviceBuffer,
  left: DeviceBuffer,
  right: DeviceBuffer,
  { r, alpha }: LoraConfig,
  most: number,
): AsyncGenerator<Float32Array> {
  const [out, input] = weight.shape;
  const [a, b] = [await readFloats(left), await readFloats(right)];
  const piece = new Float32Array(Math.min(out, most) * input);
  const row = new Float64Array(input);
  for (let start = 0; start < out; start += most) {
    const end = Math.min(out, start + most);
    const part = weight.view([end - start, input], start * input);
    const w = await readFloats(part);
    for (let o = start; o < end; o++) {
      row.fill(0);
      for (let k = 0; k < r; k++) {
        const factor = (alpha / r) * b[o * r + k];
        for (let i = 0; i < input; i++) row[i] += factor * a[k * input + i];
      }
      const at = (o - start) * input;
      for (let i = 0; i < input; i++) piece[at + i] = w[at + i] + row[i];
    }
    part.release();
    yield piece.subarray(0, (end - start) * input);
  }
}

/**
 * Saves the network as a Hugging Face folder with the adapter merged; merged weights are computed as they are written.
 * A network with a scalar head is saved as a model for sequence classification, as TRL saves reward models, without the
 * language-model head.
 *
 * @param maxShardBytes most bytes of weights in one file, default 5 GB.
 */
export function exportMerged(
  dir: string,
  network: Network,
  tokenizer?: Tokenizer,
  dtype: FloatDtype = "F32",
  maxShardBytes?: number,
): Promise<void> {
  const { config, frozen, trainable } = network;
  if (!trainable.byName.has(HEAD) && !frozen.has(HEAD))
    return saveHuggingFace(dir, config, mergedWeights(network), tokenizer, dtype, maxShardBytes);
  // transformers reads the score at the last token that is not padding, so padding must not be the end-of-sequence
  // token.
  const scored = { ...config, head: "score" as const, padId: tokenizer?.padId ?? config.padId };
  const weights = mergedWeights({ ...network, config: scored });
  return saveHuggingFace(dir, scored, weights, tokenizer, dtype, maxShardBytes);
}

/** Saves the network's adapter, and its scalar head if it has one, in PEFT's format. */
export const exportAdapter = async (dir: string, network: Network, baseModel: string): Promise<void> =>
  saveAdapter(dir, await adapterTensors(network), baseModel);
