import { PlumbError } from "../../base/errors.js";
import { sigmoid } from "../../statistics/special-functions.js";
import type { Comparisons, LabelVotes, Topics } from "../votes.js";
import type { RaterReport } from "./aggregate-labels.js";
import { bradleyTerry } from "./bradley-terry.js";
import { sharedAnswers } from "./collusion.js";
import { type ComparedPairs, comparedPairs, sideVotes } from "./compared-pairs.js";
import { contradictions } from "./contradiction.js";
import { type Copier, type Copies, copiedVotes, flagCopiers, withoutCopies } from "./copying.js";
import { crowdBt } from "./crowd-bt.js";
import { dawidSkene } from "./dawid-skene.js";
import { byHardness } from "./hardness.js";
import type { KnownLabels } from "./known-labels.js";
import { LEAST } from "./label-estimate.js";
import { noisyBradleyTerry } from "./noisy-bradley-terry.js";
import { raterFlags } from "./rater-flags.js";
import { balancedSkills, raterSkills, skillsOnKnown, truthByOthers } from "./rater-skill.js";
import type { GroupMember } from "./ring.js";
import { type RaterModel, robust } from "./robust.js";
import { robustPairs } from "./robust-pairs.js";
import { duelsOf, type ScoreEstimate } from "./score-estimate.js";
import { scoresPredictVotes } from "./score-evidence.js";
import { sideFlags } from "./side-bias.js";
import { flagOnTopic, type RatersByTopic, ratersByTopic } from "./topic-raters.js";
import { weightsWithout } from "./weight-cap.js";

export const PREFERENCE_METHODS = [
  "robust",
  "majority",
  "dawid-skene",
  "bradley-terry",
  "crowd-bt",
  "noisy-bradley-terry",
] as const;
/** A method that aggregates comparisons; `robust` is the default. */
export type PreferenceMethod = (typeof PREFERENCE_METHODS)[number];

/** Upper bound on a preference's noise: the variance of the unbiased loss grows as 1 / (1 - 2 noise)^2. */
export const MAX_NOISE = 0.4;

/** One compared pair, with the sides as in its first vote. */
export interface AggregatedPreference {
  item: string;
  left: string;
  right: string;
  /** P(left is better), in [0, 1]. */
  probability: number;
  /** P(the likelier side is the worse one), at most 0.4; losses use it as the rate of wrong labels. */
  noise: number;
  votes: number;
  /** Why a reviewer must decide, if the result contradicts all of the pair's votes. */
  review?: string;
  /** Whether a lead decided it, whatever the votes come to; aggregation itself never says so. */
  adjudicated?: true;
}

/**
 * What a method makes of comparisons: a preference for each compared pair, scores of candidates, and reports of
 * raters.
 */
export interface PreferenceAggregate {
  method: PreferenceMethod;
  preferences: AggregatedPreference[];
  /** Scores on the logistic scale with mean 0 and 95% intervals; none where each candidate is in one pair only. */
  scores: { candidate: string; score: number; low: number; high: number }[];
  raters: RaterReport[];
  /** Groups of colluding raters; only the robust method looks for them. */
  groups: GroupMember[][];
  /** The default's model of the raters; absent where scores of candidates decided. */
  model?: RaterModel;
}

/** How comparisons are aggregated; every option may be left out. */
export interface PreferenceOptions {
  seed?: number;
  /**
   * Known answers, such as those of gold items, by the votes' indices; `outcome` is that of `left`. Used by the methods
   * robust and crowd-bt, and for skills.
   */
  known?: readonly { item: number; left: number; right: number; outcome: number }[];
  /** Largest share of the total weight that one rater may have, in (0, 1]; only for the robust method. */
  maxShare?: number;
  /** When each vote was cast, [V], in any unit: raters who repeat the vote before theirs are found by it. */
  time?: ArrayLike<number> | undefined;
  /** Topics of the votes: who answers differently on one than elsewhere is judged by its votes there, and flagged. */
  topics?: Topics | undefined;
}

/**
 * Aggregates comparisons into preferences. Comparisons of several aspects must be aggregated one aspect at a time.
 *
 * @throws PlumbError when there are no votes.
 */
