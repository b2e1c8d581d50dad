import { RandomStream } from "../../random.js";
import { bootstrap } from "../../statistics/bootstrap.js";
import type { Interval } from "../../statistics/estimates.js";

/** A measure of agreement with its 95% interval over units, of n units with at least two votes. NaN never: null where undefined. */
export interface Agreement extends Interval {
  n: number;
}

const MOST_BLOCKS = 1000;
const RESAMPLES = 1000;
/** Sums that are added up in one interval, at most. */
const MOST_SUMS = 4e8;

/**
 * A measure that is a function of sums over units, with its bootstrap interval over units. Of many units, random blocks of equal
 * size are resampled instead: their sums vary as much.
 *
 * @param rows sums of each unit, [U, columns]. @param measure from the sums over all units.
 * @returns undefined where the measure is (all votes alike, no unit with two votes).
 */
export function resampledMeasure(
  rows: readonly Float64Array[],
  columns: number,
  measure: (sums: Float64Array) => number,
  seed = 0,
): Agreement | undefined {
  const total = (chosen: readonly Float64Array[]): number => {
    const sums = new Float64Array(columns);
    for (const row of chosen) for (let k = 0; k < columns; k++) sums[k] += row[k];
    return measure(sums);
  };
  const estimate = total(rows);
  if (!Number.isFinite(estimate)) return undefined;
  if (rows.length < 2) return { estimate, low: -1, high: 1, n: rows.length };
  const most = Math.max(20, Math.min(MOST_BLOCKS, Math.floor(MOST_SUMS / RESAMPLES / columns)));
  const blocks = rows.length <= most ? rows : blockSums(rows, columns, most, seed);
  // A resample may have no variation at all; then there is nothing to disagree on.
  const statistic = ([chosen]: readonly (readonly number[])[]): number => {
    const value = total(chosen.map((b) => blocks[b]));
    return Number.isFinite(value) ? value : 1;
  };
  const { low, high } = bootstrap([[...blocks.keys()]], statistic, { seed, resamples: RESAMPLES });
  return { estimate, low: Math.min(low, estimate), high: Math.max(high, estimate), n: rows.length };
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
