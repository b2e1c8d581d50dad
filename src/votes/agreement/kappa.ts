import { clustersOf } from "../../statistics/clusters.js";
import { rateOfSums } from "../../statistics/rates.js";
import { type Agreement, resampledMeasure } from "./resampled.js";
import { type RatedUnits, unitCounts } from "./units.js";

/**
 * Fleiss' kappa (Fleiss 1971): with P_u the share of agreeing pairs of votes on unit u and p_c the share of value c in
 * all votes, kappa = (mean P_u - sum_c p_c^2) / (1 - sum_c p_c^2). Fleiss assumes the same number of votes on each
 * unit; here each unit's own number is used. Undefined if all votes are the same.
 */
export function fleissKappa(rated: RatedUnits, seed = 0): Agreement | undefined {
  const { start, value, count, cluster } = unitCounts(rated);
  const K = rated.values.length;
  const rows = Array.from({ length: start.length - 1 }, (_, u) => {
    const row = new Float64Array(K + 2); // 1 - P_u, 1, n_c
    let [votes, squares] = [0, 0];
    for (let j = start[u]; j < start[u + 1]; j++) {
      votes += count[j];
      squares += count[j] ** 2;
      row[2 + value[j]] = count[j];
    }
    row[0] = 1 - (squares - votes) / (votes * (votes - 1));
    row[1] = 1;
    return row;
  });
  const expected = (sums: Float64Array): number => {
    let [n, squares] = [0, 0];
    for (let c = 2; c < K + 2; c++) {
      n += sums[c];
      squares += sums[c] ** 2;
    }
    return 1 - squares / n ** 2;
  };
  return resampledMeasure({ rows, cluster, most: 1, expected }, seed);
}

/**
 * Cohen's kappa of two raters (Cohen 1960): with p_o the share of units on which they agree and p_e the share expected
 * from each rater's own shares of values, kappa = (p_o - p_e) / (1 - p_e). Undefined if p_e = 1.
 *
 * @param a first rater's values of the units, in [0, values). @param b second rater's values of the same units.
 * @param options `cluster`: cluster of each unit; default: each unit is its own.
 */
export function cohenKappa(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  values: number,
  { seed = 0, cluster = Array.from(a, (_, u) => u) }: { seed?: number; cluster?: ArrayLike<number> } = {},
): Agreement | undefined {
  const rows = Array.from(a, (value, u) => {
    const row = new Float64Array(2 + 2 * values); // disagreed, 1, shares of a, shares of b
    row[0] = value === b[u] ? 0 : 1;
    row[1] = 1;
    row[2 + value] = 1;
    row[2 + values + b[u]] = 1;
    return row;
  });
  const expected = (sums: Float64Array): number => {
    let chance = 0;
    for (let c = 0; c < values; c++) chance += (sums[2 + c] * sums[2 + values + c]) / sums[1] ** 2;
    return 1 - chance;
  };
  return resampledMeasure({ rows, cluster, most: 1, expected }, seed);
}

/**
 * Share of pairs of votes on the same unit that agree, with the interval of a rate over clusters of units. Undefined if
 * no unit has two votes.
 */
export function percentAgreement(rated: RatedUnits): Agreement | undefined {
  const { start, count, cluster } = unitCounts(rated);
  if (cluster.length === 0) return undefined;
  const units = Array.from(cluster, (_, u) => {
    let [votes, squares] = [0, 0];
    for (let j = start[u]; j < start[u + 1]; j++) {
      votes += count[j];
      squares += count[j] ** 2;
    }
    return { agreeing: (squares - votes) / 2, pairs: (votes * (votes - 1)) / 2 };
  });
  const clusters = clustersOf(units, cluster);
  const total = (of: (unit: (typeof units)[number]) => number): number[] =>
    clusters.map((own) => own.reduce((sum, unit) => sum + of(unit), 0));
  const { estimate, low, high } = rateOfSums(
    total(({ agreeing }) => agreeing),
    total(({ pairs }) => pairs),
  );
  return { estimate, low, high, n: units.length };
}
