import type { Parameters } from "../nn/index.js";
import { exp, gatherRows, type InputSpec, logSoftmax, mul, neg, sum, type Tensor } from "../tensor/index.js";
import type { Batch } from "./batch.js";
import type { ModelConfig } from "./config.js";
import { hiddenStates, scalarHead } from "./decoder.js";
import type { Feeds, Tensors } from "./runner.js";

/** Inputs of a program over a batch's tokens. */
export const tokenInputs = ({ rows, columns, mask }: Batch): Record<string, InputSpec> => ({
  ids: { shape: [rows, columns], dtype: "i64" },
  ...(mask && {
    until: { shape: [rows, columns], dtype: "i32" },
    positions: { shape: [rows, columns], dtype: "i64" },
  }),
});

/** Inputs of a program over the tokens a batch reads. */
export const readInputs = (batch: Batch): Record<string, InputSpec> => ({
  ...tokenInputs(batch),
  readFrom: { shape: [batch.targets.length], dtype: "i64" },
  targets: { shape: [batch.targets.length], dtype: "i64" },
});

/** Inputs of a program over each sequence's last token. */
export const lastInputs = (batch: Batch): Record<string, InputSpec> => ({
  ...tokenInputs(batch),
  last: { shape: [batch.last.length], dtype: "i64" },
});

/** A batch's arrays, under the names above. */
export const batchFeeds = (batch: Batch): Feeds => ({
  ids: batch.ids,
  readFrom: batch.readFrom,
  targets: batch.targets,
  last: batch.last,
  ...batch.mask,
});

/** Hidden states of a batch's tokens: [B T, D]. */
const batchHidden = (p: Parameters, config: ModelConfig, { ids, until, positions }: Tensors): Tensor =>
  hiddenStates(p, config, ids, until && { until, positions });

/** Hidden states at the positions that predict the tokens read: [M, D]. */
export const readHidden = (p: Parameters, config: ModelConfig, x: Tensors): Tensor =>
  gatherRows(batchHidden(p, config, x), x.readFrom);

/** Entropy of each row's distribution: logits [M, V] to [M], in nats. */
export function entropies(logits: Tensor): Tensor {
  const logProbs = logSoftmax(logits);
  return neg(sum(mul(exp(logProbs), logProbs), [-1]));
}

/** The value head at each position read: V(state before the token), [M]. */
export const readValues = (p: Parameters, config: ModelConfig, x: Tensors): Tensor =>
  scalarHead(p, readHidden(p, config, x));

/** The reward head at each sequence's last token, one score for each of `last`. */
export const lastScores = (p: Parameters, config: ModelConfig, x: Tensors): Tensor =>
  scalarHead(p, gatherRows(batchHidden(p, config, x), x.last));
