/**
 * Finds raters who answer from a shared key instead of judging. Given the truth, honest raters err independently;
 * colluders agree more than their error rates allow. EM methods mistake such agreement for skill, so it must be found
 * first.
 *
 * 1. Estimate truths by majority vote, and by two steps of the one-coin model's EM: run to convergence, EM follows a
 *    large enough ring and takes the honest raters for the ring. Compute every rater's confusions against these truths.
 *    The next steps are done with both estimates.
 * 2. For each pair of raters, compare agreements on common items with their expectation, given each item's truth as
 *    estimated from its other votes: z = (a - e) / sqrt(v + 1/4). Of the pairs that stand out, keep those in a
 *    triangle; each connected component is a group of suspects. So are the group in which z is densest
 *    (dense-group.ts), and the raters whom EM believes when it is run to convergence.
 * 3. The key of the suspects is what most of them say. Every rater is tested against it at a strict rate, with the
 *    rater's own vote left out, and must copy at least three quarters of the answers, (a - e) / (n - e). Suspects who
 *    do not are dropped; raters who do are added, even if they had too few items in common with any one suspect. A
 *    group of three or more is a ring if its key has next to nothing to do with the others' votes (ring.ts): groups whose
 *    key shares most of the agreement that the others have among themselves, beyond chance, know better, and so do those
 *    who agree no more than the others do; between the two are people of another opinion. Suspects with 27 in 100
 *    of the votes on their items or more, and less than half, are tested against the truths of the others' votes too: a
 *    large ring has a part in the truths, and its agreement then passes for skill.
 * 4. The ring that copies the largest share is set aside, and the search starts again without its votes until no more
 *    rings are found: a ring distorts the truths, which can make other raters look like one. Then rings of two are
 *    looked for (rings-of-two.ts), and the search goes on without them.
 */

import { upperMedian } from "../../statistics/median.js";
import { normalQuantile } from "../../statistics/normal.js";
import type { LabelVotes } from "../votes.js";
import { denseGroup } from "./dense-group.js";
import { discoveries } from "./false-discovery.js";
import {
  agreementByTruth,
  excessOf,
  type IndependentRaters,
  independentRaters,
  truthWithout,
} from "./independent-raters.js";
import type { KnownLabels } from "./known-labels.js";
import { meanRight } from "./label-estimate.js";
import { components, connect, graph, inTriangles } from "./rater-graph.js";
import { copied, type GroupMember, ring, ringAgainstOthers, SMALLEST_GROUP } from "./ring.js";
import { LEAST_COMMON_OF_TWO, ringsOfTwo } from "./rings-of-two.js";
import { sampledLists } from "./sampled-lists.js";
import { type VoteLists, voteLists } from "./vote-lists.js";

export interface CollusionOptions {
  /** Expected share of honest raters among those found. */
  falseDiscoveryRate?: number;
  /** Pairs with fewer items in common are not tested. */
  leastCommon?: number;
  seed?: number;
  /** Known labels, [I]; -1 where unknown. */
  known?: KnownLabels;
}

/** Groups of raters who share answers, largest first. */
export interface SharedAnswers {
  /** Groups of two or more whose answers have little to do with the others': rings. */
  colluding: GroupMember[][];
  /** Groups who agree with the others too, and more among themselves: experts, or people of one taste. */
  knowing: GroupMember[][];
}

const ROUNDS = 10;
const EM_STEPS = [0, 2];
/** Least share of the votes on their items with which suspects have a part in the truths. */
const LEAST_TOLD = 0.27;
/** Steps of EM without the suspects' votes. */
const STEPS_OF_OTHERS = 2;
/** Steps after which EM has settled on whom it believes. */
const EM_END = 40;
/** Expected share of false pairs among those that make raters suspects. */
const SUSPECT_RATE = 0.2;
/** About the most pairs of raters tested. */
const MAX_PAIRS_OF_RATERS = 4e6;

