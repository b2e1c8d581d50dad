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
import { RandomStream } from "../../random.js";
import { normalQuantile } from "../../statistics/normal.js";
import type { LabelVotes } from "../votes.js";
import { oneCoin } from "./dawid-skene.js";
import { discoveries } from "./false-discovery.js";
import { classShares, type KnownLabels } from "./known-labels.js";
import { confusions, LEAST, softmaxRows } from "./label-estimate.js";
import { type VoteLists, voteLists } from "./vote-lists.js";

/** A rater who follows a group's key. */
export interface GroupMember {
  rater: number;
  /** Votes on items that have a key, those among them that are the key, and how many were to be expected. */
  common: number;
  agreed: number;
  expected: number;
}

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
const SMALLEST_GROUP = 3;
/** Who copies less of its answers is not held to be one: honest raters share the mistakes that hard items invite. */
const LEAST_COPIED = 0.75;
const PSEUDO = 0.5;
/** Log-odds of a known label: beyond what any votes that are taken out of it weigh. */
const CERTAIN = 1000;
/** Pairs of votes on one item that are looked at, over all items: time stays in bounds where every rater rates every item. */
const MOST_PAIRS_OF_VOTES = 2e7;
/** Pairs of raters that are tested. */
const MOST_PAIRS_OF_RATERS = 4e6;

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

/** Truths and confusions as if raters erred independently. */
interface Model {
  weight: Float64Array;
  /** Log-weights of truths, all votes of weight 1 in them, [I, K]. */
  logTruth: Float64Array;
  /** [W, K, K]. */
  confusion: Float64Array;
}

function independentRaters(
  votes: LabelVotes,
  weight: Float64Array,
  iterations: number,
  known: KnownLabels | undefined,
): Model {
  const K = votes.labels.length;
  const { posterior } = oneCoin(votes, { weight, pseudo: PSEUDO, iterations, tolerance: 0, known });
  const prior = classShares(posterior, known, K);
  const confusion = confusions(votes, posterior, PSEUDO);
  const logTruth = new Float64Array(posterior.length);
  for (let at = 0; at < logTruth.length; at++) logTruth[at] = Math.log(Math.max(LEAST, prior[at % K]));
  for (let v = 0; v < votes.item.length; v++)
    for (let c = 0; c < K; c++)
      logTruth[votes.item[v] * K + c] +=
        weight[v] * Math.log(confusion[(votes.rater[v] * K + c) * K + votes.label[v]]);
  if (known !== undefined)
    for (let i = 0; i < known.length; i++)
      for (let c = 0; c < K && known[i] >= 0; c++) logTruth[i * K + c] = c === known[i] ? 0 : -CERTAIN;
  return { weight, logTruth, confusion };
}

/** P(truth of the votes' item | all votes but these), into `truth` [K]. */
function truthWithout(votes: LabelVotes, model: Model, own: readonly number[], truth: Float64Array): void {
  const K = truth.length;
  for (let c = 0; c < K; c++) {
    truth[c] = model.logTruth[votes.item[own[0]] * K + c];
    for (const v of own)
      if (model.weight[v] !== 0)
        truth[c] -= Math.log(model.confusion[(votes.rater[v] * K + c) * K + votes.label[v]]);
  }
  softmaxRows(truth, K);
}

/** z of every pair of raters with enough items in common. */
function testedPairs(
  votes: LabelVotes,
  model: Model,
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
  for (let u = 0; u < W && z.length < MOST_PAIRS_OF_RATERS; u++) {
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
        z.push(score(sums[v * 3], sums[v * 3 + 1], sums[v * 3 + 2]));
        sums.fill(0, v * 3, v * 3 + 3);
      }
      agreeing.clear();
    }
    for (const v of touched) common[v] = 0;
  }
  return { first, second, z: Float64Array.from(z) };
}

const score = (agreed: number, expected: number, variance: number): number =>
  (agreed - expected) / Math.sqrt(variance + 0.25);