export function aggregatePreferences(
  votes: Comparisons,
  method: PreferenceMethod = "robust",
  { seed = 0, known = [], maxShare = 1, time, topics }: PreferenceOptions = {},
): PreferenceAggregate {
  if (votes.left.length === 0) throw new PlumbError("there are no votes to aggregate");
  const pairs = comparedPairs(votes);
  const sides = sideVotes(votes, pairs, true).votes;
  const labels = knownSides(votes, pairs, sides.labels, known);
  const recur = candidatesRecur(votes, pairs);
  const copies = copiedVotes(sides, time);
  const apart = ratersByTopic(votes, sides, method === "robust" ? topics : undefined, labels);
  const scored =
    method === "robust" && !recur
      ? undefined
      : scoredPairs(apart.votes, pairs, method, {
          ...{ seed, known, labels, maxShare, kept: copies.kept },
          sides: { ...sides, raters: apart.votes.raters, rater: apart.votes.rater },
        });
  const estimate =
    scored !== undefined && (method !== "robust" || scoresDecide(apart.votes, pairs, scored.weight, seed))
      ? scored
      : {
          ...judgedByVotes(apart.votes, pairs, { seed, labels, maxShare, kept: copies.kept }),
          ...(scored && scoresOf(scored)),
        };
  if (method === "robust") leaveOutCopies(estimate.probability, pairs, copies);
  const counts = new Int32Array(pairs.left.length);
  for (const p of pairs.pair) counts[p]++;
  const decided = Int32Array.from(estimate.probability, (p) => (p > 0.5 ? 0 : p < 0.5 ? 1 : -1));
  const review = contradictions(sides, decided);
  const groups = estimate.groups.map((members) => apart.whole(members));
  const shown = recur ? [...votes.candidates.keys()] : [];
  return {
    method,
    preferences: Array.from(pairs.left, (left, p) => {
      const probability = estimate.probability[p];
      return {
        item: votes.items[pairs.item[p]],
        left: votes.candidates[left],
        right: votes.candidates[pairs.right[p]],
        probability,
        noise: Math.min(MAX_NOISE, probability, 1 - probability),
        votes: counts[p],
        ...(review[p] !== undefined && { review: review[p] }),
      };
    }),
    scores: shown.map((c) => ({
      candidate: votes.candidates[c],
      score: estimate.score[c],
      low: estimate.low[c],
      high: estimate.high[c],
    })),
    raters: raterReports(votes, pairs, {
      ...estimate,
      ...{ groups, known: labels, copiers: copies.copiers, apart },
    }),
    groups,
    ...(estimate.model !== undefined && { model: estimate.model }),
  };
}

/** @param probability of each pair's left candidate, [P]; changed in place. */
function leaveOutCopies(probability: Float64Array, { pair }: ComparedPairs, { kept }: Copies): void {
  const chances = Float64Array.from({ length: 2 * probability.length }, (_, at) =>
    at % 2 === 0 ? probability[at / 2] : 1 - probability[(at - 1) / 2],
  );
  withoutCopies(chances, 2, pair, kept);
  for (let p = 0; p < probability.length; p++) probability[p] = chances[2 * p];
}

interface PairsEstimate extends ScoreEstimate {
  /** P(the pair's left candidate is better), [P]. */
  probability: Float64Array;
  /** Weight of each vote, [V]. */
  weight: Float64Array;
  groups: GroupMember[][];
  /** The model of the raters that the default took. */
  model?: RaterModel;
}

/** Battles that name no item are about their candidates and nothing else; otherwise scores decide if they know more. */
const scoresDecide = (
  votes: Comparisons,
  pairs: ComparedPairs,
  weight: Float64Array,
  seed: number,
): boolean => votes.items.length === 1 || scoresPredictVotes(votes, pairs, weight, seed);

const scoresOf = ({ score, low, high }: PairsEstimate): ScoreEstimate => ({ score, low, high });

/** By a method that fits scores of candidates, or reads votes only. @param sides the votes as labels, with ties. */
function scoredPairs(
  votes: Comparisons,
  pairs: ComparedPairs,
  method: PreferenceMethod,
  {
    seed,
    known,
    labels,
    maxShare,
    sides,
    kept,
  }: Required<Omit<PreferenceOptions, "time" | "topics">> & {
    labels: KnownLabels | undefined;
    sides: LabelVotes;
    kept: Float64Array;
  },
): PairsEstimate {
  const groups = method === "robust" ? sharedAnswers(sides, { seed, known: labels }).colluding : [];
  const weight = weightsWithout(groups, votes, maxShare, method === "robust" ? kept : undefined);
  const estimate =
    known.length > 0 && KNOWN_BY.includes(method)
      ? estimateWithKnown(votes, method, weight, known)
      : estimatePairs(votes, pairs, method, weight);
  return { ...estimate, weight, groups };
}

/**
 * Whether a candidate is in several pairs, so that its other comparisons say something of each; or may be, as battles
 * without items have one item in common.
 */
