import { apply, applyWith, type Op, type Tensor } from "../graph.js";
import { type Dim, multiplyDims, type Shape, ShapeError, sameShape } from "../shape.js";
import { neg } from "./elementwise.js";

function checkTables(op: string, D: Dim, cos: Tensor, sin: Tensor): void {
  if (
    cos.rank === 2 &&
    sameShape(cos.shape, sin.shape) &&
    typeof D === "number" &&
    2 * Number(cos.shape[1]) <= D
  )
    return;
  throw new ShapeError(op, `the tables must be [positions, at most D/2] for D = ${D}`, [
    cos.shape,
    sin.shape,
  ]);
}

const rotaryOp: Op<"rotary"> = {
  name: "rotary",
  types: ([x, positions, cos, sin]) => {
    if (
      x.rank !== 4 ||
      positions.rank !== 2 ||
      x.shape[0] !== positions.shape[0] ||
      x.shape[2] !== positions.shape[1]
    ) {
      throw new ShapeError("rotary", "needs x [B, H, T, D] and positions [B, T]", [x.shape, positions.shape]);
    }
    checkTables("rotary", x.shape[3], cos, sin);
    if (positions.dtype !== "i64") throw new ShapeError("rotary", "positions must be i64", [positions.shape]);
    return [{ shape: x.shape, dtype: "f32" }];
  },
  // The adjoint of a rotation is the opposite rotation.
  gradient: (node, [dy]) => {
    const [, positions, cos, sin] = node.inputs;
    return dy ? [rotary(dy, positions, cos, neg(sin)), undefined, undefined, undefined] : [];
  },
};
/**
 * Rotary position embedding (Su et al. 2021) in the half-split layout of the Llama family: (x1, x2) -> (x1 cos - x2
 * sin, x1 sin + x2 cos). Only the first 2 R elements of a head are rotated.
 * @param x [B, H, T, D]. @param positions i64 [B, T]. @param cos, sin tables [maxPositions, R], R at most D/2.
 */
export const rotary = (x: Tensor, positions: Tensor, cos: Tensor, sin: Tensor): Tensor =>
  apply(rotaryOp, [x, positions, cos, sin])[0];

const cachedAttentionOp: Op<"cachedAttention"> = {
  name: "cachedAttention",
  types: ([q, k, v, pastKey, pastValue, lastIndex, longest, ...rest], { heads, kvHeads, sinks }) => {
    const tables = sinks ? rest.slice(0, -1) : rest;
    const [B, T] = q.shape;
    const [, , S, D] = pastKey.shape;
    const wanted: [Tensor, Shape][] = [
      [q, [B, T, multiplyDims(heads, D ?? 0)]],
      [k, [B, T, multiplyDims(kvHeads, D ?? 0)]],
      [v, [B, T, multiplyDims(kvHeads, D ?? 0)]],
      [pastKey, [B, kvHeads, S, D]],
      [pastValue, [B, kvHeads, S, D]],
      [lastIndex, [B]],
      [longest, [1]],
      ...(sinks ? [[rest[rest.length - 1], [heads]] as [Tensor, Shape]] : []),
    ];
    if (heads % kvHeads !== 0 || wanted.some(([tensor, shape]) => !sameShape(tensor.shape, shape))) {
      const detail = `needs q [B, T, ${heads} D], k and v [B, T, ${kvHeads} D], caches [B, ${kvHeads}, S, D], [B], [1]${sinks ? `, sinks [${heads}]` : ""}`;
      throw new ShapeError(
        "cachedAttention",
        detail,
        wanted.map(([tensor]) => tensor.shape),
      );
    }
    if (tables.length > 0) checkTables("cachedAttention", D, tables[0], tables[1]);
    return [
      { shape: q.shape, dtype: "f32" },
      { shape: pastKey.shape, dtype: "f32" },
      { shape: pastValue.shape, dtype: "f32" },
    ];
  },
};

/**
 * Inputs of attention over a cache of keys and values: B rows, T new tokens, H heads of D numbers, KV of them with
 * keys.
 */
export interface CachedAttention {
  /** [B, T, H*D] */
  q: Tensor;
  /** [B, T, KV*D] */
  k: Tensor;
  v: Tensor;
  /** [B, KV, S, D], where S is the cache's size; new keys and values are written after each row's tokens. */
  pastKey: Tensor;
  pastValue: Tensor;
  /** i32 [B]: index of each row's last token, including the new ones. */
  lastIndex: Tensor;
  /** i32 [1]: the largest number of tokens in any row, including the new ones. */
  longest: Tensor;
  /** Rotary tables [positions, at most D/2]: both, or neither for no rotation. */
  cos?: Tensor;
  sin?: Tensor;
  /** [H]: a score of each head that takes part in every softmax, of a key without a value. */
  sinks?: Tensor | undefined;
  heads: number;
  kvHeads: number;
  slidingWindow?: number;
  /** Factor of the products of queries and keys; default 1 / sqrt(D). */
  scale?: number;
  /** With c given, scores s become c tanh(s / c). */
  softCap?: number;
}

/**
 * Causal grouped-query attention (Ainslie et al. 2023) over a cache that is updated in place; with tables, queries and
 * new keys are rotated first. One of three must hold: T is 1; or B is 1, and `lastIndex` and `longest` describe the
 * same position; or all rows are empty before, start at position 0, are padded on the right, and `longest` is T.
 * @returns output [B, T, H*D] and the updated caches. It has no gradient: it serves decoding.
 */
export function cachedAttention(a: CachedAttention): [output: Tensor, key: Tensor, value: Tensor] {
  const tables = a.cos && a.sin ? [a.cos, a.sin] : [];
  const inputs = [a.q, a.k, a.v, a.pastKey, a.pastValue, a.lastIndex, a.longest, ...tables];
  if (a.sinks) inputs.push(a.sinks);
  const { heads, kvHeads, slidingWindow = -1, scale, softCap } = a;
  const attributes = { heads, kvHeads, slidingWindow, scale, softCap, sinks: a.sinks !== undefined };
  return applyWith(cachedAttentionOp, inputs, attributes) as [Tensor, Tensor, Tensor];
}
