/**
 * Raters who repeat the vote that was cast before theirs. Whose vote comes just before a rater's own is chance, so an
 * honest rater, however skilled and of whatever taste, agrees with it as often as with the other votes on the item:
 *
 *   D_v = [v agrees with the vote before it] - (share of the other votes on the item that v agrees with)
 *
 * has mean 0. The vote just after v is left out of the others, because it may copy v. Votes that a rater casts at one
 * time (the pairs of a ranking) are one case; z = sum D / sqrt(sum D^2) over a rater's cases. Copiers are found among
 * all raters at a false discovery rate of 1% (Benjamini and Hochberg 1995), if they also agree with the votes before
 * theirs more than both raters' skills explain, as two experts do who always follow each other.
 */
import type { LabelVotes } from "../votes.js";
import { discoveries } from "./false-discovery.js";
import {
  agreementByTruth,
  excessOf,
  type IndependentRaters,
  independentRaters,
  truthWithout,
} from "./independent-raters.js";
import { normalizeRows } from "./label-estimate.js";
import type { RaterFlag } from "./rater-flags.js";
import { type VoteLists, voteLists } from "./vote-lists.js";

export interface Copier {
  rater: number;
  /** Votes that follow another one on their item, how many of them agree with it, and how many were expected to. */
  followed: number;
  agreed: number;
  expected: number;
}

export interface Copies {
  copiers: Copier[];
  /** How much of each vote is not a copy, in [0, 1], [V]: 1 but for a copier's votes that follow another. */
  kept: Float64Array;
}

const FALSE_DISCOVERY_RATE = 0.01;
/** Raters who copy a smaller share are not told from others. */
const MIN_COPIED = 0.2;
/** By how much the agreement must exceed what skills explain, in standard deviations. */
const MIN_EXCESS = 1.64;
const EM_STEPS = 2;

/**
 * @param time when each vote was cast, [V]; votes of an item cast at the same time have no order. Without times nobody is
 * found.
 */
export function copiedVotes(votes: LabelVotes, time: ArrayLike<number> | undefined): Copies {
  const W = votes.raters.length;
  const kept = new Float64Array(votes.item.length).fill(1);
  if (time === undefined) return { copiers: [], kept };
  const before = votesBefore(votes, time);
  const byRater = voteLists(votes.rater, W);
  const byItem = voteLists(votes.item, votes.items.length);
  const cases = Array.from({ length: W }, (_, w) => casesOf(votes, time, before, { byRater, byItem }, w));
  const z = Float64Array.from(cases, ({ z: own }) => own);
  const found = discoveries(z, FALSE_DISCOVERY_RATE, new Float64Array()).filter(
    (w) => copiedShare(cases[w]) >= MIN_COPIED,
  );
  if (found.length === 0) return { copiers: [], kept };
  const skilled = independentRaters(votes, kept, EM_STEPS, undefined);
  const copiers = found
    .filter((w) => excessOverSkill(votes, before, byRater, skilled, w) > MIN_EXCESS)
    .sort((a, b) => a - b);
  for (const w of copiers)
    for (let at = byRater.start[w]; at < byRater.start[w + 1]; at++)
      if (before[byRater.vote[at]] >= 0) kept[byRater.vote[at]] = 1 - copiedShare(cases[w]);
  return { copiers: copiers.map((rater) => ({ rater, ...cases[rater] })), kept };
}

/**
 * Who copies passes errors on, so that the votes of a unit err together even where copies count for less: its log-odds
 * are scaled by the share of its votes that are no copies, as correlated observations are worth fewer (Kish 1965,
 * "Survey Sampling", effective sample size). The likeliest label stays. @param chances [N, K]; changed in place. @param
 * unit of each vote, [V]. @param kept [V].
 */
