/**
 * Whether candidates' scores say more of a pair than its own votes do. If what a candidate did elsewhere tells nothing,
 * or little, of how votes on this pair go, scores must not outvote them.
 */
import type { Comparisons } from "../votes.js";
import { propagateBeliefs } from "./belief-propagation.js";
import { type ComparedPairs, sideVotes } from "./compared-pairs.js";
import { ENOUGH, type FittedModel, predictsBetter } from "./held-out-votes.js";
import { robustPairs } from "./robust-pairs.js";

/** What scores must gain in the log-probability of held-out votes, not counting the rater who gains most. */
const MIN_PREDICTED = 5;
/**
 * And for each vote that is alone on its pair: where votes are right 3 times in 4, scores that are right as often agree
 * with 5 in 8 votes, and gain log 2 - H(5/8) = 0.03 for each.
 */
const MIN_ALONE = 0.04;

/** @param weight of each vote, [V]. */
export function scoresPredictVotes(
  votes: Comparisons,
  pairs: ComparedPairs,
  weight: Float64Array,
  seed: number,
): boolean {
  const { votes: sides, from } = sideVotes(votes, pairs, false);
  const scored = (kept: Float64Array): FittedModel => {
    const all = weight.slice();
    for (const [i, v] of from.entries()) all[v] = kept[i];
    const { judgedLeft, saysLeft } = robustPairs(votes, pairs, all);
    const right = saysLeft.better.map((better, w) => (better + 1 - saysLeft.worse[w]) / 2);
    return { posterior: bothSides(judgedLeft), says: (w, c, y) => (c === y ? right[w] : 1 - right[w]) };
  };
  const voted = (kept: Float64Array): FittedModel => {
    const { posterior, ability } = propagateBeliefs(sides, { weight: kept });
    return { posterior, says: (w, c, y) => (c === y ? ability[w] : 1 - ability[w]) };
  };
  const own = Float64Array.from(from, (v) => weight[v]);
  const gained = predictsBetter(sides, own, [scored, voted], { seed, alone: true });
  const count = new Int32Array(sides.items.length);
  for (const p of sides.item) count[p]++;
  const alone = count.filter((n) => n === 1).length;
  return gained >= Math.max(MIN_PREDICTED, MIN_ALONE * Math.min(alone, ENOUGH));
}

/** [P] as [P, 2]. */
const bothSides = (left: Float64Array): Float64Array =>
  Float64Array.from({ length: left.length * 2 }, (_, at) =>
    at % 2 === 0 ? left[at / 2] : 1 - left[(at - 1) / 2],
  );