function candidatesRecur({ items }: Comparisons, { left, right }: ComparedPairs): boolean {
  if (items.length === 1) return true;
  const seen = new Set<number>();
  for (const candidates of [left, right])
    for (const candidate of candidates) {
      if (seen.has(candidate)) return true;
      seen.add(candidate);
    }
  return false;
}

/**
 * Each pair by its own votes and what they and the other pairs show of their raters: sides are labels, raters are judged
 * by the sides they take, a weak preference decides its pair as much as it is strong next to the strongest of all
 * (hardness.ts), and the log-odds shrink by the share of ties, each as its rater's skill weighs.
 */
function judgedByVotes(
  votes: Comparisons,
  pairs: ComparedPairs,
  {
    seed,
    labels,
    maxShare,
    kept,
  }: { seed: number; labels: KnownLabels | undefined; maxShare: number; kept: Float64Array },
): PairsEstimate {
  const P = pairs.left.length;
  const sides = sideVotes(votes, pairs, false);
  const said = Float64Array.from(sides.from, (v) => Math.abs(2 * votes.outcome[v] - 1));
  const strongest = said.reduce((most, s) => Math.max(most, s), 0);
  const { ability, weight, groups, model } = robust(sides.votes, {
    ...{ seed, known: withoutTies(labels), maxShare },
    strength: Float64Array.from(sides.from, (v) => kept[v]),
    confusions: false,
  });
  const strength = said.map((s) => s / strongest);
  const first = byHardness(sides.votes, ability, weight, strength);
  // What a vote weighs in log-odds, a tie like a vote for a side.
  const [cast, decided] = [new Float64Array(P), new Float64Array(P)];
  for (let v = 0; v < pairs.pair.length; v++) {
    const weighs = Math.abs(Math.log(ability[votes.rater[v]] / (1 - ability[votes.rater[v]])));
    cast[pairs.pair[v]] += weighs;
    if (votes.outcome[v] !== 0.5) decided[pairs.pair[v]] += weighs;
  }
  const probability = Float64Array.from({ length: P }, (_, p) => {
    const [left, right] = [first[p], 1 - first[p]];
    return 1 / (1 + (right / left) ** (decided[p] / Math.max(LEAST, cast[p])));
  });
  const all = new Float64Array(votes.rater.length).fill(1);
  for (const [i, v] of sides.from.entries()) all[v] = weight[i] > 0 ? 1 : 0;
  const unscored = new Float64Array(votes.candidates.length);
  return { probability, weight: all, groups, model, score: unscored, low: unscored, high: unscored };
}

/** Known sides, where a known tie is not known. */
const withoutTies = (known: KnownLabels | undefined): KnownLabels | undefined =>
  known?.map((side) => (side === 2 ? -1 : side));

/**
 * Known answers as labels of pairs: left 0, right 1, tie 2 if ties are a label; -1 where unknown.
 *
 * @returns undefined if no answer is known.
 */
function knownSides(
  { item, left, right }: Comparisons,
  { pair, flipped }: ComparedPairs,
  labels: readonly string[],
  known: NonNullable<PreferenceOptions["known"]>,
): KnownLabels | undefined {
  if (known.length === 0) return undefined;
  const key = (i: number, a: number, b: number) => `${i} ${Math.min(a, b)} ${Math.max(a, b)}`;
  const answers = new Map(known.map((one) => [key(one.item, one.left, one.right), one]));
  const sides = new Int32Array(pair.reduce((most, p) => Math.max(most, p), 0) + 1).fill(-1);
  for (let v = 0; v < pair.length; v++) {
    const one = answers.get(key(item[v], left[v], right[v]));
    if (one === undefined) continue;
    const [a] = flipped[v] === 1 ? [right[v]] : [left[v]];
    const outcome = a === one.left ? one.outcome : 1 - one.outcome;
    sides[pair[v]] = outcome > 0.5 ? 0 : outcome < 0.5 ? 1 : labels.length > 2 ? 2 : -1;
  }
  return sides;
}

/** Methods that learn from known answers. */
const KNOWN_BY: readonly PreferenceMethod[] = ["robust", "crowd-bt"];

