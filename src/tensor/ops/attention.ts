import { apply, type Op, type Tensor } from "../graph.js";
import { ShapeError } from "../shape.js";
import { neg } from "./elementwise.js";

const rotaryOp: Op = {
  name: "rotary",
  types: ([x, positions, cos]) => {
    if (x.rank !== 4 || positions.rank !== 2 || x.shape[0] !== positions.shape[0] || x.shape[2] !== positions.shape[1]) {
      throw new ShapeError("rotary", "needs x [B, H, T, D] and positions [B, T]", [x.shape, positions.shape]);
    }
    if (typeof x.shape[3] !== "number" || x.shape[3] !== 2 * (cos.shape[1] as number)) {
      throw new ShapeError("rotary", "the tables must have D/2 columns", [x.shape, cos.shape]);
    }
    return [{ shape: x.shape, dtype: "f32" }];
  },
  // A rotation: its adjoint turns the other way.
  gradient: (node, [dy]) => {
    const [, positions, cos, sin] = node.inputs;
    return dy ? [rotary(dy, positions, cos, neg(sin)), undefined, undefined, undefined] : [];
  },
};
/**
 * Rotary position embedding (Su et al. 2021) in the half-split layout of the Llama family:
 * (x1, x2) -> (x1 cos - x2 sin, x1 sin + x2 cos).
 * @param x [B, H, T, D]. @param positions i64 [B, T]. @param cos, sin tables [maxPositions, D/2].
 */
export const rotary = (x: Tensor, positions: Tensor, cos: Tensor, sin: Tensor): Tensor =>
  apply(rotaryOp, [x, positions, cos, sin])[0];

const cachedAttentionOp: Op = {
  name: "cachedAttention",
  types: ([q, _k, _v, pastKey, pastValue]) => {
    if (q.rank !== 3 || pastKey.rank !== 4) {
      throw new ShapeError("cachedAttention", "needs q [B, T, H*D] and a cache [B, KV, S, D]", [q.shape, pastKey.shape]);
    }
    return [
      { shape: q.shape, dtype: "f32" },
      { shape: pastKey.shape, dtype: "f32" },
      { shape: pastValue.shape, dtype: "f32" },
    ];
  },
};

export interface CachedAttention {
  /** [B, T, H*D] */
  q: Tensor;
  /** [B, T, KV*D] */
  k: Tensor;
  v: Tensor;
  /** [B, KV, S, D], S being the cache's capacity; the new keys and values are written at each row's end. */
  pastKey: Tensor;
  pastValue: Tensor;
  /** i32 [B]: index of each row's last token once the new ones are in. */
  lastIndex: Tensor;
  /** i32 [1]: the largest number of tokens in any row once the new ones are in. */
  longest: Tensor;
  cos: Tensor;
  sin: Tensor;
  heads: number;
  kvHeads: number;
  slidingWindow?: number;
}

/**
 * Causal grouped-query attention with rotary embedding over a cache that is updated in place (Ainslie et al. 2023).
 * Either T is 1, or the cache is empty and rows hold their prompts from position 0, padded on the right.
 * @returns output [B, T, H*D] and the updated caches. It has no gradient: it serves decoding.
 */
export function cachedAttention(a: CachedAttention): [output: Tensor, key: Tensor, value: Tensor] {
  const inputs = [a.q, a.k, a.v, a.pastKey, a.pastValue, a.lastIndex, a.longest, a.cos, a.sin];
  const attributes = { heads: a.heads, kvHeads: a.kvHeads, slidingWindow: a.slidingWindow ?? -1 };
  return apply(cachedAttentionOp, inputs, attributes) as [Tensor, Tensor, Tensor];
}