/** sum_y P(u says y | c) P(v says y | c), [K]. */
function agreementByTruth(confusion: Float64Array, u: number, v: number, K: number): Float64Array {
  const agreement = new Float64Array(K);
  for (let at = 0; at < K * K; at++)
    agreement[Math.floor(at / K)] += confusion[u * K * K + at] * confusion[v * K * K + at];
  return agreement;
}

/** The followers of suspects' key, tested once more against their own; none where fewer than three are left. */
function ring(
  votes: LabelVotes,
  model: Model,
  byRater: VoteLists,
  suspects: readonly number[],
  rate: number,
): GroupMember[] {
  let members = followers(votes, model, byRater, suspects, rate);
  if (members.length < SMALLEST_GROUP) return [];
  const raters = members.map(({ rater }) => rater);
  members = followers(votes, model, byRater, raters, rate);
  return members.length < SMALLEST_GROUP || knowsBetter(votes, raters) ? [] : members;
}

/**
 * Whether these raters agree because they know: what most of them say agrees with the others' votes at least as often as those
 * agree among themselves. Also whether the others agree more than they do: then the others may be the ring.
 */
function knowsBetter(votes: LabelVotes, raters: readonly number[]): boolean {
  const [I, K] = [votes.items.length, votes.labels.length];
  const isMember = new Uint8Array(votes.raters.length);
  for (const rater of raters) isMember[rater] = 1;
  const [inside, outside] = [new Int32Array(I * K), new Int32Array(I * K)];
  for (let v = 0; v < votes.item.length; v++)
    (isMember[votes.rater[v]] ? inside : outside)[votes.item[v] * K + votes.label[v]]++;
  let [withKey, others] = [0, 0];
  for (let at = 0; at < I * K; at += K) {
    const key = keyOf(inside.subarray(at, at + K), -1);
    if (key === -1) continue;
    withKey += outside[at + key];
    for (let y = 0; y < K; y++) others += outside[at + y];
  }
  const amongOthers = agreement(outside, K);
  return withKey / others >= amongOthers || agreement(inside, K) <= amongOthers;
}

/** Share of pairs of votes on the same item that agree; NaN without any. @param counts by item and label, [I, K]. */
function agreement(counts: Int32Array, K: number): number {
  let [equal, pairs] = [0, 0];
  for (let at = 0; at < counts.length; at += K) {
    let n = 0;
    for (let y = 0; y < K; y++) {
      n += counts[at + y];
      equal += counts[at + y] * (counts[at + y] - 1);
    }
    pairs += n * (n - 1);
  }
  return equal / pairs;
}

/** Raters who follow the key of a group. @param seeds raters, members so far. */
function followers(
  votes: LabelVotes,
  model: Model,
  byRater: VoteLists,
  seeds: readonly number[],
  rate: number,
): GroupMember[] {
  const K = votes.labels.length;
  const says = new Int32Array(votes.items.length * K); // votes of members
  const isSeed = new Uint8Array(votes.raters.length);
  for (const rater of seeds) {
    isSeed[rater] = 1;
    for (let at = byRater.start[rater]; at < byRater.start[rater + 1]; at++)
      says[votes.item[byRater.vote[at]] * K + votes.label[byRater.vote[at]]]++;
  }
  const truth = new Float64Array(K);
  const members: GroupMember[] = [];
  const scores: number[] = [];
  for (let rater = 0; rater < votes.raters.length; rater++) {
    let [common, agreed, expected, variance] = [0, 0, 0, 0];
    for (let at = byRater.start[rater]; at < byRater.start[rater + 1]; at++) {
      const v = byRater.vote[at];
      const key = keyOf(
        says.subarray(votes.item[v] * K, (votes.item[v] + 1) * K),
        isSeed[rater] ? votes.label[v] : -1,
      );
      if (key === -1) continue;
      truthWithout(votes, model, [v], truth);
      let p = 0;
      for (let c = 0; c < K; c++) p += truth[c] * model.confusion[(rater * K + c) * K + key];
      common++;
      agreed += votes.label[v] === key ? 1 : 0;
      expected += p;
      variance += p * (1 - p);
    }
    if (common === 0) continue;
    members.push({ rater, common, agreed, expected });
    scores.push(score(agreed, expected, variance));
  }
  const others = scores.filter((_, i) => isSeed[members[i].rater] === 0);
  return discoveries(Float64Array.from(scores), rate, Float64Array.from(others))
    .map((i) => members[i])
    .filter((member) => copied([member]) >= LEAST_COPIED)
    .sort((a, b) => a.rater - b.rater);
}

