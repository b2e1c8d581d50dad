import {
  add,
  concat,
  constant,
  expand,
  less,
  matmul,
  mul,
  reshape,
  rotary,
  slice,
  softmax,
  type Tensor,
  tanh,
  transpose,
  where,
} from "../tensor/index.js";

/** Added to the score of a key that is masked; finite, so that the softmax of a fully masked row is finite too. */
export const MASKED = -1e9;

/** The causal mask as an additive bias [T, T]: 0 where key j <= query i (and i - j < window), else -1e9. */
export function causalBias(length: number, window?: number): Tensor {
  const bias = new Float32Array(length * length);
  for (let i = 0; i < length; i++) {
    for (let j = 0; j < length; j++) {
      if (j > i || (window !== undefined && i - j >= window)) bias[i * length + j] = MASKED;
    }
  }
  return constant(bias, [length, length]);
}

/**
 * The causal mask of rows that hold several documents, or texts that branch from a common beginning: key j is visible
 * to the queries i with j <= i < segmentEnd[j].
 * @param segmentEnd i32 [B, T]. @param window in columns. @returns bias [B, 1, 1, T, T].
 */
export function rowBias(segmentEnd: Tensor, window?: number): Tensor {
  const [batch, length] = segmentEnd.shape as [number, number];
  const query = constant(
    Int32Array.from({ length }, (_, i) => i),
    [length, 1],
    "i32",
  );
  const key = reshape(segmentEnd, [batch, 1, 1, 1, length]);
  return where(less(query, key), causalBias(length, window), MASKED);
}

export interface AttentionShape {
  batch: number;
  length: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Factor of the products of queries and keys; default 1 / sqrt(D). */
  scale?: number;
  /** Scores are limited to +- this; see `softCapped`. */
  softCap?: number;
  /** [H]: a score of each head that takes part in every softmax, of a key without a value (gpt-oss). */
  sinks?: Tensor;
}

/** c tanh(x / c), where the argument is x / c: close to x where x is small, never beyond +- c (modeling_gemma2.py). */
export const softCapped = (xOverCap: Tensor, cap: number): Tensor => mul(tanh(xOverCap), cap);

/** Rotary embedding of whole sequences: positions i64 [B, T]; tables [length, at most D/2]. */
export interface RotaryPositions {
  positions: Tensor;
  cos: Tensor;
  sin: Tensor;
}

/** [B T, N D] to [B, N, T, D]. */
export const splitHeads = (x: Tensor, count: number, { batch, length, headDim }: AttentionShape): Tensor =>
  transpose(reshape(x, [batch, length, count, headDim]), [0, 2, 1, 3]);

/** Rotates heads [B, N, T, D] by their positions; without `turn`, returns them as they are. */
export const applyRotary = (x: Tensor, turn: RotaryPositions | undefined): Tensor =>
  turn ? rotary(x, turn.positions, turn.cos, turn.sin) : x;

/**
 * softmax(Q K^T scale + bias) V. Query heads that share a key-value head are stacked, so that keys and values are never
 * repeated.
 * @param query [B, H, R, D]. @param key, value [B, KV, S, D]. @param bias broadcasts to [B, KV, H/KV, R, S].
 * @returns [B, H, R, D].
 */
export function attend(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  bias: Tensor,
  { kvHeads: KV, headDim: D, scale = 1 / Math.sqrt(D), softCap, sinks }: AttentionShape,
): Tensor {
  const [B, H, R] = query.shape as number[];
  const S = key.shape[2];
  const G = H / KV;
  const stacked = reshape(query, [B, KV, G * R, D]);
  const products = matmul(stacked, key, { transB: true, alpha: scale / (softCap ?? 1) }); // [B, KV, G R, S]
  const scores = softCap === undefined ? products : softCapped(products, softCap);
  const biased = add(reshape(scores, [B, KV, G, R, S]), bias);
  const weights = sinks ? softmaxWithSink(biased, reshape(sinks, [1, KV, G, 1, 1])) : softmax(biased);
  return reshape(matmul(reshape(weights, [B, KV, G * R, S]), value), [B, H, R, D]);
}

/** The softmax over scores [..., S] and one more, of which the shares of the S are returned. @param sink [..., 1], broadcast. */
function softmaxWithSink(scores: Tensor, sink: Tensor): Tensor {
  const last = scores.rank - 1;
  const own = expand(sink, [...scores.shape.slice(0, last), 1]);
  return slice(softmax(concat([scores, own], last)), last, 0, scores.shape[last] as number);
}

/** [B, H, T, D] to [B T, H D]. */
export const mergeHeads = (x: Tensor, { batch, length, heads, headDim }: AttentionShape): Tensor =>
  reshape(transpose(x, [0, 2, 1, 3]), [batch * length, heads * headDim]);

/**
 * Grouped-query attention over whole sequences (Vaswani et al. 2017; Ainslie et al. 2023).
 *
 * @param q [B T, H D]. @param k, v [B T, KV D]. @param bias broadcasts to [B, KV, H/KV, T, T].
 * @param turn rotates queries and keys by their positions; without it they are used as they are. @returns [B T, H D].
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  bias: Tensor,
  turn: RotaryPositions | undefined,
  shape: AttentionShape,
): Tensor {
  const query = applyRotary(splitHeads(q, shape.heads, shape), turn);
  const key = applyRotary(splitHeads(k, shape.kvHeads, shape), turn);
  return mergeHeads(attend(query, key, splitHeads(v, shape.kvHeads, shape), bias, shape), shape);
}