/** Runs a method with one more rater, who is trusted and gives the known answers. */
function estimateWithKnown(
  votes: Comparisons,
  method: PreferenceMethod,
  weight: Float64Array,
  known: NonNullable<PreferenceOptions["known"]>,
): ScoreEstimate & { probability: Float64Array } {
  const trusted = votes.raters.length;
  const joined = (own: Int32Array, more: number[]) => Int32Array.from([...own, ...more]);
  const all: Comparisons = {
    ...votes,
    raters: [...votes.raters, ""],
    item: joined(
      votes.item,
      known.map(({ item }) => item),
    ),
    left: joined(
      votes.left,
      known.map(({ left }) => left),
    ),
    right: joined(
      votes.right,
      known.map(({ right }) => right),
    ),
    rater: joined(
      votes.rater,
      known.map(() => trusted),
    ),
    outcome: Float64Array.from([...votes.outcome, ...known.map(({ outcome }) => outcome)]),
  };
  const weights = Float64Array.from([...weight, ...known.map(() => 1)]);
  // Pairs are numbered by their first votes, so the votes' own pairs keep the numbers they have without known answers.
  return estimatePairs(all, comparedPairs(all), method, weights, trusted);
}

function estimatePairs(
  votes: Comparisons,
  pairs: ComparedPairs,
  method: PreferenceMethod,
  weight: Float64Array,
  trusted?: number,
): ScoreEstimate & { probability: Float64Array } {
  const byScores = (estimate: ScoreEstimate) => ({
    ...estimate,
    probability: Float64Array.from(pairs.left, (left, p) =>
      sigmoid(estimate.score[left] - estimate.score[pairs.right[p]]),
    ),
  });
  const scored = () => bradleyTerry(duelsOf(votes.left, votes.right, votes.outcome), votes.candidates.length);
  switch (method) {
    case "robust":
      return robustPairs(votes, pairs, weight, trusted);
    case "majority":
      return { ...scored(), probability: shareForLeft(votes, pairs) };
    case "dawid-skene":
      return { ...scored(), probability: likelierSide(votes, pairs) };
    case "bradley-terry":
      return byScores(scored());
    case "crowd-bt":
      return byScores(crowdBt(votes, { trusted: new Set(trusted === undefined ? [] : [trusted]) }));
    case "noisy-bradley-terry":
      return byScores(noisyBradleyTerry(votes));
  }
}

/** P(the pair's left candidate is better) by Dawid and Skene, [P]: sides are labels, and a tie is half of each. */
function likelierSide(votes: Comparisons, pairs: ComparedPairs): Float64Array {
  const sides = sideVotes(votes, pairs, true).votes;
  const K = sides.labels.length;
  const { posterior } = dawidSkene(sides);
  return Float64Array.from(pairs.left, (_, p) => posterior[p * K] + (K > 2 ? posterior[p * K + 2] / 2 : 0));
}

/** Mean outcome for the pair's left candidate, [P]. */
function shareForLeft({ outcome }: Comparisons, { left, pair, flipped }: ComparedPairs): Float64Array {
  const [sum, count] = [new Float64Array(left.length), new Float64Array(left.length)];
  for (let v = 0; v < outcome.length; v++) {
    sum[pair[v]] += flipped[v] === 1 ? 1 - outcome[v] : outcome[v];
    count[pair[v]]++;
  }
  return sum.map((total, p) => total / count[p]);
}

/** Skills count only votes that take a side; ties are neither right nor wrong. */
function raterReports(
  votes: Comparisons,
  pairs: ComparedPairs,
  {
    probability,
    weight,
    groups,
    known,
    copiers,
    apart,
  }: {
    probability: Float64Array;
    weight: Float64Array;
    groups: GroupMember[][];
    known: KnownLabels | undefined;
    copiers: readonly Copier[];
    apart: RatersByTopic<Comparisons>;
  },
): RaterReport[] {
  const sides = sideVotes(votes, pairs, false);
  const P = pairs.left.length;
  const start = new Float64Array(P * 2);
  for (let p = 0; p < P; p++) {
    start[p * 2] = probability[p];
    start[p * 2 + 1] = 1 - probability[p];
  }
  const decided = withoutTies(known);
  const truths = truthByOthers(
    sides.votes,
    start,
    Float64Array.from(sides.from, (v) => weight[v]),
    decided,
  );
  const skills = raterSkills(sides.votes, truths);
  const onKnown = skillsOnKnown(sides.votes, truths, decided);
  const flags = raterFlags(balancedSkills(sides.votes, truths), 0.5, groups, onKnown);
  for (const [rater, flag] of sideFlags(votes, pairs, sides.from, truths)) flags[rater].push(flag);
  flagCopiers(flags, copiers);
  if (apart.found.length > 0)
    flagOnTopic(flags, apart, balancedSkills(sideVotes(apart.votes, pairs, false).votes, truths), 0.5);
  const counts = new Int32Array(votes.raters.length);
  for (const rater of votes.rater) counts[rater]++;
  return votes.raters.map((rater, w) => ({ rater, votes: counts[w], skill: skills[w], flags: flags[w] }));
}
