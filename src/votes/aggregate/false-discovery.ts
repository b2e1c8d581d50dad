/**
 * Decides which of many tests to accept: the expected share of false ones among those found is at most `rate`.
 *
 * 1. Estimate the null distribution from the scores themselves (Efron 2004, "Large-scale simultaneous hypothesis
 *    testing"): its centre is their median, if above 0; its spread is the median deviation of the scores below it, if
 *    above a standard normal's. This allows for honest raters who share harder items and so agree a little more than
 *    expected.
 * 2. Accept, by Benjamini and Hochberg 1995, all tests up to the last whose p is at most rank * rate / count.
 *
 * @param scores approximately standard normal under the null; large scores are evidence against it. @param honest
 * scores that are mostly null; default: all.
 * @returns indices of the accepted tests, by increasing p.
 */
import { NORMAL_MAD, upperMedian } from "../../statistics/median.js";
import { normalCdf } from "../../statistics/normal.js";

export function discoveries(scores: Float64Array, rate: number, honest = scores): number[] {
  const center = Math.max(0, upperMedian(honest));
  const below = honest.filter((score) => score <= center).map((score) => center - score);
  const spread = Math.max(1, NORMAL_MAD * upperMedian(below));
  const p = scores.map((score) => normalCdf((center - score) / spread));
  const order = Array.from(p, (_, i) => i).sort((a, b) => p[a] - p[b]);
  let found = 0;
  for (const [rank, i] of order.entries()) if (p[i] <= (rate * (rank + 1)) / order.length) found = rank + 1;
  return order.slice(0, found);
}
