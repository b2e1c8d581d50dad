/**
 * Raters who answer from a shared key instead of looking. Given the truth, honest raters err independently; colluders agree
 * more than their error rates allow. EM methods take such agreement for skill, so it has to be found first.
 *
 * 1. Truths by majority vote, and by two steps of the one-coin model's EM: run to its end, EM follows a ring that is large enough,
 *    and holds the honest for the ring. Every rater's confusions against these truths. What follows is done with both.
 * 2. For each pair of raters, agreements on common items against their expectation, the truth of each item being what the
 *    item's other votes say: z = (a - e) / sqrt(v + 1/4). Of the pairs that stand out, those that close a triangle; connected
 *    ones are suspects.
 * 3. The key of suspects is what most of them say. Every rater is tested against it at a strict rate, its own vote left out, and
 *    must copy at least three quarters of its answers, (a - e) / (n - e): who does not is let go, who does and had too few items in common
 *    with any one suspect is taken in. Fewer than three are not held to be a ring, and neither are raters whose key agrees with the
 *    others' votes at least as often as those among themselves (experts in a weak pool), or who agree less than the others do.
 * 4. The ring that copies the largest share is set aside, and all begins again without its votes, until no more are
 *    found: what a ring does to the truths can make others look like one.
 */
import { normalQuantile } from "../../statistics/normal.js";
import type { LabelVotes } from "../votes.js";
import { discoveries } from "./false-discovery.js";
import { excessOf, type IndependentRaters, independentRaters, truthWithout } from "./independent-raters.js";
import type { KnownLabels } from "./known-labels.js";
import { components, connect, graph, inTriangles } from "./rater-graph.js";
import { copied, type GroupMember, ring, SMALLEST_GROUP } from "./ring.js";
import { sampledLists } from "./sampled-lists.js";
import { type VoteLists, voteLists } from "./vote-lists.js";

export interface CollusionOptions {
  /** Expected share of honest ones among those found. */
  falseDiscoveryRate?: number;
  /** Pairs with fewer items in common are not looked at. */
  leastCommon?: number;
  seed?: number;
  /** Labels that are known, [I]; -1 where not. */
  known?: KnownLabels;
}

const ROUNDS = 10;
const EM_STEPS = [0, 2];
/** Expected share of mistaken pairs among those that make raters suspects. */
const SUSPECT_RATE = 0.2;
/** Pairs of raters that are tested. */
const MAX_PAIRS_OF_RATERS = 4e6;

/** @returns groups of colluding raters, the largest first. */
export function colludingGroups(
  votes: LabelVotes,
  { falseDiscoveryRate = 0.01, leastCommon = 3, seed = 0, known }: CollusionOptions = {},
): GroupMember[][] {
  const byItem = sampledLists(votes, seed);
  const byRater = voteLists(votes.rater, votes.raters.length);
  let groups: GroupMember[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const flagged = new Set(groups.flat().map(({ rater }) => rater));
    const weight = Float64Array.from(votes.rater, (rater) => (flagged.has(rater) ? 0 : 1));
    const fresh = EM_STEPS.flatMap((steps) => {
      const model = independentRaters(votes, weight, steps, known);
      const pairs = testedPairs(votes, model, byItem, byRater, leastCommon);
      return suspectPairs(pairs.z, votes.raters.length)
        .flatMap((edges) => components(inTriangles(graph(pairs, edges)), SMALLEST_GROUP))
        .map((seeds) => ring(votes, model, byRater, seeds, falseDiscoveryRate))
        .filter((members) => members.some(({ rater }) => !flagged.has(rater)));
    });
    if (fresh.length === 0) break;
    const strongest = fresh.reduce((a, b) => (copied(b) > copied(a) ? b : a));
    groups = merged([...groups, strongest]);
  }
  return groups.sort((a, b) => b.length - a.length);
}

