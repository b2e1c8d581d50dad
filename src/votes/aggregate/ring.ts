/** Finds raters who follow one key, and decides whether they are a ring or know better than the rest. */
import type { LabelVotes } from "../votes.js";
import { discoveries } from "./false-discovery.js";
import { excessOf, type IndependentRaters, truthWithout } from "./independent-raters.js";
import type { VoteLists } from "./vote-lists.js";

/** A rater who follows a group's key. */
export interface GroupMember {
  rater: number;
  /** Number of votes on items that have a key; `agreed` of them equal the key, and `expected` were expected to. */
  common: number;
  agreed: number;
  expected: number;
}

export const SMALLEST_GROUP = 3;
/** Raters who copy a smaller share are not members: honest raters share the mistakes that hard items invite. */
export const MIN_COPIED = 0.75;
/** A ring whose key had no part in the truths: its members may copy less, since nothing else explains their agreement. */
const MIN_COPIED_APART = 0.65;
/** A member may seem to copy less by chance, by this many standard deviations: nine in ten do not. */
const SURELY_LESS = 1.28;
/** Raters who copy this share may belong to the group, and are no witnesses for it. */
const KIN_COPIED = 0.4;
const KIN_SCORE = 3;

/** Raters who follow one key. */
interface Followers {
  members: GroupMember[];
  /** Whether they agree because they know the truth, as far as the others' votes tell. */
  knowBetter: boolean;
}

/**
 * A ring whose key has part in the truths unless they are estimated without it.
 *
 * @param truthsOfOthers by the votes of all who are no suspects. @returns the suspects who follow their key, if together
 * they copy enough of it and it has next to nothing to do with the others' votes; undefined if they are no ring.
 */
export function ringAgainstOthers(
  votes: LabelVotes,
  truthsOfOthers: IndependentRaters,
  byRater: VoteLists,
  suspects: readonly number[],
  rate: number,
): Followers | undefined {
  const { members: all, scores, isSeed } = heldAgainstKey(votes, truthsOfOthers, byRater, suspects);
  const others = scores.filter((_, i) => isSeed[all[i].rater] === 0);
  const members = discoveries(Float64Array.from(scores), rate, Float64Array.from(others))
    .map((i) => all[i])
    .filter((member) => isSeed[member.rater] === 1 && mostCopied(member) >= MIN_COPIED_APART)
    .sort((a, b) => a.rater - b.rater);
  if (members.length < SMALLEST_GROUP || copied(members) < MIN_COPIED_APART) return undefined;
  const raters = members.map(({ rater }) => rater);
  return mayBeRing(sharedWithOthers(votes, raters, suspects)) ? { members, knowBetter: false } : undefined;
}

/** The greatest share that a rater may copy, given how few its answers are. */
function mostCopied(member: GroupMember): number {
  const { common, agreed, expected } = member;
  const deviation = Math.sqrt((agreed * (common - agreed)) / common);
  return copied([member]) + (SURELY_LESS * deviation) / (common - expected);
}

/**
 * The followers of the suspects' key, tested again against their own key; undefined if fewer than three are left, or if
 * they are people of another opinion.
 */
export function ring(
  votes: LabelVotes,
  model: IndependentRaters,
  byRater: VoteLists,
  suspects: readonly number[],
  rate: number,
): Followers | undefined {
  const first = followers(votes, model, byRater, suspects, rate);
  if (first.length < SMALLEST_GROUP) return undefined;
  const raters = first.map(({ rater }) => rater);
  const members = followers(votes, model, byRater, raters, rate);
  if (members.length < SMALLEST_GROUP) return undefined;
  const { members: all, scores } = heldAgainstKey(votes, model, byRater, raters);
  const kin = all
    .filter((member, i) => scores[i] > KIN_SCORE && copied([member]) >= KIN_COPIED)
    .map(({ rater }) => rater);
  const shared = sharedWithOthers(votes, raters, kin);
  if (shared.part >= MIN_SHARED) return { members, knowBetter: true };
  return mayBeRing(shared) ? { members, knowBetter: false } : undefined;
}

/** How much of the others' agreement among themselves, beyond chance, they must have with a group that knows better. */
export const MIN_SHARED = 0.6;
/**
 * How much they may have with a ring, within what chance allows. Between the two are people of another opinion on part of
 * the items: they are neither left out nor believed more than their votes are worth.
 */
const MAX_SHARED_BY_RING = 0.2;
/** Standard deviations that are chance: one ring in twenty agrees more with the others. */
const BY_CHANCE = 1.64;

const mayBeRing = ({ part, deviation }: Shared): boolean =>
  part < MIN_SHARED && part - BY_CHANCE * deviation < MAX_SHARED_BY_RING;