export function withoutCopies(chances: Float64Array, K: number, unit: Int32Array, kept: Float64Array): void {
  if (kept.every((share) => share === 1)) return;
  const N = chances.length / K;
  const [all, own] = [new Float64Array(N), new Float64Array(N)];
  for (let v = 0; v < unit.length; v++) {
    all[unit[v]]++;
    own[unit[v]] += kept[v];
  }
  for (let at = 0; at < chances.length; at++) {
    const n = Math.floor(at / K);
    chances[at] **= all[n] === 0 ? 1 : own[n] / all[n];
  }
  normalizeRows(chances, K);
}

/** Adds a flag to each copier. @param flags of each rater, [W]. */
export function flagCopiers(flags: RaterFlag[][], copiers: readonly Copier[]): void {
  for (const { rater, followed, agreed, expected } of copiers)
    flags[rater].push({
      kind: "copying",
      reason: `repeats the vote cast before its own on ${agreed} of ${followed} items; ${expected.toFixed(1)} were expected from the other votes on them`,
    });
}

interface Cases {
  followed: number;
  agreed: number;
  expected: number;
  z: number;
}

/** (agreed - expected) / (followed - expected), at least 0. */
const copiedShare = ({ followed, agreed, expected }: Cases): number =>
  followed === expected ? 0 : Math.max(0, (agreed - expected) / (followed - expected));

/** The vote cast before each vote on its item, [V]; -1 if none, or if it has no order. */
function votesBefore({ item, items }: LabelVotes, time: ArrayLike<number>): Int32Array {
  const before = new Int32Array(item.length).fill(-1);
  const { start, vote } = voteLists(item, items.length);
  for (let i = 0; i < items.length; i++) {
    const own = vote.slice(start[i], start[i + 1]).sort((a, b) => time[a] - time[b]);
    for (let k = 1; k < own.length; k++) if (time[own[k - 1]] < time[own[k]]) before[own[k]] = own[k - 1];
  }
  return before;
}

function casesOf(
  votes: LabelVotes,
  time: ArrayLike<number>,
  before: Int32Array,
  { byRater, byItem }: { byRater: VoteLists; byItem: VoteLists },
  w: number,
): Cases {
  let [followed, agreed, expected] = [0, 0, 0];
  const sums = new Map<number, number>();
  for (let at = byRater.start[w]; at < byRater.start[w + 1]; at++) {
    const v = byRater.vote[at];
    if (before[v] < 0) continue;
    let [same, others] = [0, 0];
    for (let next = byItem.start[votes.item[v]]; next < byItem.start[votes.item[v] + 1]; next++) {
      const other = byItem.vote[next];
      if (other === v || other === before[v] || before[other] === v) continue;
      others++;
      if (votes.label[other] === votes.label[v]) same++;
    }
    if (others === 0) continue;
    const agrees = Number(votes.label[before[v]] === votes.label[v]);
    followed++;
    agreed += agrees;
    expected += same / others;
    sums.set(time[v], (sums.get(time[v]) ?? 0) + agrees - same / others);
  }
  let [sum, squares] = [0, 0];
  for (const own of sums.values()) {
    sum += own;
    squares += own * own;
  }
  return { followed, agreed, expected, z: squares > 0 ? sum / Math.sqrt(squares) : 0 };
}

/**
 * z of a rater's agreement with the votes before its own, given the truths by the other votes and both raters' skills.
 */
function excessOverSkill(
  votes: LabelVotes,
  before: Int32Array,
  byRater: VoteLists,
  model: IndependentRaters,
  w: number,
): number {
  const K = votes.labels.length;
  const truth = new Float64Array(K);
  let [agreed, expected, variance] = [0, 0, 0];
  for (let at = byRater.start[w]; at < byRater.start[w + 1]; at++) {
    const v = byRater.vote[at];
    if (before[v] < 0) continue;
    truthWithout(votes, model, [v, before[v]], truth);
    const both = agreementByTruth(model.confusion, w, votes.rater[before[v]], K);
    const chance = truth.reduce((sum, p, c) => sum + p * both[c], 0);
    agreed += Number(votes.label[before[v]] === votes.label[v]);
    expected += chance;
    variance += chance * (1 - chance);
  }
  return excessOf(agreed, expected, variance);
}
