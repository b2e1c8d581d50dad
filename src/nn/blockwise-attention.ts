import {
  concat,
  constant,
  controlDependency,
  less,
  recomputed,
  reshape,
  sequenced,
  slice,
  split,
  type Tensor,
  where,
} from "../tensor/index.js";
import {
  type AttentionShape,
  applyRotary,
  attend,
  MASKED,
  mergeHeads,
  type RotaryPositions,
  splitHeads,
} from "./attention.js";

/** Rows longer than this go through `blockwiseAttention`. */
export const WHOLE_LENGTH = 512;
/** Queries in a block. */
const BLOCK = 256;

interface BlockMask {
  /** [BLOCK, T], from `blockBias`. */
  bias: Tensor;
  window?: number;
  /** i32 [B, T], for rows that hold several documents: queries from this column on do not see the key. */
  segmentEnd?: Tensor;
}

/** The bias [BLOCK, T] of the last BLOCK queries of a row; earlier blocks use a slice of it. */
export function blockBias(length: number, window?: number): Tensor {
  const bias = new Float32Array(BLOCK * length);
  for (let i = 0; i < BLOCK; i++) {
    for (let j = 0; j < length; j++) {
      const back = i + length - BLOCK - j;
      if (back < 0 || (window !== undefined && back >= window)) bias[i * length + j] = MASKED;
    }
  }
  return constant(bias, [BLOCK, length]);
}

/**
 * `attention` for long rows: the scores [B, H, T, T] are never in memory as a whole, only those of one block of queries
 * with the keys up to it, and the backward pass recomputes them (the idea of Rabe and Staats 2021, Self-attention does
 * not need O(n^2) memory, without their second loop over keys).
 *
 * @param q [B T, H D]. @param k, v [B T, KV D], T above WHOLE_LENGTH. @returns [B T, H D].
 */
export function blockwiseAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: BlockMask,
  turn: RotaryPositions | undefined,
  shape: AttentionShape,
): Tensor {
  const { length: T, heads, kvHeads } = shape;
  const query = applyRotary(splitHeads(q, heads, shape), turn); // [B, H, T, D]
  let key = applyRotary(splitHeads(k, kvHeads, shape), turn); // [B, KV, T, D]
  let value = splitHeads(v, kvHeads, shape);
  const sizes = Array.from({ length: Math.ceil(T / BLOCK) }, () => BLOCK);
  if (T % BLOCK > 0) sizes[0] = T % BLOCK;
  const queries = split(query, 2, sizes);
  const blocks: Tensor[] = [];
  let end = 0;
  for (const [i, own] of queries.entries()) {
    const start = end;
    end += sizes[i];
    const first = mask.window === undefined ? 0 : Math.max(0, start - mask.window + 1);
    let block = recomputed(() => {
      const keys = slice(key, 2, first, end);
      return attend(own, keys, slice(value, 2, first, end), biasOf(mask, own, start, first, end, T), shape);
    });
    [block, key] = sequenced(block, key);
    [block, value] = sequenced(block, value);
    blocks.push(block);
  }
  return mergeHeads(concat(blocks, 2), shape);
}

/**
 * The bias of queries [start, end) and keys [first, end): [R, S], or [B, 1, 1, R, S] with documents. It depends on the
 * block's queries, so that it is computed only when the block is.
 */
function biasOf(
  { bias, segmentEnd }: BlockMask,
  own: Tensor,
  start: number,
  first: number,
  end: number,
  length: number,
): Tensor {
  const shift = length - BLOCK - start;
  const columns = slice(controlDependency(bias, [own]), 1, first + shift, end + shift);
  const causal = slice(columns, 0, 0, end - start);
  if (!segmentEnd) return causal;
  const queries = Int32Array.from({ length: end - start }, (_, i) => start + i);
  const ofKeys = slice(controlDependency(segmentEnd, [own]), 1, first, end);
  const seen = less(
    constant(queries, [end - start, 1], "i32"),
    reshape(ofKeys, [segmentEnd.shape[0], 1, 1, 1, end - first]),
  );
  return where(seen, causal, MASKED);
}
