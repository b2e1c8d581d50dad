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

/** Further readings of a token's distribution, besides its log-probability; not differentiated. */
const EXTRAS = {
  /** Entropy, nats. */
  entropies: (scores: Tensor, _ids: Tensor): Tensor => entropies(scores),
  /** 1 if the token was the most likely one, else 0. */
  hits: (scores: Tensor, ids: Tensor): Tensor => cast(equal(argmax(scores), ids), "f32"),
};
/** What can be read from the logits beside the log-probabilities of the tokens. */
export type Extra = keyof typeof EXTRAS;

/** How logits are read. `temperature` divides them first; 1 if not given. */
export interface ReadingOptions<E extends Extra> {
  temperature?: number;
  /** Whether the log-probabilities will be differentiated. */
  differentiable: boolean;
  also?: readonly E[];
}

/** d (c tanh(x / c)) / dx = 1 - tanh^2(x / c), from the capped values. */
const softCapSlope = (capped: Tensor, cap: number): Tensor => sub(1, square(mul(capped, 1 / cap)));

/** Rows of logits in memory at once: a block of 128 x 49152 takes 25 MB, about the size of a shared cache. */
const BLOCK_ROWS = 128;

/**
 * Log-probabilities of the tokens read, [M], at a temperature, and the readings in `also`, [M] each. With a frozen
 * head, the logits [M, V] never exist as a whole (the idea of fused linear cross-entropy, Hsu et al. 2024, Liger
 * kernel). They are computed a block of rows at a time and, together with them, the gradient of each log-probability
 * with respect to its own hidden state,
 *
 *   d log p[id] / dh = (W[id] - softmax(h W^T / T) W) / T,
 *
 * so that the backward pass is one product with a scalar per row, whatever the loss. With a soft cap, the row of W for
 * each logit is multiplied by the cap's slope there.
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
      const { logitSoftCap: cap, logitDivisor = 1 } = config;
      const slope = cap === undefined ? undefined : softCapSlope(scores, cap / temperature); // [m, V]
      const weighted = slope ? mul(exp(logs), slope) : exp(logs);
      const own = slope && reshape(pick(slope, ids), [end - start, 1]);
      const gradient = rowsLessExpected(p, headName(config), ids, weighted, own); // [m, D]
      const scale = 1 / (logitDivisor * temperature);
      columns.push(scale === 1 ? gradient : mul(gradient, scale));
    }
    // Joining the columns in one tensor completes the block, so that its logits are freed before the next block begins.
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
