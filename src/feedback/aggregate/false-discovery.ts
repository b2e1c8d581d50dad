/**
 * Which of many tests to believe: at most `rate` of those found are expected to be mistaken.
 *
 * 1. The scores themselves say how wide they are under the null (Efron 2004, "Large-scale simultaneous hypothesis testing"):
 *    their median, if above 0, and the median deviation of those below it, if above a standard normal's. Raters who only share
 *    the harder items agree a little more than expected too, and this allows for it.
 * 2. Benjamini and Hochberg 1995: all up to the last whose p is at most rank * rate / count.
 *
 * @param scores about standard normal under the null; large ones speak against it. @param honest those that are mostly null.
 * @returns indices of those found.
 */
import { normalCdf } from "../../statistics/normal.js";

export function discoveries(scores: Float64Array, rate: number, honest = scores): number[] {
  const center = Math.max(0, median(honest));
  const below = honest.filter((score) => score <= center).map((score) => center - score);
  const spread = Math.max(1, NORMAL_MAD * median(below));
  const p = scores.map((score) => normalCdf((center - score) / spread));
  const order = Array.from(p, (_, i) => i).sort((a, b) => p[a] - p[b]);
  let found = 0;
  for (const [rank, i] of order.entries()) if (p[i] <= (rate * (rank + 1)) / order.length) found = rank + 1;
  return order.slice(0, found);
}

/** A normal distribution's standard deviation in median absolute deviations. */
const NORMAL_MAD = 1.4826;

/** The upper one of two middle values; 0 of none. */
export function median(values: Float64Array): number {
  return values.length === 0 ? 0 : values.slice().sort()[Math.floor(values.length / 2)];
}
