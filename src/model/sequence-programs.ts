/** Computations on the sequences of a batch, for use inside a traced function. */
import {
  constant,
  exp,
  gatherRows,
  logSoftmax,
  mul,
  neg,
  reshape,
  scatterAddRows,
  sum,
  type Tensor,
} from "../tensor/index.js";
import { hiddenStates, scalarHead } from "./decoder.js";
import type { Model } from "./learner.js";
import type { BatchTokens, LastTokens, TokensRead, Traced } from "./values.js";

/** Hidden states of a batch's tokens: [B T, D]. */
const batchHidden = (model: Model, { ids, segmentEnd, positions }: Traced<BatchTokens>): Tensor =>
  hiddenStates(model, model.config, ids, segmentEnd && positions && { segmentEnd, positions });

/** Hidden states at the positions that predict the tokens read: [M, D]. */
export const readHidden = (model: Model, x: Traced<TokensRead>): Tensor =>
  gatherRows(batchHidden(model, x), x.readFrom);

/** Entropy of each row's distribution: logits [M, V] to [M], in nats. */
export function entropies(logits: Tensor): Tensor {
  const logProbs = logSoftmax(logits);
  return neg(sum(mul(exp(logProbs), logProbs), [-1]));
}

/** The value head for each token read: V(state before the token), [M]. */
export const readValues = (model: Model, x: Traced<TokensRead>): Tensor =>
  scalarHead(model, readHidden(model, x));

/** The reward head at each sequence's last token: one score per entry of `last`. */
export const lastScores = (model: Model, x: Traced<LastTokens>): Tensor =>
  scalarHead(model, gatherRows(batchHidden(model, x), x.last));

/**
 * Sums over the tokens read of each of N sequences: [M] to [N].
 * @param values [M], 0 for padding. @param sequence i64 [M]: whose each token is.
 */
export function sequenceSums(values: Tensor, sequence: Tensor, N: number): Tensor {
  const [M] = values.shape as [number];
  const zeros = constant(new Float32Array(N), [N, 1]);
  return reshape(scatterAddRows(zeros, sequence, reshape(values, [M, 1])), [N]);
}