/** How often a group's key agrees with the others' votes, as a part of how often they agree among themselves. */
export interface Shared {
  part: number;
  /** Of `part`, if a key agreed with the others on each item by chance. */
  deviation: number;
}

/**
 * Whether these raters agree because they know the truth: how often their majority agrees with the others' votes, beyond
 * chance, as a part of how often the others agree among themselves so. A ring's key has nothing to do with the truth, and
 * agrees with the others by chance alone; experts who are right where the crowd is wrong agree with it elsewhere. Infinity
 * if the others agree among themselves at least as often as these raters do, because then the others may be the ring.
 *
 * @param kin raters who follow the key too, though not surely: they are not asked.
 */
export function sharedWithOthers(
  votes: LabelVotes,
  raters: readonly number[],
  kin: readonly number[] = [],
): Shared {
  const [I, K] = [votes.items.length, votes.labels.length];
  const isMember = new Uint8Array(votes.raters.length);
  const counts = new Uint8Array(votes.raters.length).fill(1);
  for (const rater of kin) counts[rater] = 0;
  for (const rater of raters) isMember[rater] = counts[rater] = 1;
  const [inside, outside] = [new Int32Array(I * K), new Int32Array(I * K)];
  for (let v = 0; v < votes.item.length; v++)
    if (counts[votes.rater[v]])
      (isMember[votes.rater[v]] ? inside : outside)[votes.item[v] * K + votes.label[v]]++;
  let [withKey, others, squares] = [0, 0, 0];
  const [keys, said] = [new Float64Array(K), new Float64Array(K)];
  for (let at = 0; at < I * K; at += K) {
    const key = keyOf(inside.subarray(at, at + K), -1);
    if (key === -1) continue;
    withKey += outside[at + key];
    let here = 0;
    for (let y = 0; y < K; y++) {
      here += outside[at + y];
      others += outside[at + y];
      keys[key] += outside[at + y];
      said[y] += outside[at + y];
    }
    squares += (outside[at + key] - here / K) ** 2;
  }
  const byChance = (a: Float64Array, b: Float64Array) =>
    a.reduce((sum, n, y) => sum + (n / others) * (b[y] / others), 0);
  const amongOthers = agreement(outside, K);
  const shared = withKey / others - byChance(keys, said);
  const own = amongOthers - byChance(said, said);
  return own <= 0 || agreement(inside, K) <= amongOthers
    ? { part: Number.POSITIVE_INFINITY, deviation: 0 }
    : { part: shared / own, deviation: Math.sqrt(squares) / others / own };
}

/**
 * Share of pairs of votes on the same item that agree; NaN if there are none. @param counts by item and label, [I, K].
 */
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

/** Raters who follow the key of a group. @param seeds the members so far. */
export function followers(
  votes: LabelVotes,
  model: IndependentRaters,
  byRater: VoteLists,
  seeds: readonly number[],
  rate: number,
): GroupMember[] {
  const { members, scores, isSeed } = heldAgainstKey(votes, model, byRater, seeds);
  const others = scores.filter((_, i) => isSeed[members[i].rater] === 0);
  return discoveries(Float64Array.from(scores), rate, Float64Array.from(others))
    .map((i) => members[i])
    .filter((member) => copied([member]) >= MIN_COPIED)
    .sort((a, b) => a.rater - b.rater);
}

/**
 * Every rater who has votes on items with a key, its agreement with the key, and how far that is from what is expected.
 */
function heldAgainstKey(
  votes: LabelVotes,
  model: IndependentRaters,
  byRater: VoteLists,
  seeds: readonly number[],
): { members: GroupMember[]; scores: number[]; isSeed: Uint8Array } {
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
    scores.push(excessOf(agreed, expected, variance));
  }
  return { members, scores, isSeed };
}

/**
 * The label that most members give an item, with one vote for label `own` left out (-1: none); -1 if no vote is left or
 * two labels tie.
 */
export function keyOf(says: Int32Array, own: number): number {
  let [key, most, even] = [-1, 0, false];
  for (let y = 0; y < says.length; y++) {
    const count = says[y] - (y === own ? 1 : 0);
    if (count > most) [key, most, even] = [y, count, false];
    else if (count === most) even = true;
  }
  return even ? -1 : key;
}

/** Share of the answers that a ring copies: (agreed - expected) / (common - expected). */
export const copied = (members: readonly GroupMember[]): number => {
  let [excess, room] = [0, 0];
  for (const { common, agreed, expected } of members) {
    excess += agreed - expected;
    room += common - expected;
  }
  return excess / room;
};
