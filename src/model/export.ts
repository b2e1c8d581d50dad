import { readFloats } from "../runtime/read.js";
import type { DeviceBuffer } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import type { LoraConfig, Network } from "./network.js";
import { type FloatDtype, saveHuggingFace, type TensorPieces } from "./save/index.js";
import { adapterTensors, saveAdapter } from "./stack-adapters.js";
import { expectedWeights, expertsOf } from "./weight-names.js";

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
      const experts = expertsOf(config, layer);
      const factors = experts === undefined ? factorsOf(a, b, lora) : expertFactors(layer, a, b, experts);
      const pieces = () => rowsWithProduct(buffer, factors, lora.alpha / lora.r, rows);
      merged.set(name, { shape, adapted: true, pieces });
    }
  }
  return merged;
}

async function* wholeBuffer(buffer: DeviceBuffer): AsyncGenerator<Float32Array> {
  yield await readFloats(buffer);
}

/** The factors of a product of matrices, as one row of it needs them. */
type Factors = () => Promise<(row: number) => { left(k: number): number; right: Float32Array; r: number }>;

/** A [r, in], B [out, r]. */
function factorsOf(left: DeviceBuffer, right: DeviceBuffer, { r }: LoraConfig): Factors {
  return async () => {
    const [a, b] = [await readFloats(left), await readFloats(right)];
    return (row) => ({ left: (k) => b[row * r + k], right: a, r });
  };
}

/**
 * Of layers of experts, A [experts r, in] and B [experts r, out]. The rows of the weight are an expert's outputs, or its
 * inputs, which only the down projection has the other way round.
 */
function expertFactors(layer: string, left: DeviceBuffer, right: DeviceBuffer, experts: number): Factors {
  const down = layer.endsWith("down_proj");
  return async () => {
    const [a, b] = [await readFloats(left), await readFloats(right)];
    const [byRow, byColumn] = down ? [a, b] : [b, a];
    const r = left.shape[0] / experts;
    const rows = (down ? left : right).shape[1];
    const columns = (down ? right : left).shape[1];
    return (row) => {
      const [expert, own] = [Math.floor(row / rows), row % rows];
      const at = expert * r;
      return {
        left: (k) => byRow[(at + k) * rows + own],
        right: byColumn.subarray(at * columns, (at + r) * columns),
        r,
      };
    };
  };
}

/** W + scale times the product, `most` rows at a time, for W [rows, columns]. Each piece overwrites the one before. */
async function* rowsWithProduct(
  weight: DeviceBuffer,
  factors: Factors,
  scale: number,
  most: number,
): AsyncGenerator<Float32Array> {
  const [out, input] = weight.shape;
  const factorsOfRow = await factors();
  const piece = new Float32Array(Math.min(out, most) * input);
  const row = new Float64Array(input);
  for (let start = 0; start < out; start += most) {
    const end = Math.min(out, start + most);
    const part = weight.view([end - start, input], start * input);
    const w = await readFloats(part);
    for (let o = start; o < end; o++) {
      const { left, right, r } = factorsOfRow(o);
      row.fill(0);
      for (let k = 0; k < r; k++) {
        const factor = scale * left(k);
        for (let i = 0; i < input; i++) row[i] += factor * right[k * input + i];
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
