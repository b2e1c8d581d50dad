import {
  add,
  and,
  cast,
  constant,
  equal,
  matmul,
  mul,
  reshape,
  rotary,
  softmax,
  type Tensor,
  tanh,
  transpose,
  where,
} from "../tensor/index.js";

/** Added to a score that may not be attended to; finite, so that a row without any key stays finite. */
const MASKED = -1e9;

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
 * The causal mask that also keeps documents packed in one row apart.
 * @param segments i32 [B, T]: number of each token's document. @returns bias [B, 1, 1, T, T].
 */
export function segmentBias(segments: Tensor, window?: number): Tensor {
  const [batch, length] = segments.shape as [number, number];
  const query = reshape(segments, [batch, 1, 1, length, 1]);
  const key = reshape(segments, [batch, 1, 1, 1, length]);
  const visible = equal(cast(causalBias(length, window), "i32"), constant(Int32Array.of(0), [1], "i32"));
  return where(and(equal(query, key), visible), 0, MASKED);
}

export interface AttentionShape {
  batch: number;
  length: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Multiplies the products of queries and keys; default 1 / sqrt(D). */
  scale?: number;
  /** Scores are kept within +- this; see `softCapped`. */
  softCap?: number;
}

/** c tanh(x / c), with x given divided by c: near x where it is small, never beyond +- c (modeling_gemma2.py). */
export const softCapped = (xOverCap: Tensor, cap: number): Tensor => mul(tanh(xOverCap), cap);

/** Rotary embedding of whole sequences: positions i64 [B, T]; tables [length, at most D/2]. */
export interface RotaryPositions {
  positions: Tensor;
  cos: Tensor;
  sin: Tensor;
}

/**
 * Grouped-query attention over whole sequences: softmax(Q K^T / sqrt(D) + bias) V (Vaswani et al. 2017; Ainslie et
 * al. 2023). The queries of a group are stacked, so that keys and values are never repeated.
 *
 * @param q [B T, H D]. @param k, v [B T, KV D]. @param bias broadcasts to [B, KV, H/KV, T, T].
 * @param turn turns queries and keys to their positions; without it they stay. @returns [B T, H D].
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  bias: Tensor,
  turn: RotaryPositions | undefined,
  shape: AttentionShape,
): Tensor {
  const { batch: B, length: T, heads: H, kvHeads: KV, headDim: D, scale = 1 / Math.sqrt(D), softCap } = shape;
  const G = H / KV;
  const heads = (x: Tensor, count: number): Tensor => transpose(reshape(x, [B, T, count, D]), [0, 2, 1, 3]);
  const turned = (x: Tensor): Tensor => (turn ? rotary(x, turn.positions, turn.cos, turn.sin) : x);

  const query = reshape(turned(heads(q, H)), [B, KV, G * T, D]);
  const key = turned(heads(k, KV)); // [B, KV, T, D]
  const products = matmul(query, key, { transB: true, alpha: scale / (softCap ?? 1) }); // [B, KV, G T, T]
  const scores = softCap === undefined ? products : softCapped(products, softCap);
  const weights = softmax(add(reshape(scores, [B, KV, G, T, T]), bias));
  const mixed = matmul(reshape(weights, [B, KV, G * T, T]), heads(v, KV)); // [B, KV, G T, D]
  return reshape(transpose(reshape(mixed, [B, H, T, D]), [0, 2, 1, 3]), [B * T, H * D]);
}
