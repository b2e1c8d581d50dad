/**
 * The cluster bootstrap. Whole clusters (units with all their votes, seeds with all their figures) are drawn with
 * replacement. The interval of a statistic is bias-corrected and accelerated (BCa; Efron 1987, "Better bootstrap
 * confidence intervals"; Efron and Tibshirani 1993, chapter 14; Davison and Hinkley 1997, section 3.8, for clusters),
 * and widened for the number of clusters (Hesterberg 2015, "What teachers should know about the bootstrap", on expanded
 * percentiles). The same data and seed give the same interval. It needs about twenty clusters or more; for means and
 * rates use means.ts and rates.ts.
 */
import { RandomStream } from "../base/random.js";
import { type Interval, mean } from "./estimates.js";
import { normalCdf, normalQuantile } from "./normal.js";
import { studentQuantile } from "./student.js";

interface BootstrapOptions {
  seed?: number;
  resamples?: number;
  confidence?: number;
}

/**
 * BCa interval of a statistic of independent clusters. @param clusters at least one. @param statistic finite for any
 * non-empty list of clusters.
 */
export function clusterBootstrap<Cluster>(
  clusters: readonly Cluster[],
  statistic: (clusters: readonly Cluster[]) => number,
  { seed = 0, resamples = 2000, confidence = 0.95 }: BootstrapOptions = {},
): Interval {
  if (clusters.length === 0) throw new RangeError("bootstrap of an empty sample");
  const estimate = statistic(clusters);
  const random = new RandomStream(seed, "evaluate/bootstrap");
  const draws = Float64Array.from({ length: resamples }, () =>
    statistic(clusters.map(() => clusters[random.int(clusters.length)])),
  ).sort();
  const without = clusters.map((_, left) => statistic(clusters.filter((_cluster, i) => i !== left)));
  return { estimate, ...bcaEnds(draws, estimate, without, expanded(confidence, clusters.length)) };
}

/**
 * Half-width of the interval for n clusters, in standard deviations: sqrt(n / (n - 1)) times Student's quantile with n
 * - 1 degrees of freedom.
 */
function expanded(confidence: number, n: number): number {
  const p = 0.5 + confidence / 2;
  return n < 2 ? normalQuantile(p) : Math.sqrt(n / (n - 1)) * studentQuantile(p, n - 1);
}

/**
 * The ends of a BCa interval that reaches z standard deviations to each side. With bias z0 = Phi^-1(share of draws
 * below the estimate) and acceleration a from the jackknife, an end is the quantile of the draws at Phi(z0 + (z0 +- z)
 * / (1 - a (z0 +- z))), or the outermost draw if 1 - a (z0 +- z) <= 0.
 *
 * @param draws sorted values of the statistic from resamples. @param without values of the statistic with one cluster
 * left out, for each cluster.
 */
export function bcaEnds(
  draws: Float64Array,
  estimate: number,
  without: readonly number[],
  z: number,
): { low: number; high: number } {
  const z0 = normalQuantile(shareBelow(draws, estimate));
  const a = acceleration(without);
  const end = (deviations: number) => {
    const at = z0 + deviations;
    const left = 1 - a * at;
    return quantile(draws, left > 0 ? normalCdf(z0 + at / left) : deviations > 0 ? 1 : 0);
  };
  return { low: end(-z), high: end(z) };
}

/** Share of draws below the estimate, where equal draws count half; kept away from 0 and 1. */
function shareBelow(draws: Float64Array, estimate: number): number {
  let below = 0;
  for (const draw of draws) below += draw < estimate ? 1 : draw === estimate ? 0.5 : 0;
  return Math.min(draws.length - 0.5, Math.max(0.5, below)) / draws.length;
}

/** The acceleration a: a sixth of the skewness of the statistic, by the jackknife. */
function acceleration(without: readonly number[]): number {
  const center = mean(without);
  let [cubes, squares] = [0, 0];
  for (const value of without) {
    cubes += (center - value) ** 3;
    squares += (center - value) ** 2;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

/** Quantile of sorted values, 0 <= p <= 1, with linear interpolation. */
function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
