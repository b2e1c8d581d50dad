import type { Comparisons } from "../votes.js";
import type { ComparedPairs } from "./compared-pairs.js";
import { discoveries } from "./false-discovery.js";
import type { RaterFlag } from "./rater-flags.js";

const FALSE_DISCOVERY_RATE = 0.01;
/** Smallest excess of votes for a side over the expected number that earns a flag, as a share of the rater's votes. */
const MIN_EXCESS = 0.2;

/**
 * Flags raters who say left, or right, far more often than the shown pairs explain: compares how often they say left
 * with sum_v P(left is better | the others' votes).
 *
 * @param from indices of the comparisons that took a side.
 * @param truths P(the pair's left is better) and P(its right is better) by the other votes, [from.length, 2].
 */
export function sideFlags(
  { raters, rater, outcome }: Comparisons,
  { flipped }: ComparedPairs,
  from: Int32Array,
  truths: Float64Array,
): Map<number, RaterFlag> {
  const W = raters.length;
  const [said, expected, variance, count] = [0, 1, 2, 3].map(() => new Float64Array(W));
  for (let i = 0; i < from.length; i++) {
    const v = from[i];
    const left = truths[i * 2 + flipped[v]];
    said[rater[v]] += outcome[v] > 0.5 ? 1 : 0;
    expected[rater[v]] += left;
    variance[rater[v]] += 0.25;
    count[rater[v]]++;
  }
  const flags = new Map<number, RaterFlag>();
  for (const [sign, side] of [
    [1, "left"],
    [-1, "right"],
  ] as const) {
    const z = said.map((n, w) => (sign * (n - expected[w])) / Math.sqrt(variance[w] + 0.25));
    for (const w of discoveries(z, FALSE_DISCOVERY_RATE)) {
      if (sign * (said[w] - expected[w]) < MIN_EXCESS * count[w]) continue;
      const often = sign === 1 ? said[w] : count[w] - said[w];
      const fair = sign === 1 ? expected[w] : count[w] - expected[w];
      flags.set(w, {
        kind: "one-sided",
        reason: `chose ${side} ${often} times of ${count[w]}; ${fair.toFixed(1)} were expected`,
      });
    }
  }
  return flags;
}
