/**
 * Intervals of means. The values must be independent: pass one value per prompt, conversation, pair or seed (the mean
 * of its responses, votes or prompts), never one per response. docs/results/intervals.md has the measured coverage of
 * each interval.
 */
import { checkPaired } from "./clusters.js";
import { type Interval, maskedStd, mean } from "./estimates.js";
import type { ClusterInterval } from "./rates.js";
import { studentQuantile } from "./student.js";

/** An interval of a figure over n independent units, such as prompts or seeds. */
export interface SampleInterval extends Interval {
  n: number;
}

/** With fewer values no interval of a mean has its coverage, unless the values are known to be normal. */
export const MIN_VALUES = 8;
/**
 * With at least this many values the interval of a mean also covers for heavily skewed values (skewness 6, a
 * lognormal).
 */
export const ENOUGH_VALUES = 30;

/**
 * Student's t interval of the mean of a few figures, such as those of seeds: mean +- t_(n-1) s / sqrt(n). Its coverage
 * is exact for normal figures, however few, and too low for skewed ones; with fewer than 30, `caution` says so. For one
 * value the ends are infinite.
 *
 * @param values at least one.
 */
export function studentInterval(values: readonly number[], confidence = 0.95): SampleInterval {
  const n = values.length;
  const estimate = meanOf(values);
  if (n < 2) return none(estimate, n, "one value has no interval");
  const half = (studentQuantile(0.5 + confidence / 2, n - 1) * maskedStd(values)) / Math.sqrt(n);
  return {
    estimate,
    low: estimate - half,
    high: estimate + half,
    n,
    ...(n < ENOUGH_VALUES && {
      caution: `${n} values: holds for normal ones, is too narrow for skewed ones`,
    }),
  };
}

/** Student's t interval of the mean of a - b over pairs, such as two methods with the same seeds. */
export const pairedStudentInterval = (
  a: readonly number[],
  b: readonly number[],
  confidence = 0.95,
): SampleInterval => studentInterval(differences(a, b), confidence);

/**
 * Interval of the mean of independent values of any distribution, such as one figure per prompt. At each end it is the
 * wider of Student's t interval and Hall's (1992, "On the removal of skewness by transformation", J. R. Stat. Soc. B
 * 54, 221-228), which solves
 *
 *   t_q / sqrt(n) = y + g y^2 / 3 + g^2 y^3 / 27 + g / (6 n),   y = (mean - mu) / s,
 *
 * for mu, where g is the sample's skewness. For comparison, BCa covers 86% of exponential and 81% of lognormal means
 * with n = 8.
 *
 * With fewer than 8 values the ends are infinite. With fewer than 30, `caution` says that the interval is too narrow
 * for heavily skewed values. If the values do not vary, the interval is a point and `caution` says so.
 *
 * @param values at least one.
 */
export const meanInterval = (values: readonly number[], confidence = 0.95): SampleInterval =>
  intervalOf(meanOf(values), values, confidence);

/** Interval of the mean of a - b over pairs, such as two policies on the same prompts; see `meanInterval`. */
export const pairedDifference = (
  a: readonly number[],
  b: readonly number[],
  confidence = 0.95,
): SampleInterval => meanInterval(differences(a, b), confidence);

/**
 * Interval of the mean of the clusters' means, such as the mean over prompts of each prompt's mean response. Clusters
 * have equal weight, whatever their size. This is `meanInterval` of the means.
 *
 * @param clusters at least one, none of them empty.
 */
export function clusterMeanInterval(
  clusters: readonly (readonly number[])[],
  confidence = 0.95,
): ClusterInterval {
  const interval = meanInterval(clusters.map(meanOf), confidence);
  return { ...interval, n: sum(clusters.map(({ length }) => length)), clusters: clusters.length };
}

/**
 * Interval of the mean of all members of independent clusters, such as the mean reward of all answers when some prompts
 * have several. Larger clusters have more weight. This is `ratioInterval` of the clusters' sums and sizes.
 *
 * @param clusters at least one, none of them empty.
 */
export function pooledMeanInterval(
  clusters: readonly (readonly number[])[],
  confidence = 0.95,
): ClusterInterval {
  const sizes = clusters.map(({ length }) => length);
  const sums = clusters.map(sum);
  return { ...ratioInterval(sums, sizes, confidence), n: sum(sizes), clusters: clusters.length };
}

/**
 * Interval of sum(a) / sum(b) over independent units, such as the loss per token of texts: `meanInterval` of the
 * linearised values (a_i - R b_i) / mean(b) (Cochran 1977, "Sampling techniques", chapter 6). n is the number of units.
 *
 * @param a numerator of each unit. @param b denominator of each unit, in the same order; sum(b) must be above 0.
 */
export function ratioInterval(a: readonly number[], b: readonly number[], confidence = 0.95): SampleInterval {
  const n = a.length;
  checkPaired(a, b);
  const total = sum(b);
  if (!(total > 0)) throw new RangeError(`a ratio to ${total}`);
  const estimate = sum(a) / total;
  return intervalOf(
    estimate,
    a.map((value, i) => ((value - estimate * b[i]) * n) / total),
    confidence,
  );
}

/** Interval around an estimate whose error is the mean of `values` minus their expectation. */
function intervalOf(estimate: number, values: readonly number[], confidence: number): SampleInterval {
  const n = values.length;
  if (n < MIN_VALUES) return none(estimate, n, `fewer than ${MIN_VALUES} values have no interval`);
  const { low, high } = skewedEnds(estimate, values, confidence);
  const caution =
    low === high
      ? `all ${n} values are the same: how others may differ is not known`
      : n < ENOUGH_VALUES
        ? `fewer than ${ENOUGH_VALUES} values: too narrow if they are heavily skewed`
        : undefined;
  return { estimate, low, high, n, ...(caution !== undefined && { caution }) };
}

function skewedEnds(estimate: number, values: readonly number[], confidence: number) {
  const n = values.length;
  const center = mean(values);
  // Differences from rounding do not count as variation.
  const apart = values.reduce((most, x) => Math.max(most, Math.abs(x - values[0])), 0);
  if (apart <= 1e-13 * Math.abs(estimate)) return { low: estimate, high: estimate };
  const deviation = maskedStd(values);
  const cubes = values.reduce((sum, x) => sum + ((x - center) / deviation) ** 3, 0);
  const skewness = (cubes * n) / ((n - 1) * (n - 2));
  const q = studentQuantile(0.5 + confidence / 2, n - 1) / Math.sqrt(n);
  const hall = (x: number): number => {
    if (Math.abs(skewness) < 1e-9) return x;
    return (3 / skewness) * (Math.cbrt(1 + skewness * (x - skewness / (6 * n))) - 1);
  };
  return {
    low: estimate - deviation * Math.max(q, hall(q)),
    high: estimate - deviation * Math.min(-q, hall(-q)),
  };
}

function differences(a: readonly number[], b: readonly number[]): number[] {
  checkPaired(a, b);
  return a.map((value, i) => value - b[i]);
}

function meanOf(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("mean of no values");
  return mean(values);
}

const sum = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0);

const none = (estimate: number, n: number, caution: string): SampleInterval => ({
  estimate,
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
  n,
  caution,
});
