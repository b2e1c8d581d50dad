/**
 * Intervals of rates, such as successes among responses clustered in prompts, votes clustered in pairs, or prompts won
 * with ties. Their coverage, measured in docs/results/intervals.md for rates from 0 to 1 and few clusters, is at least
 * 93%. With few successes or few clusters it is above 97%, because it is then unknown how much the members of a cluster
 * agree.
 */
import { checkPaired } from "./clusters.js";
import type { Interval } from "./interval.js";
import { regularizedBeta } from "./special-functions.js";
import { studentQuantile } from "./student.js";

/** A figure over the members (responses, votes) of independent clusters (prompts, pairs), with its interval. */
export interface ClusterInterval extends Interval {
  /** Members of all clusters. */
  n: number;
  clusters: number;
}

/**
 * Interval of the rate of all members of independent clusters: Wilson's with an effective number of members n_e = n / d
 * (following Korn and Graubard 1998, "Confidence intervals for proportions with small expected number of positive
 * counts estimated from survey data"; Kish 1965 for the design effect) and Student's quantile with clusters - 1 degrees
 * of freedom. With p = sum y / n, the sum y_i of the m_i members of cluster i, the number of clusters K, and M = sum
 * m_i^2 / n, the mean size of a member's cluster,
 *
 *   d = [ K / (K - 1) sum_i (y_i - p m_i)^2 + M ] / [ n p (1 - p) + 1 ].
 *
 * The M and the 1 stand for one more success, in a cluster whose members all agree: with no or few successes, d is that
 * of clusters that agree completely, and n_e is their number. With few successes or failures, the end on their side
 * reaches at least to the one-sided exact bound (the modified Wilson interval of Brown, Cai and DasGupta 2001,
 * "Interval estimation for a binomial proportion"). One cluster has the interval [0, 1].
 *
 * @param clusters values of the members, in [0, 1]: 0 or 1, or 1/2 for a tie. At least one cluster, none of them empty.
 */
export function rateInterval(clusters: readonly (readonly number[])[], confidence = 0.95): ClusterInterval {
  if (clusters.some((values) => values.some((x) => !(x >= 0 && x <= 1))))
    throw new RangeError("a rate of values outside [0, 1]");
  return rateOfSums(
    clusters.map(sum),
    clusters.map(({ length }) => length),
    confidence,
  );
}

/** `rateInterval` from each cluster's sum, in [0, size], and its number of members, above 0. */
export function rateOfSums(
  sums: readonly number[],
  sizes: readonly number[],
  confidence = 0.95,
): ClusterInterval {
  const n = sum(sizes);
  const K = sizes.length;
  if (K === 0 || sizes.some((size) => !(size > 0))) throw new RangeError("a rate of no members");
  const estimate = Math.min(1, sum(sums) / n);
  if (K === 1)
    return { estimate, low: 0, high: 1, n, clusters: K, caution: "one cluster: the rate may be anything" };
  const residuals = sums.reduce((total, y, i) => total + (y - estimate * sizes[i]) ** 2, 0);
  const size = sizes.reduce((total, m) => total + m ** 2, 0) / n;
  const design = ((K / (K - 1)) * residuals + size) / (n * estimate * (1 - estimate) + 1);
  return { estimate, ...ends(estimate, n / design, K, confidence), n, clusters: K };
}

/** Interval of the share of successes in n independent cases. @param successes a whole number from 0 to n. */
export function shareInterval(successes: number, n: number, confidence = 0.95): ClusterInterval {
  if (!(successes >= 0 && successes <= n)) throw new RangeError(`${successes} successes of ${n}`);
  return rateOfSums(
    Array.from({ length: n }, (_, i) => (i < successes ? 1 : 0)),
    Array(n).fill(1),
    confidence,
  );
}

/**
 * Interval of rate(a) - rate(b), from both rates' own intervals [l, u] and the correlation r of the clusters' residuals
 * (Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on paired data";
 * Zou and Donner 2008, "Construction of confidence intervals about effect measures: a general approach"):
 *
 *   low = a - b - sqrt((a - l_a)^2 - 2 r (a - l_a)(u_b - b) + (u_b - b)^2), high likewise with u_a and l_b.
 *
 * @param a clusters of members' values in [0, 1]. @param b if `paired`, the same clusters in the same order (the same
 * prompts, answered by another policy); otherwise independent clusters.
 */
export function rateDifference(
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
  { paired, confidence = 0.95 }: { paired: boolean; confidence?: number },
): ClusterInterval {
  if (paired) checkPaired(a, b);
  const [p, q] = [rateInterval(a, confidence), rateInterval(b, confidence)];
  const r = paired ? residualCorrelation(a, p.estimate, b, q.estimate) : 0;
  const reach = (x: number, y: number) => Math.sqrt(Math.max(0, x * x - 2 * r * x * y + y * y));
  const estimate = p.estimate - q.estimate;
  return {
    estimate,
    low: estimate - reach(p.estimate - p.low, q.high - q.estimate),
    high: estimate + reach(p.high - p.estimate, q.estimate - q.low),
    n: p.n + q.n,
    clusters: paired ? a.length : a.length + b.length,
  };
}

function residualCorrelation(
  a: readonly (readonly number[])[],
  p: number,
  b: readonly (readonly number[])[],
  q: number,
): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [sum(a[i]) - p * a[i].length, sum(b[i]) - q * b[i].length];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** The ends of the interval for a rate p from n effective members in K clusters. */
function ends(p: number, n: number, K: number, confidence: number): { low: number; high: number } {
  const t = studentQuantile(0.5 + confidence / 2, K - 1);
  const center = p + t ** 2 / (2 * n);
  const spread = t * Math.sqrt((p * (1 - p)) / n + t ** 2 / (4 * n ** 2));
  const scale = 1 + t ** 2 / n;
  const bound = (from: number, rate: number) => exactBound(from, rate * n, n, 1 - confidence);
  return {
    low: bound((center - spread) / scale, p),
    high: 1 - bound(1 - (center + spread) / scale, 1 - p),
  };
}

/**
 * The rate at which at least `successes` of n have probability alpha (Clopper and Pearson 1934), if it is below `from`;
 * otherwise `from`, at least 0. `successes` and `n` may be fractional.
 */
function exactBound(from: number, successes: number, n: number, alpha: number): number {
  const chance = (rate: number) => regularizedBeta(rate, successes, n - successes + 1);
  if (successes === 0) return 0;
  if (chance(from) <= alpha) return Math.max(0, from);
  let [low, high] = [0, from];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (chance(middle) < alpha) low = middle;
    else high = middle;
  }
  return low;
}

const sum = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0);
