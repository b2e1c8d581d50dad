/**
 * Krippendorff's alpha (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"), for any number of raters and
 * with missing votes. With n_uc votes of value c on unit u, m_u = sum_c n_uc >= 2, n_c = sum_u n_uc and n = sum_c n_c,
 *
 *   alpha = 1 - (n - 1) sum_u [ sum_ck n_uc n_uk d(c, k) / (m_u - 1) ] / sum_ck n_c n_k d(c, k)
 *
 * - nominal:  d = [c != k]
 * - interval: d = (x_c - x_k)^2
 * - ordinal:  d = (sum of n_g for g from c to k, less (n_c + n_k) / 2)^2, which is the interval distance of mid-ranks
 *
 * 1 is perfect agreement and 0 is agreement by chance. Undefined if all votes are the same.
 */
import { type Agreement, resampledMeasure } from "./resampled.js";
import { type RatedUnits, type UnitCounts, unitCounts } from "./units.js";

export const ALPHA_LEVELS = ["nominal", "ordinal", "interval"] as const;
/** Level of measurement of Krippendorff's alpha: how far apart two answers are. */
export type AlphaLevel = (typeof ALPHA_LEVELS)[number];

/**
 * @param numbers the values as numbers, [K]; required for `interval`. For `ordinal`, the bootstrap keeps the mid-ranks
 * of the whole sample.
 * @returns undefined if alpha is.
 */
export function krippendorffAlpha(
  rated: RatedUnits,
  level: AlphaLevel,
  numbers?: ArrayLike<number>,
  seed = 0,
): Agreement | undefined {
  const counts = unitCounts(rated);
  if (level === "nominal") return nominalAlpha(counts, rated.values.length, seed);
  if (level === "interval" && numbers === undefined) throw new RangeError("interval alpha needs numbers");
  return distanceAlpha(
    counts,
    level === "ordinal" ? midRanks(counts, rated.values.length) : (numbers ?? []),
    seed,
  );
}

function nominalAlpha(
  { start, value, count, cluster }: UnitCounts,
  K: number,
  seed: number,
): Agreement | undefined {
  const rows = Array.from({ length: start.length - 1 }, (_, u) => {
    const row = new Float64Array(K + 2); // disagreement, m, n_c
    let [votes, squares] = [0, 0];
    for (let j = start[u]; j < start[u + 1]; j++) {
      votes += count[j];
      squares += count[j] ** 2;
      row[2 + value[j]] = count[j];
    }
    row[0] = (votes ** 2 - squares) / (votes - 1);
    row[1] = votes;
    return row;
  });
  const expected = (sums: Float64Array): number => {
    let squares = 0;
    for (let c = 2; c < K + 2; c++) squares += sums[c] ** 2;
    return (sums[1] ** 2 - squares) / (sums[1] * (sums[1] - 1));
  };
  return resampledMeasure({ rows, cluster, most: 1, expected }, seed);
}

function distanceAlpha(
  { start, value, count, cluster }: UnitCounts,
  x: ArrayLike<number>,
  seed: number,
): Agreement | undefined {
  const given = Array.from(value, (c) => x[c]);
  const range =
    given.reduce((most, a) => Math.max(most, a), -Infinity) -
    given.reduce((least, a) => Math.min(least, a), Infinity);
  const rows = Array.from({ length: start.length - 1 }, (_, u) => {
    let [votes, sum, squares] = [0, 0, 0];
    for (let j = start[u]; j < start[u + 1]; j++) {
      votes += count[j];
      sum += count[j] * x[value[j]];
      squares += count[j] * x[value[j]] ** 2;
    }
    // sum_ck n_c n_k (x_c - x_k)^2 = 2 (m sum n x^2 - (sum n x)^2)
    return Float64Array.of((2 * (votes * squares - sum ** 2)) / (votes - 1), votes, sum, squares);
  });
  const expected = ([, n, sum, squares]: Float64Array): number =>
    (2 * (n * squares - sum ** 2)) / (n * (n - 1));
  return resampledMeasure({ rows, cluster, most: range ** 2, expected }, seed);
}

function midRanks({ value, count }: UnitCounts, K: number): Float64Array {
  const totals = new Float64Array(K);
  for (let j = 0; j < value.length; j++) totals[value[j]] += count[j];
  let below = 0;
  return totals.map((n) => {
    const rank = below + n / 2;
    below += n;
    return rank;
  });
}
