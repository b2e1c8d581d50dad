/** Items whose label is known (gold items), as evidence of how raters err. */
import type { LabelVotes } from "../votes.js";
import { confusionCounts, meanRow, normalizeRows, voteShares } from "./label-estimate.js";

/** Label of each item, [I]; -1 where unknown. */
export type KnownLabels = Int32Array;

/** Sets the rows of known items to certainty, in place. @param posterior [I, K]. */
export function fixKnown(posterior: Float64Array, known: KnownLabels | undefined, columns: number): void {
  if (known === undefined) return;
  for (let i = 0; i < known.length; i++)
    if (known[i] >= 0) for (let c = 0; c < columns; c++) posterior[i * columns + c] = c === known[i] ? 1 : 0;
}

/**
 * The share of each label among the items with unknown labels, or among all items if all are known. Known items are
 * left out because gold items may be chosen to have equally many of each label.
 */
export function classShares(
  posterior: Float64Array,
  known: KnownLabels | undefined,
  columns: number,
): Float64Array {
  if (known === undefined || known.every((label) => label >= 0)) return meanRow(posterior, columns);
  const open = [...known.keys()].filter((i) => known[i] < 0);
  const rows = new Float64Array(open.length * columns);
  for (const [to, i] of open.entries())
    rows.set(posterior.subarray(i * columns, (i + 1) * columns), to * columns);
  return meanRow(rows, columns);
}

/** Weight of the pool's confusions next to a rater's votes on gold items, in votes for each truth. */
const POOL_STRENGTH = 4;

/**
 * Each rater's confusions from votes on known items, shrunk towards the pool's confusions by majority: [W, K, K]. EM
 * starts from these because, where many raters invert answers or follow a key, the majority's truths would start it on
 * the wrong side.
 */
export function confusionsOnKnown(votes: LabelVotes, known: KnownLabels): Float64Array {
  const K = votes.labels.length;
  const shares = voteShares(votes);
  fixKnown(shares, known, K);
  const all = confusionCounts(votes, shares);
  const pool = new Float64Array(K * K).fill(1 / K);
  for (let at = 0; at < all.length; at++) pool[at % (K * K)] += all[at];
  normalizeRows(pool, K);
  const gold = confusionCounts(
    votes,
    shares,
    Float64Array.from(votes.item, (item) => (known[item] >= 0 ? 1 : 0)),
  );
  for (let at = 0; at < gold.length; at++) gold[at] += POOL_STRENGTH * pool[at % (K * K)];
  normalizeRows(gold, K);
  return gold;
}
