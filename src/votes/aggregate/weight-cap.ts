import type { GroupMember } from "./ring.js";

const ROUNDING = 1e-9;

/**
 * Reduces weights so that no rater has more than `maxShare` of the total: all votes of a rater above it are scaled down
 * by the same factor. If fewer than 1 / `maxShare` raters have any weight, the weights are unchanged.
 *
 * @param weight of each vote, [V]. @returns the reduced weights, [V].
 */
export function cappedWeights(
  rater: Int32Array,
  raters: number,
  weight: Float64Array,
  maxShare: number,
): Float64Array {
  const totals = new Float64Array(raters);
  for (let v = 0; v < rater.length; v++) totals[rater[v]] += weight[v];
  const most = weightCap(totals, maxShare);
  return weight.map((share, v) => (totals[rater[v]] > most ? (share * most) / totals[rater[v]] : share));
}

/** The largest m with m <= share * sum_w min(total_w, m). */
function weightCap(totals: Float64Array, share: number): number {
  const sorted = totals.filter((total) => total > 0).sort();
  if (sorted.length * share < 1) return Number.POSITIVE_INFINITY;
  // With the k largest at m: m = share * (rest + k m).
  let rest = sorted.reduce((sum, total) => sum + total, 0);
  for (let k = 0; k * share < 1; k++) {
    const m = (share * rest) / (1 - k * share);
    const next = sorted[sorted.length - 1 - k];
    if (next <= m * (1 + ROUNDING)) return m;
    rest -= next;
  }
  return sorted[0];
}

/**
 * The weight of each vote, [V]: 0 for members of `groups`, else its own, with no rater above `maxShare` of the total.
 *
 * @param own weight of each vote before, [V]; default 1.
 */
export function weightsWithout(
  groups: readonly (readonly GroupMember[])[],
  { rater, raters }: { rater: Int32Array; raters: readonly string[] },
  maxShare: number,
  own?: Float64Array,
): Float64Array {
  const members = new Set(groups.flat().map((member) => member.rater));
  const weight = Float64Array.from(rater, (w, v) => (members.has(w) ? 0 : (own?.[v] ?? 1)));
  return cappedWeights(rater, raters.length, weight, maxShare);
}
