import { type Agreement, resampledMeasure } from "./resampled.js";
import { type RatedUnits, unitCounts } from "./units.js";

/**
 * Fleiss' kappa (Fleiss 1971): with P_u the share of agreeing pairs of votes on unit u and p_c the share of value c in all votes,
 * kappa = (mean P_u - sum_c p_c^2) / (1 - sum_c p_c^2). Fleiss has the same number of votes on each unit; where it differs, each
 * unit's own number is used. Undefined where all votes are the same.
 */
export function fleissKappa(rated: RatedUnits, seed = 0): Agreement | undefined {
  const { start, value, count } = unitCounts(rated);
  const K = rated.values.length;
  const rows = Array.from({ length: start.length - 1 }, (_, u) => {
    const row = new Float64Array(K + 2); // P_u, 1, n_c
    let [votes, squares] = [0, 0];
    for (let j = start[u]; j < start[u + 1]; j++) {
      votes += count[j];
      squares += count[j] ** 2;
      row[2 + value[j]] = count[j];
    }
    row[0] = (squares - votes) / (votes * (votes - 1));
    row[1] = 1;
    return row;
  });
  return resampledMeasure(
    rows,
    K + 2,
    (sums) => {
      let [n, squares] = [0, 0];
      for (let c = 2; c < K + 2; c++) {
        n += sums[c];
        squares += sums[c] ** 2;
      }
      const chance = squares / n ** 2;
      return (sums[0] / sums[1] - chance) / (1 - chance);
    },
    seed,
  );
}

/**
 * Cohen's kappa of two raters (Cohen 1960): with p_o the share of units on which they agree and p_e the share to be expected from
 * either's own shares of values, kappa = (p_o - p_e) / (1 - p_e). Undefined where p_e = 1.
 *
 * @param a and b values of the same units, in [0, values).
 */
export function cohenKappa(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  values: number,
  seed = 0,
): Agreement | undefined {
  const rows = Array.from(a, (value, u) => {
    const row = new Float64Array(2 + 2 * values); // agreed, 1, shares of a, shares of b
    row[0] = value === b[u] ? 1 : 0;
    row[1] = 1;
    row[2 + value] = 1;
    row[2 + values + b[u]] = 1;
    return row;
  });
  return resampledMeasure(
    rows,
    2 + 2 * values,
    (sums) => {
      let chance = 0;
      for (let c = 0; c < values; c++) chance += (sums[2 + c] * sums[2 + values + c]) / sums[1] ** 2;
      return (sums[0] / sums[1] - chance) / (1 - chance);
    },
    seed,
  );
}

/** Share of pairs of votes on the same unit that agree. Undefined where no unit has two votes. */
export function percentAgreement(rated: RatedUnits, seed = 0): Agreement | undefined {
  const { start, count } = unitCounts(rated);
  const rows = Array.from({ length: start.length - 1 }, (_, u) => {
    let [votes, squares] = [0, 0];
    for (let j = start[u]; j < start[u + 1]; j++) {
      votes += count[j];
      squares += count[j] ** 2;
    }
    return Float64Array.of(squares - votes, votes * (votes - 1));
  });
  return resampledMeasure(rows, 2, ([agreeing, pairs]) => agreeing / pairs, seed);
}
