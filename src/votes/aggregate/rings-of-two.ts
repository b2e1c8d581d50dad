/**
 * Rings of two. Two raters have no key that a third one's votes could be held against (ring.ts), so more is asked of
 * them: many items in common; agreement so high that one pair of the whole pool would reach it by chance in a hundred
 * pools (Bonferroni), given their own error rates; the same answer to three quarters of what they could differ on; and
 * that their answers have little to do with the others'. Two who know better than the others agree with them too.
 */
import { normalQuantile } from "../../statistics/normal.js";
import type { LabelVotes } from "../votes.js";
import { agreementByTruth, type IndependentRaters, truthWithout } from "./independent-raters.js";
import { copied, type GroupMember, MIN_COPIED, MIN_SHARED, sharedWithOthers } from "./ring.js";
import type { VoteLists } from "./vote-lists.js";

/** Two raters with fewer items in common are not held against each other. */
export const LEAST_COMMON_OF_TWO = 20;
/** Chance that a pool without rings has one such pair. */
const FALSE_POOLS = 0.01;

/**
 * The rings of two among pairs of raters, each rater in one at most.
 *
 * @param pairs with `LEAST_COMMON_OF_TWO` items in common at least. @param flagged raters of a ring already.
 */
export function ringsOfTwo(
  votes: LabelVotes,
  model: IndependentRaters,
  byRater: VoteLists,
  pairs: { first: readonly number[]; second: readonly number[]; z: Float64Array },
  flagged: ReadonlySet<number>,
): GroupMember[][] {
  const { first, second, z } = pairs;
  const least = normalQuantile(1 - Math.min(0.5, FALSE_POOLS / Math.max(1, z.length)));
  const high = Array.from(z.keys())
    .filter((i) => z[i] > least)
    .sort((a, b) => z[b] - z[a]);
  const taken = new Set(flagged);
  return high.flatMap((i) => {
    const two = [first[i], second[i]];
    if (two.some((rater) => taken.has(rater))) return [];
    const held = heldAgainstEachOther(votes, model, byRater, two[0], two[1]);
    if (copied([held]) < MIN_COPIED || !(sharedWithOthers(votes, two).part < MIN_SHARED)) return [];
    for (const rater of two) taken.add(rater);
    return [two.map((rater) => ({ ...held, rater }))];
  });
}

/** On how many of their common items two raters agree, and were expected to. */
function heldAgainstEachOther(
  votes: LabelVotes,
  model: IndependentRaters,
  { start, vote }: VoteLists,
  u: number,
  w: number,
): GroupMember {
  const K = votes.labels.length;
  const own = new Map<number, number>();
  for (let at = start[u]; at < start[u + 1]; at++) own.set(votes.item[vote[at]], vote[at]);
  const both = agreementByTruth(model.confusion, u, w, K);
  const truth = new Float64Array(K);
  const held = { rater: u, common: 0, agreed: 0, expected: 0 };
  for (let at = start[w]; at < start[w + 1]; at++) {
    const theirs = vote[at];
    const ours = own.get(votes.item[theirs]);
    if (ours === undefined) continue;
    truthWithout(votes, model, [ours, theirs], truth);
    held.common++;
    if (votes.label[ours] === votes.label[theirs]) held.agreed++;
    for (let c = 0; c < K; c++) held.expected += truth[c] * both[c];
  }
  return held;
}
