import { RandomStream } from "../../base/random.js";
import { clusterBootstrap } from "../../statistics/bootstrap.js";
import { clustersOf } from "../../statistics/clusters.js";
import type { Interval } from "../../statistics/estimates.js";
import { rateOfSums } from "../../statistics/rates.js";

/** A measure of agreement with its 95% interval, from n units with at least two votes. It is never NaN. */
export interface Agreement extends Interval {
  n: number;
}

const MAX_BLOCKS = 1000;
const RESAMPLES = 1000;
/** Upper bound on the additions for one interval. */
const MAX_SUMS = 4e8;
/**
 * With fewer clusters, or fewer that disagree, the bootstrap interval is too narrow, because the sample does not show
 * the possible variation.
 */
const ENOUGH_CLUSTERS = 20;
const ENOUGH_DISAGREE = 10;

/** The components of a measure. */
export interface Disagreement {
  /**
   * Sums of each unit, [U][columns]: first its observed disagreement times its weight, then its weight, above 0, then
   * columns of the measure.
   */
  rows: readonly Float64Array[];
  /** Cluster of each unit, [U]; units of one cluster are resampled together. */
  cluster: ArrayLike<number>;
  /** Largest possible observed disagreement of a unit. */
  most: number;
  /** The disagreement expected by chance, from the sums over units; 0 or NaN if the measure is undefined. */
  expected: (sums: Float64Array) => number;
}

/**
 * 1 - observed / expected disagreement, with its bootstrap interval over clusters of units. With many clusters, random
 * blocks of equal size are resampled instead, because their sums vary as much. With few clusters, or few that disagree,
 * the interval is widened to include the interval of the rate of observed disagreement (`rateOfSums`) divided by the
 * expected one.
 *
 * @returns undefined if the measure is undefined (all votes are the same, or no unit has two votes).
 */
export function resampledMeasure(
  { rows: units, cluster, most, expected }: Disagreement,
  seed = 0,
): Agreement | undefined {
  if (units.length === 0) return undefined;
  const rows = clustersOf(units, Array.from(cluster)).map(sumOf);
  const measure = (sums: Float64Array): number => 1 - sums[0] / sums[1] / expected(sums);
  const all = sumOf(rows);
  const estimate = measure(all);
  if (!Number.isFinite(estimate)) return undefined;
  if (rows.length < 2) return { estimate, low: -1, high: 1, n: units.length };
  const columns = all.length;
  const manyBlocks = Math.max(20, Math.min(MAX_BLOCKS, Math.floor(MAX_SUMS / RESAMPLES / columns)));
  const blocks = rows.length <= manyBlocks ? rows : blockSums(rows, columns, manyBlocks, seed);
  // A resample may have no variation at all; then it counts as full agreement.
  const statistic = (chosen: readonly Float64Array[]): number => {
    const value = measure(sumOf(chosen));
    return Number.isFinite(value) ? value : 1;
  };
  const resampled = clusterBootstrap(blocks, statistic, { seed, resamples: RESAMPLES });
  const ends = [estimate, resampled.low, resampled.high];
  const disagreeing = rows.filter(([observed]) => observed > 0).length;
  if (rows.length < ENOUGH_CLUSTERS || disagreeing < ENOUGH_DISAGREE) {
    const rate = rateOfSums(
      rows.map(([observed]) => observed / most),
      rows.map(([, weight]) => weight),
    );
    ends.push(1 - (most * rate.high) / expected(all), 1 - (most * rate.low) / expected(all));
  }
  return { estimate, low: Math.min(...ends), high: Math.max(...ends), n: units.length };
}

function sumOf(rows: readonly Float64Array[]): Float64Array {
  const sums = new Float64Array(rows[0].length);
  for (const row of rows) for (let k = 0; k < sums.length; k++) sums[k] += row[k];
  return sums;
}

function blockSums(
  rows: readonly Float64Array[],
  columns: number,
  blocks: number,
  seed: number,
): Float64Array[] {
  const sums = Array.from({ length: blocks }, () => new Float64Array(columns));
  const order = new RandomStream(seed, "agreement/blocks").shuffled([...rows.keys()]);
  for (const [at, unit] of order.entries())
    for (let k = 0; k < columns; k++) sums[at % blocks][k] += rows[unit][k];
  return sums;
}
