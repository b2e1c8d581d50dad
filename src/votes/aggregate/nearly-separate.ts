/**
 * Two parts of raters and items that few votes connect: two languages with a bilingual rater, say. Raters are ordered by
 * the second singular vector of the normalised matrix of raters and items (spectral partitioning: Shi and Malik 2000,
 * "Normalized cuts and image segmentation"; Dhillon 2001, "Co-clustering documents and words using bipartite spectral
 * graph partitioning"), and cut where the smallest share of votes crosses. An item is on the side of most of its votes.
 */
import { RandomStream } from "../../base/random.js";
import type { LabelVotes } from "../votes.js";
import { type VoteLists, voteLists } from "./vote-lists.js";

/** Greatest share of the smaller side's votes that may cross. */
const MAX_CROSSING = 0.1;
const POWER_STEPS = 100;

/**
 * The side of each item, 0 or 1, [I]; undefined if no cut is crossed by few votes.
 *
 * @param weight of each vote, [V]; votes of weight 0 connect nobody. @param fewest raters on a side.
 */
export function nearlySeparate(
  votes: LabelVotes,
  weight: Float64Array,
  fewest: number,
  seed: number,
): Uint8Array | undefined {
  const W = votes.raters.length;
  if (W < 2 * fewest) return undefined;
  const place = secondVector(votes, weight, seed);
  const order = Array.from({ length: W }, (_, w) => w).sort((a, b) => place[a] - place[b] || a - b);
  const byRater = voteLists(votes.rater, W);
  const first = bestCut(votes, weight, byRater, order, fewest);
  return first === 0 ? undefined : sidesOf(votes, weight, new Set(order.slice(0, first)));
}

/** The raters' entries of the second singular vector, each over the root of its rater's votes, [W]. */
function secondVector(
  { item, items, rater, raters }: LabelVotes,
  weight: Float64Array,
  seed: number,
): Float64Array {
  const [ofRater, ofItem] = [new Float64Array(raters.length), new Float64Array(items.length)];
  for (let v = 0; v < item.length; v++) {
    ofRater[rater[v]] += weight[v];
    ofItem[item[v]] += weight[v];
  }
  const random = new RandomStream(seed, "aggregate/nearly-separate");
  const total = ofRater.reduce((sum, votes) => sum + votes, 0);
  let place = ofRater.map(() => random.normal());
  for (let step = 0; step < POWER_STEPS; step++) {
    // The first vector, the same place for all, is taken out.
    const middle = place.reduce((sum, x, w) => sum + x * ofRater[w], 0) / total;
    const square = place.reduce((sum, x, w) => sum + (x - middle) ** 2 * ofRater[w], 0);
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    place = place.map((x) => (x - middle) * scale);
    const means = new Float64Array(items.length);
    for (let v = 0; v < item.length; v++) means[item[v]] += (weight[v] * place[rater[v]]) / ofItem[item[v]];
    const next = new Float64Array(raters.length);
    for (let v = 0; v < item.length; v++)
      if (weight[v] > 0) next[rater[v]] += (weight[v] * means[item[v]]) / ofRater[rater[v]];
    place = next;
  }
  return place;
}

/** How many of the raters in order are on the first side; 0 if all cuts are crossed by too many votes. */
function bestCut(
  { item, items }: LabelVotes,
  weight: Float64Array,
  { start, vote }: VoteLists,
  order: readonly number[],
  fewest: number,
): number {
  const all = new Float64Array(items.length);
  for (let v = 0; v < item.length; v++) all[item[v]] += weight[v];
  const total = all.reduce((sum, votes) => sum + votes, 0);
  const here = new Float64Array(items.length);
  let [crossing, side, least, first] = [0, 0, MAX_CROSSING, 0];
  const crossed = (i: number) => Math.min(here[i], all[i] - here[i]);
  for (const [at, w] of order.entries()) {
    for (let k = start[w]; k < start[w + 1]; k++) {
      const v = vote[k];
      crossing -= crossed(item[v]);
      here[item[v]] += weight[v];
      crossing += crossed(item[v]);
      side += weight[v];
    }
    if (at + 1 < fewest || order.length - at - 1 < fewest) continue;
    const share = crossing / Math.min(side, total - side);
    if (share <= least) [least, first] = [share, at + 1];
  }
  return first;
}

/** @param first the raters of side 0. @returns the side of each item's most votes, [I]. */
function sidesOf(
  { item, items, rater }: LabelVotes,
  weight: Float64Array,
  first: ReadonlySet<number>,
): Uint8Array {
  const more = new Float64Array(items.length);
  for (let v = 0; v < item.length; v++) more[item[v]] += first.has(rater[v]) ? weight[v] : -weight[v];
  return Uint8Array.from(more, (lead) => (lead >= 0 ? 0 : 1));
}
