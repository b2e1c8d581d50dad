import {
  add,
  argmax,
  cast,
  concat,
  constant,
  cumulativeSum,
  type Dim,
  fillLike,
  gatherRows,
  lessOrEqual,
  minimum,
  mul,
  multiplyDims,
  pick,
  reshape,
  slice,
  softmax,
  sub,
  sum,
  type Tensor,
  tokenLogProbs,
} from "../tensor/index.js";

/** Width of the blocks into which a vocabulary is divided for sampling. */
const blockWidth = (vocabSize: number): number => Math.min(256, vocabSize);
/**
 * Uniform numbers are limited to this, further below 1 than f32's rounding, so that a cumulative sum always exceeds
 * them.
 */
const BELOW_ONE = 1 - 1e-6;

/** Number of blocks of a vocabulary. */
export const samplingBlocks = (vocabSize: number): number => Math.ceil(vocabSize / blockWidth(vocabSize));

/** The most likely token of each row and its log-probability: logits [B, V] to i64 [B], f32 [B]. */
export function greedyToken(logits: Tensor): { token: Tensor; logProb: Tensor } {
  const token = argmax(logits);
  return { token, logProb: tokenLogProbs(logits, token) };
}

/**
 * Samples each row inside the program, so that logits never leave it: inverts the cumulative distribution at a given
 * uniform number, first over blocks of the vocabulary, then inside one block.
 *
 * @param logits [B, V], divided by the temperature. @param uniform f32 [B] in [0, 1).
 * @param rowStart i64 [B]: row number times `samplingBlocks(V)`.
 * @returns tokens i64 [B] and their probabilities f32 [B]. The host takes the logarithm: ONNX Runtime's rounds
 * differently in the last rows of a batch, which do not fill a vector.
 */
export function sampledToken(
  logits: Tensor,
  uniform: Tensor,
  rowStart: Tensor,
): { token: Tensor; probability: Tensor } {
  const [B, V] = logits.shape as [Dim, number];
  const blocks = samplingBlocks(V);
  const width = blockWidth(V);
  const p = softmax(logits);
  const missing = blocks * width - V;
  const padded = missing > 0 ? concat([p, fillLike(slice(p, 1, 0, missing), 0)], 1) : p;
  const rows = reshape(padded, [B, blocks, width]);

  const mass = sum(rows, [-1]); // [B, blocks]
  const cumulative = cumulativeSum(mass, 1);
  const total = slice(cumulative, 1, blocks - 1, blocks); // [B, 1]
  const target = mul(minimum(reshape(uniform, [B, 1]), BELOW_ONE), total);
  const block = countBelow(cumulative, target); // i64 [B]
  const before = sub(pick(cumulative, block), pick(mass, block)); // [B]

  const chosen = gatherRows(reshape(padded, [multiplyDims(B, blocks), width]), add(rowStart, block)); // [B, width]
  const inside = cumulativeSum(chosen, 1);
  const rest = sub(target, reshape(before, [B, 1]));
  const limit = mul(slice(inside, 1, width - 1, width), BELOW_ONE);
  const offset = countBelow(inside, minimum(rest, limit)); // i64 [B]
  const start = mul(block, constant(BigInt64Array.of(BigInt(width)), [], "i64"));
  return { token: add(start, offset), probability: pick(chosen, offset) };
}

/** How many entries of an ascending row are at most its target, which is the index of the first entry above it. */
const countBelow = (ascending: Tensor, target: Tensor): Tensor =>
  cast(sum(cast(lessOrEqual(ascending, target), "f32"), [-1]), "i64");