export function sharedAnswers(
  votes: LabelVotes,
  { falseDiscoveryRate = 0.01, leastCommon = 3, seed = 0, known }: CollusionOptions = {},
): SharedAnswers {
  const byItem = sampledLists(votes, seed);
  const byRater = voteLists(votes.rater, votes.raters.length);
  let [colluding, knowing]: GroupMember[][][] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const flagged = new Set(colluding.flat().map(({ rater }) => rater));
    const weight = Float64Array.from(votes.rater, (rater) => (flagged.has(rater) ? 0 : 1));
    const winners = believedInTheEnd(votes, weight, known);
    const models = EM_STEPS.map((steps) => independentRaters(votes, weight, steps, known));
    const againstOthers = (suspects: readonly number[]) =>
      truthsOfOthers(votes, weight, suspects, known).flatMap(
        (truths) => ringAgainstOthers(votes, truths, byRater, suspects, falseDiscoveryRate) ?? [],
      );
    const fresh = models
      .flatMap((model) => {
        const pairs = testedPairs(votes, model, byItem, byRater, leastCommon);
        const standOut = suspectPairs(pairs.z, votes.raters.length).flatMap((edges) =>
          components(inTriangles(graph(pairs, edges)), SMALLEST_GROUP),
        );
        const groups = [...standOut, denseGroup(pairs, votes.raters.length, SMALLEST_GROUP)];
        const followed = [...groups, winners].flatMap(
          (suspects) => ring(votes, model, byRater, suspects, falseDiscoveryRate) ?? [],
        );
        return [...followed, ...groups.flatMap(againstOthers)];
      })
      .concat(againstOthers(winners))
      .filter(({ members }) => members.some(({ rater }) => !flagged.has(rater)));
    knowing = fresh.filter(({ knowBetter }) => knowBetter).map(({ members }) => members);
    const rings = fresh.filter(({ knowBetter }) => !knowBetter).map(({ members }) => members);
    const twos = () => {
      const [, model] = models;
      const pairs = testedPairs(votes, model, byItem, byRater, LEAST_COMMON_OF_TWO);
      return ringsOfTwo(votes, model, byRater, pairs, flagged);
    };
    const found = rings.length > 0 ? [rings.reduce((a, b) => (copied(b) > copied(a) ? b : a))] : twos();
    if (found.length === 0) break;
    colluding = merged([...colluding, ...found]);
  }
  const bySize = (groups: GroupMember[][]) => groups.sort((a, b) => b.length - a.length);
  return { colluding: bySize(colluding), knowing: bySize(merged(knowing)) };
}

/**
 * The truths by all votes but the suspects'; none where they have half of the votes on their items, or so few that the
 * truths are the others' all the same.
 */
function truthsOfOthers(
  votes: LabelVotes,
  weight: Float64Array,
  suspects: readonly number[],
  known: KnownLabels | undefined,
): IndependentRaters[] {
  if (suspects.length < SMALLEST_GROUP) return [];
  const isSuspect = new Uint8Array(votes.raters.length);
  for (const rater of suspects) isSuspect[rater] = 1;
  const others = weight.map((share, v) => (isSuspect[votes.rater[v]] ? 0 : share));
  const [theirs, all] = [new Float64Array(votes.items.length), new Float64Array(votes.items.length)];
  for (let v = 0; v < weight.length; v++) {
    all[votes.item[v]] += weight[v];
    theirs[votes.item[v]] += weight[v] - others[v];
  }
  let [own, there] = [0, 0];
  for (let i = 0; i < all.length; i++)
    if (theirs[i] > 0) {
      own += theirs[i];
      there += all[i];
    }
  return own >= LEAST_TOLD * there && own < there / 2
    ? [independentRaters(votes, others, STEPS_OF_OTHERS, known)]
    : [];
}

/** The raters whom EM believes in the end, far more than the median rater: a ring that takes over is among them. */
function believedInTheEnd(votes: LabelVotes, weight: Float64Array, known: KnownLabels | undefined): number[] {
  const right = meanRight(independentRaters(votes, weight, EM_END, known).confusion, votes);
  const least = (1 + upperMedian(right)) / 2;
  return [...right.keys()].filter((w) => right[w] > least);
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

/**
 * Pairs that make raters suspects, as one list for each of two rules: pairs that stand out from all others, and pairs
 * so high that a rater would have fewer than one by chance. The first rule finds nothing where a ring is a large part
 * of the pool; the second finds too many where honest raters agree on hard items.
 */
export function suspectPairs(z: Float64Array, raters: number): number[][] {
  const chance = Math.min(0.5, raters / (2 * Math.max(1, z.length)));
  const least = normalQuantile(1 - chance);
  const high = Array.from(z.keys()).filter((i) => z[i] > least);
  return [discoveries(z, SUSPECT_RATE), high];
}

/** Merges groups that share members; each rater is listed once, with the strongest evidence. */
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