/** What most members say of an item, one vote of label `own` left out; -1 where none is left or two labels are even. */
function keyOf(says: Int32Array, own: number): number {
  let [key, most, even] = [-1, 0, false];
  for (let y = 0; y < says.length; y++) {
    const count = says[y] - (y === own ? 1 : 0);
    if (count > most) [key, most, even] = [y, count, false];
    else if (count === most) even = true;
  }
  return even ? -1 : key;
}

/**
 * Pairs that make raters suspects, by two rules: the ones that stand out from all others, and those so high that a rater has less
 * than one by chance. Where a ring is a large part of the pool nothing stands out from it; where honest raters agree on hard
 * items the second rule names too many.
 */
function suspectPairs(z: Float64Array, raters: number): number[][] {
  const chance = Math.min(0.5, raters / (2 * Math.max(1, z.length)));
  const least = normalQuantile(1 - chance);
  const high = Array.from(z.keys()).filter((i) => z[i] > least);
  return [discoveries(z, SUSPECT_RATE), high];
}

function graph(
  pairs: { first: number[]; second: number[] },
  edges: readonly number[],
): Map<number, Set<number>> {
  const near = new Map<number, Set<number>>();
  for (const i of edges) connect(near, pairs.first[i], pairs.second[i]);
  return near;
}

function connect(edges: Map<number, Set<number>>, a: number, b: number): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ])
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
}

/** The edges whose ends have a neighbour in common. */
function inTriangles(edges: Map<number, Set<number>>): Map<number, Set<number>> {
  const kept = new Map<number, Set<number>>();
  for (const [a, near] of edges)
    for (const b of near) {
      const others = edges.get(b) ?? new Set();
      const [few, many] = near.size < others.size ? [near, others] : [others, near];
      for (const c of few)
        if (many.has(c)) {
          connect(kept, a, b);
          break;
        }
    }
  return kept;
}

/** Share of the answers that a ring copies: (agreed - expected) / (common - expected). */
const copied = (members: readonly GroupMember[]): number => {
  let [excess, room] = [0, 0];
  for (const { common, agreed, expected } of members) {
    excess += agreed - expected;
    room += common - expected;
  }
  return excess / room;
};

/** Groups with members in common become one; each rater is named once, with its strongest evidence. */
function merged(groups: readonly GroupMember[][]): GroupMember[][] {
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

/** Connected raters, groups of at least so many. */
function components(edges: Map<number, Set<number>>, least: number): number[][] {
  const seen = new Set<number>();
  const groups: number[][] = [];
  for (const start of edges.keys()) {
    if (seen.has(start)) continue;
    const group: number[] = [];
    const open = [start];
    seen.add(start);
    for (let rater = open.pop(); rater !== undefined; rater = open.pop()) {
      group.push(rater);
      for (const next of edges.get(rater) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        open.push(next);
      }
    }
    if (group.length >= least) groups.push(group);
  }
  return groups;
}

/** Votes by item; of items with very many, as many drawn at random as keep all pairs of votes in bounds. */
function sampledLists({ item, items }: LabelVotes, seed: number): VoteLists {
  const all = voteLists(item, items.length);
  const sizes = items.map((_, i) => all.start[i + 1] - all.start[i]);
  let most = Math.max(2, ...new Set(sizes));
  const pairs = (cap: number) => sizes.reduce((sum, size) => sum + Math.min(size, cap) ** 2 / 2, 0);
  while (most > 2 && pairs(most) > MOST_PAIRS_OF_VOTES) most = Math.floor(most * 0.9);
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
