import type { Batch, Sequence } from "./batch.js";
import { layOutInRuns, type Packing } from "./lay-out.js";
import type { Model, Scorer } from "./learner.js";
import { lastScores, readValues } from "./sequence-programs.js";
import { tokenReadings } from "./token-readings.js";
import { type LastTokens, lastTokens, type TokensRead, type Traced, tokensRead } from "./values.js";

/** How sequences are put into batches for evaluation. */
export interface Batching {
  /** Rows per run; packed rows have at most as many positions in total. */
  rows: number;
  padId: number;
  /** Default: auto. */
  packing?: Packing;
  /** Called after each run with the number of sequences done. */
  onProgress?: (done: number) => void;
}

/** Runs one batch after another, and returns each sequence's result in the order of the input. */
async function overBatches<R>(
  { config }: Scorer,
  sequences: readonly Sequence[],
  { rows, padId, packing = "auto", onProgress }: Batching,
  run: (batch: Batch) => Promise<(sequence: number) => R>,
): Promise<R[]> {
  const results = new Array<R>(sequences.length);
  const window = config.slidingWindow;
  let done = 0;
  for (const { indices, batch } of layOutInRuns(sequences, { rows, padId, packing, window })) {
    const result = await run(batch);
    for (const [i, index] of indices.entries()) results[index] = result(i);
    onProgress?.((done += indices.length));
  }
  return results;
}

/** One sequence's part of a list over the tokens read, [M]. */
const ofSequence = (batch: Batch, values: Float32Array, i: number): Float32Array =>
  values.slice(batch.starts[i], batch.starts[i + 1]);

const logProbs = (model: Model, x: Traced<TokensRead>, { temperature }: { temperature: number }) =>
  tokenReadings(model, x, { temperature, differentiable: false });

/** Natural log-probabilities of each sequence's tokens that are read, at a sampling temperature. */
export function sequenceLogProbs(
  scorer: Scorer,
  sequences: readonly Sequence[],
  batching: Batching,
  temperature = 1,
): Promise<Float32Array[]> {
  return overBatches(scorer, sequences, batching, async (batch) => {
    const out = await scorer.evaluate(logProbs, tokensRead(batch), { temperature });
    return (i) => ofSequence(batch, out.logProbs as Float32Array, i);
  });
}

/**
 * log pi(y) - log pi_ref(y) of a response, in nats, from the log-probabilities of its tokens: k1, whose mean over pi's
 * own responses estimates KL(pi || pi_ref) (Schulman 2020, Approximating KL divergence).
 */
export const logRatio = (logProbs: ArrayLike<number>, referenceLogProbs: ArrayLike<number>): number =>
  total(logProbs) - total(referenceLogProbs);

function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let t = 0; t < values.length; t++) sum += values[t];
  return sum;
}

/** `logRatio` of each sequence. @param reference may have another temperature. */
export async function sequenceLogRatios(
  policy: Scorer,
  temperature: number,
  reference: { scorer: Scorer; temperature: number },
  sequences: readonly Sequence[],
  batching: Batching,
): Promise<number[]> {
  const own = await sequenceLogProbs(policy, sequences, batching, temperature);
  const other = await sequenceLogProbs(reference.scorer, sequences, batching, reference.temperature);
  return own.map((logProbs, i) => logRatio(logProbs, other[i]));
}

const logProbsAndEntropies = (
  model: Model,
  x: Traced<TokensRead>,
  { temperature }: { temperature: number },
) => tokenReadings(model, x, { temperature, differentiable: false, also: ["entropies"] });

/** Like `sequenceLogProbs`, with the entropy, in nats, of the distribution that each token was drawn from. */
export function sequenceLogProbsAndEntropies(
  scorer: Scorer,
  sequences: readonly Sequence[],
  batching: Batching,
  temperature = 1,
): Promise<{ logProbs: Float32Array; entropies: Float32Array }[]> {
  return overBatches(scorer, sequences, batching, async (batch) => {
    const out = await scorer.evaluate(logProbsAndEntropies, tokensRead(batch), { temperature });
    return (i) => ({
      logProbs: ofSequence(batch, out.logProbs as Float32Array, i),
      entropies: ofSequence(batch, out.entropies as Float32Array, i),
    });
  });
}

const values = (model: Model, x: Traced<TokensRead>) => ({ values: readValues(model, x) });

/** Values of the states before each token that is read. */
export function sequenceValues(
  scorer: Scorer,
  sequences: readonly Sequence[],
  batching: Batching,
): Promise<Float32Array[]> {
  return overBatches(scorer, sequences, batching, async (batch) => {
    const out = await scorer.evaluate(values, tokensRead(batch), {});
    return (i) => ofSequence(batch, out.values as Float32Array, i);
  });
}

const scores = (model: Model, x: Traced<LastTokens>) => ({ scores: lastScores(model, x) });

/** The score of the scalar head at each sequence's last token. */
export function sequenceScores(
  scorer: Scorer,
  sequences: readonly Sequence[],
  batching: Batching,
): Promise<number[]> {
  return overBatches(scorer, sequences, batching, async (batch) => {
    const out = await scorer.evaluate(scores, lastTokens(batch), {});
    return (i) => out.scores[i] as number;
  });
}
