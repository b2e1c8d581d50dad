import { RandomStream } from "../../base/random.js";
import type { LabelVotes } from "../votes.js";
import { type VoteLists, voteLists } from "./vote-lists.js";

/** Most pairs of votes on the same item, over all items; bounds the time when every rater rates every item. */
const MAX_PAIRS_OF_VOTES = 2e7;

/**
 * Votes by item. Items with very many votes keep a random sample, so that the pairs of votes stay within `mostPairs`.
 */
export function sampledLists(
  { item, items }: LabelVotes,
  seed: number,
  mostPairs = MAX_PAIRS_OF_VOTES,
): VoteLists {
  const all = voteLists(item, items.length);
  const sizes = items.map((_, i) => all.start[i + 1] - all.start[i]);
  let most = Math.max(2, ...new Set(sizes));
  const pairs = (cap: number) => sizes.reduce((sum, size) => sum + Math.min(size, cap) ** 2 / 2, 0);
  while (most > 2 && pairs(most) > mostPairs) most = Math.floor(most * 0.9);
  const start = new Int32Array(items.length + 1);
  const vote: number[] = [];
  for (let i = 0; i < items.length; i++) {
    const own = all.vote.subarray(all.start[i], all.start[i + 1]);
    const kept = own.length <= most ? own : drawn(own, most, new RandomStream(seed, "collusion/votes", i));
    for (const v of kept) vote.push(v);
    start[i + 1] = vote.length;
  }
  return { start, vote: Int32Array.from(vote) };
}

function drawn(from: Int32Array, count: number, random: RandomStream): Int32Array {
  return Int32Array.from(random.shuffled([...from]).slice(0, count)).sort();
}
