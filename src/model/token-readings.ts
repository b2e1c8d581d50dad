import { rowsLessExpected } from "../nn/index.js";
import {
  argmax,
  cast,
  concat,
  equal,
  exp,
  logSoftmax,
  mul,
  pick,
  pickLogProbs,
  reshape,
  scoped,
  slice,
  square,
  sub,
  type Tensor,
  tokenLogProbs,
  withRowGradient,
} from "../tensor/index.js";
import { headName, logits } from "./decoder.js";
import type { Model } from "./learner.js";
import { entropies, readHidden } from "./sequence-programs.js";
import type { TokensRead, Traced } from "./values.js";

/** What can be read of a token's distribution besides its log-probability; not differentiated. */
const EXTRAS = {
  /** Entropy, nats. */
  entropies: (scores: Tensor, _ids: Tensor): Tensor => entropies(scores),
  /** 1 where the token was the likeliest, else 0. */
  hits: (scores: Tensor, ids: Tensor): Tensor => cast(equal(argmax(scores), ids), "f32"),
};
type Extra = keyof typeof EXTRAS;

export interface ReadingOptions<E extends Extra> {
  temperature?: number;
  /** Whether the log-probabilities will be differentiated. */
  differentiable: boolean;
  also?: readonly E[];
}

/** d (c tanh(x / c)) / dx = 1 - tanh^2(x / c) from the capped values. */
const softCapSlope = (capped: Tensor, cap: number): Tensor => sub(1, square(mul(capped, 1 / cap)));

/** Rows of logits in memory at once: a block of 128 x 49152 is 25 MB, about what a shared cache holds. */
const BLOCK_ROWS = 128;

/**
 * Log-probabilities of the tokens read, [M], at a temperature, and what else is asked for, [M] each. With a frozen head
 * the logits [M, V] never exist as a whole (the idea of fused linear cross-entropy, Hsu et al. 2024, Liger kernel): they
 * are made a block of rows at a time, and with them, while they are at hand, the gradient of each log-probability by its
 * own hidden state,
 *
 *   d log p[id] / dh = (W[id] - softmax(h W^T / T) W) / T,
 *
 * so that the backward pass is one product by a scalar a row, whatever the loss. A soft cap multiplies each logit's
 * row of W by its slope.
 */
export function tokenReadings<E extends Extra = never>(
  p: Model,
  x: Traced<TokensRead>,
  { temperature = 1, differentiable, also = [] }: ReadingOptions<E>,
): { logProbs: Tensor } & Record<E, Tensor> {
  const hidden = readHidden(p, x); // [M, D]
  return scoped("readings", () => readingsOf(p, x, hidden, { temperature, differentiable, also }));
}

function readingsOf<E extends Extra>(
  p: Model,
  x: Traced<TokensRead>,
  hidden: Tensor,
  { temperature, differentiable, also }: Required<ReadingOptions<E>>,
): { logProbs: Tensor } & Record<E, Tensor> {
  const { config } = p;
  const named = (values: readonly Tensor[]): Record<E, Tensor> =>
    Object.fromEntries(also.map((name, i) => [name, values[i]])) as Record<E, Tensor>;

  if (differentiable && p.trainable.has(headName(config))) {
    const scores = logits(p, config, hidden, 1 / temperature); // [M, V]
    const extras = also.map((name) => EXTRAS[name](scores, x.targets));
    return { logProbs: tokenLogProbs(scores, x.targets), ...named(extras) };
  }

  const [M, D] = hidden.shape as [number, number];
  const blocks: Tensor[] = [];
  for (let start = 0; start < M; start += BLOCK_ROWS) {
    const end = Math.min(M, start + BLOCK_ROWS);
    const ids = slice(x.targets, 0, start, end); // [m]
    const scores = logits(p, config, slice(hidden, 0, start, end), 1 / temperature); // [m, V]
    const logs = logSoftmax(scores);
    const readings = [pickLogProbs(logs, ids), ...also.map((name) => EXTRAS[name](scores, ids))];
    const columns = readings.map((column) => reshape(column, [end - start, 1]));
    if (differentiable) {
      const cap = config.logitSoftCap;
      const slope = cap === undefined ? undefined : softCapSlope(scores, cap / temperature); // [m, V]
      const weighted = slope ? mul(exp(logs), slope) : exp(logs);
      const own = slope && reshape(pick(slope, ids), [end - start, 1]);
      const gradient = rowsLessExpected(p, headName(config), ids, weighted, own); // [m, D]
      columns.push(temperature === 1 ? gradient : mul(gradient, 1 / temperature));
    }
    // Joined in one tensor, a block is done, and its logits are freed, before the next one begins.
    blocks.push(concat(columns, 1));
  }
  const all = concat(blocks, 0); // [M, 1 + extras (+ D)]
  const column = (i: number): Tensor => reshape(slice(all, 1, i, i + 1), [M]);
  const values = column(0);
  const extras = also.map((_, i) => column(i + 1));
  const gradientFrom = 1 + also.length;
  const logProbs = differentiable
    ? withRowGradient(values, hidden, slice(all, 1, gradientFrom, gradientFrom + D))
    : values;
  return { logProbs, ...named(extras) };
}
