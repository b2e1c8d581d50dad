/** Means, proportions and correlations with their intervals; every reported figure is computed by these. */
import { checkPaired, clustersOf } from "./clusters.js";
import type { Interval } from "./interval.js";
import { normalQuantile } from "./normal.js";
import { rateInterval } from "./rates.js";

export type { Interval } from "./interval.js";

export function mean(values: ArrayLike<number>): number {
  return maskedMean(values);
}

/** Mean of the entries whose mask is not 0, or of all entries without a mask; NaN if there are none. */
export function maskedMean(values: ArrayLike<number>, mask?: ArrayLike<number>): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    sum += values[i];
    count++;
  }
  return sum / count;
}

/**
 * Standard deviation of the entries whose mask is not 0, computed in two passes.
 *
 * @param ddof subtracted from the count in the denominator: 1 for a sample, 0 for a population.
 */
export function maskedStd(values: ArrayLike<number>, mask?: ArrayLike<number>, ddof: 0 | 1 = 1): number {
  const center = maskedMean(values, mask);
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    sum += (values[i] - center) ** 2;
    count++;
  }
  return Math.sqrt(sum / (count - ddof));
}

/**
 * Interval of a proportion (Wilson 1927, "Probable inference, the law of succession, and statistical inference"): [p +
 * z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)] / (1 + z^2/n). On average over rates it covers 95%, but only 84% at some rates
 * near 0 and 1 (Brown, Cai and DasGupta 2001), and far less if cases are not independent. Reported figures therefore
 * use rates.ts.
 *
 * @param successes out of n; half successes (ties) are allowed.
 */
export function wilsonInterval(successes: number, n: number, confidence = 0.95): Interval {
  if (!(n > 0 && successes >= 0 && successes <= n)) throw new RangeError(`${successes} successes of ${n}`);
  const z = normalQuantile(0.5 + confidence / 2);
  const p = successes / n;
  const center = p + z ** 2 / (2 * n);
  const spread = z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  return {
    estimate: p,
    low: successes === 0 ? 0 : Math.max(0, (center - spread) / scale),
    high: successes === n ? 1 : Math.min(1, (center + spread) / scale),
  };
}

/** How often one policy beats another on the same prompts. */
export interface WinRate extends Interval {
  wins: number;
  ties: number;
  losses: number;
}

/**
 * Win rate of paired scores, where a tie counts half, with `rateInterval` over clusters of pairs.
 *
 * @param scores scores of one policy. @param against scores of the other policy on the same prompts, in the same order.
 * @param options `clusters`: a key for each pair; pairs of one prompt or conversation share a key. Without keys every
 * pair counts as independent.
 */
export function winRate(
  scores: ArrayLike<number>,
  against: ArrayLike<number>,
  { clusters, confidence = 0.95 }: { clusters?: readonly unknown[]; confidence?: number } = {},
): WinRate {
  checkPaired(scores, against);
  const outcomes = Array.from(scores, (score, i) =>
    score > against[i] ? 1 : score === against[i] ? 0.5 : 0,
  );
  const count = (outcome: number) => outcomes.filter((own) => own === outcome).length;
  const { estimate, low, high, caution } = rateInterval(
    clustersOf(outcomes, clusters ?? outcomes.map((_, i) => i)),
    confidence,
  );
  return {
    estimate,
    low,
    high,
    wins: count(1),
    ties: count(0.5),
    losses: count(0),
    ...(caution !== undefined && { caution }),
  };
}

/** Difference of scores below which a pair is a tie: a model that has learned nothing yet makes no more by rounding. */
const TIE = 1e-4;

/** Whether scores rank a preference's sides as people did: 1, or 0; 1/2 for a tie, a difference below 1e-4. */
export function rankedRight({ chosen, rejected }: { chosen: number; rejected: number }): number {
  if (Math.abs(chosen - rejected) < TIE) return 0.5;
  return chosen > rejected ? 1 : 0;
}

/** Share of preferences whose sides are ranked right (`rankedRight`), with its interval; see `winRate`. */
export function preferenceAccuracy(
  pairs: readonly { chosen: number; rejected: number }[],
  options: { clusters?: readonly unknown[]; confidence?: number } = {},
): WinRate {
  return winRate(
    pairs.map(rankedRight),
    pairs.map(() => 0.5),
    options,
  );
}

/** Pearson's correlation of two paired samples; NaN if one of them does not vary. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkPaired(a, b);
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Spearman's rank correlation: Pearson's correlation of the ranks, where ties share their mean rank. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(ranks(a), ranks(b));
}

/** Ranks from 1; equal values share their mean rank. */
export function ranks(values: ArrayLike<number>): number[] {
  const order = Array.from(values, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const ranked = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let i = start; i < end; i++) ranked[order[i]] = (start + 1 + end) / 2;
    start = end;
  }
  return ranked;
}