/** z of every pair of raters with enough items in common. */
export function testedPairs(
  votes: LabelVotes,
  model: IndependentRaters,
  byItem: VoteLists,
  byRater: VoteLists,
  leastCommon: number,
): { first: number[]; second: number[]; z: Float64Array } {
  const [W, K] = [votes.raters.length, votes.labels.length];
  const [first, second, z]: number[][] = [[], [], []];
  const common = new Int32Array(W);
  const sums = new Float64Array(W * 3); // agreed, expected, variance
  const agreeing = new Map<number, Float64Array>(); // P(both say the same | truth), [K], by the other rater
  const truth = new Float64Array(K);
  const sampled = new Uint8Array(votes.item.length);
  for (const v of byItem.vote) sampled[v] = 1;
  const others = function* (u: number): Generator<[own: number, other: number]> {
    for (let at = byRater.start[u]; at < byRater.start[u + 1]; at++) {
      const own = byRater.vote[at];
      if (sampled[own] === 0) continue;
      const item = votes.item[own];
      for (let next = byItem.start[item]; next < byItem.start[item + 1]; next++)
        if (votes.rater[byItem.vote[next]] > u) yield [own, byItem.vote[next]];
    }
  };
  for (let u = 0; u < W && z.length < MAX_PAIRS_OF_RATERS; u++) {
    const touched: number[] = [];
    for (const [, other] of others(u))
      if (common[votes.rater[other]]++ === 0) touched.push(votes.rater[other]);
    const tested = touched.filter((v) => common[v] >= leastCommon);
    if (tested.length > 0) {
      for (const v of tested) agreeing.set(v, agreementByTruth(model.confusion, u, v, K));
      for (const [own, other] of others(u)) {
        const v = votes.rater[other];
        const both = agreeing.get(v);
        if (both === undefined) continue;
        truthWithout(votes, model, [own, other], truth);
        let expected = 0;
        for (let c = 0; c < K; c++) expected += truth[c] * both[c];
        if (votes.label[own] === votes.label[other]) sums[v * 3]++;
        sums[v * 3 + 1] += expected;
        sums[v * 3 + 2] += expected * (1 - expected);
      }
      for (const v of tested) {
        first.push(u);
        second.push(v);
        z.push(excessOf(sums[v * 3], sums[v * 3 + 1], sums[v * 3 + 2]));
        sums.fill(0, v * 3, v * 3 + 3);
      }
      agreeing.clear();
    }
    for (const v of touched) common[v] = 0;
  }
  return { first, second, z: Float64Array.from(z) };
}

/** sum_y P(u says y | c) P(v says y | c), [K]. */
function agreementByTruth(confusion: Float64Array, u: number, v: number, K: number): Float64Array {
  const agreement = new Float64Array(K);
  for (let at = 0; at < K * K; at++)
    agreement[Math.floor(at / K)] += confusion[u * K * K + at] * confusion[v * K * K + at];
  return agreement;
}

/**
 * Pairs that make raters suspects, by two rules: the ones that stand out from all others, and those so high that a rater has less
 * than one by chance. Where a ring is a large part of the pool nothing stands out from it; where honest raters agree on hard
 * items the second rule names too many.
 */
export function suspectPairs(z: Float64Array, raters: number): number[][] {
  const chance = Math.min(0.5, raters / (2 * Math.max(1, z.length)));
  const least = normalQuantile(1 - chance);
  const high = Array.from(z.keys()).filter((i) => z[i] > least);
  return [discoveries(z, SUSPECT_RATE), high];
}

/** Groups with members in common become one; each rater is named once, with its strongest evidence. */
export function merged(groups: readonly GroupMember[][]): GroupMember[][] {
  const edges = new Map<number, Set<number>>();
  const evidence = new Map<number, GroupMember>();
  for (const members of groups)
    for (const member of members) {
      connect(edges, members[0].rater, member.rater);
      const known = evidence.get(member.rater);
      if (known === undefined || member.agreed - member.expected > known.agreed - known.expected)
        evidence.set(member.rater, member);
    }
  return components(edges, 1).map((group) =>
    group.sort((a, b) => a - b).map((rater) => evidence.get(rater) as GroupMember),
  );
}
