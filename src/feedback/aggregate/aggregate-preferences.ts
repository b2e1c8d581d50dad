import { PlumbError } from "../../errors.js";
import { sigmoid } from "../../statistics/special-functions.js";
import type { Comparisons } from "../votes.js";
import type { RaterReport } from "./aggregate-labels.js";
import { bradleyTerry } from "./bradley-terry.js";
import { colludingGroups, type GroupMember } from "./collusion.js";
import { type ComparedPairs, comparedPairs, sideVotes } from "./compared-pairs.js";
import { crowdBt } from "./crowd-bt.js";
import { noisyBradleyTerry } from "./noisy-bradley-terry.js";
import { raterFlags } from "./rater-flags.js";
import { balancedSkills, raterSkills, truthByOthers } from "./rater-skill.js";
import { robustPairs } from "./robust-pairs.js";
import { duelsOf, type ScoreEstimate } from "./score-estimate.js";
import { sideFlags } from "./side-bias.js";

export const PREFERENCE_METHODS = [
  "robust",
  "majority",
  "bradley-terry",
  "crowd-bt",
  "noisy-bradley-terry",
] as const;
export type PreferenceMethod = (typeof PREFERENCE_METHODS)[number];

/** Most noise that a preference is given: the unbiased loss' variance grows as 1 / (1 - 2 noise)^2. */
export const MOST_NOISE = 0.4;

/** One compared pair, the way round of its first vote. */
export interface AggregatedPreference {
  item: string;
  left: string;
  right: string;
  /** P(left is better), in [0, 1]. */
  probability: number;
  /** P(the likelier side is the worse one), at most 0.4; what losses take for the rate of wrong labels. */
  noise: number;
  votes: number;
}

export interface PreferenceAggregate {
  method: PreferenceMethod;
  preferences: AggregatedPreference[];
  /** Scores on the logistic scale with mean 0 and 95% intervals. */
  scores: { candidate: string; score: number; low: number; high: number }[];
  raters: RaterReport[];
  /** Groups of colluding raters; only the robust method looks for them. */
  groups: GroupMember[][];
}

/**
 * Preferences from comparisons. Comparisons of several aspects are aggregated one aspect at a time.
 *
 * @throws PlumbError when there is no vote.
 */
export function aggregatePreferences(
  votes: Comparisons,
  method: PreferenceMethod = "robust",
  { seed = 0 }: { seed?: number } = {},
): PreferenceAggregate {
  if (votes.left.length === 0) throw new PlumbError("there are no votes to aggregate");
  const pairs = comparedPairs(votes);
  const groups = method === "robust" ? colludingGroups(sideVotes(votes, pairs, true).votes, { seed }) : [];
  const colluding = new Set(groups.flat().map(({ rater }) => rater));
  const weight = Float64Array.from(votes.rater, (rater) => (colluding.has(rater) ? 0 : 1));
  const estimate = estimatePairs(votes, pairs, method, weight);
  const counts = new Int32Array(pairs.left.length);
  for (const p of pairs.pair) counts[p]++;
  return {
    method,
    preferences: Array.from(pairs.left, (left, p) => {
      const probability = estimate.probability[p];
      return {
        item: votes.items[pairs.item[p]],
        left: votes.candidates[left],
        right: votes.candidates[pairs.right[p]],
        probability,
        noise: Math.min(MOST_NOISE, probability, 1 - probability),
        votes: counts[p],
      };
    }),
    scores: votes.candidates.map((candidate, c) => ({
      candidate,
      score: estimate.score[c],
      low: estimate.low[c],
      high: estimate.high[c],
    })),
    raters: raterReports(votes, pairs, estimate.probability, weight, groups),
    groups,
  };
}

function estimatePairs(
  votes: Comparisons,
  pairs: ComparedPairs,
  method: PreferenceMethod,
  weight: Float64Array,
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
      return robustPairs(votes, pairs, weight);
    case "majority":
      return { ...scored(), probability: shareForLeft(votes, pairs) };
    case "bradley-terry":
      return byScores(scored());
    case "crowd-bt":
      return byScores(crowdBt(votes));
    case "noisy-bradley-terry":
      return byScores(noisyBradleyTerry(votes));
  }
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

/** Skills are of votes that take a side; ties are neither right nor wrong. */
function raterReports(
  votes: Comparisons,
  pairs: ComparedPairs,
  probability: Float64Array,
  weight: Float64Array,
  groups: GroupMember[][],
): RaterReport[] {
  const sides = sideVotes(votes, pairs, false);
  const start = new Float64Array(probability.length * 2);
  for (let p = 0; p < probability.length; p++) {
    start[p * 2] = probability[p];
    start[p * 2 + 1] = 1 - probability[p];
  }
  const truths = truthByOthers(
    sides.votes,
    start,
    sides.from.map((v) => weight[v]),
  );
  const skills = raterSkills(sides.votes, truths);
  const flags = raterFlags(balancedSkills(sides.votes, truths), 0.5, groups);
  for (const [rater, flag] of sideFlags(votes, pairs, sides.from, truths)) flags[rater].push(flag);
  const counts = new Int32Array(votes.raters.length);
  for (const rater of votes.rater) counts[rater]++;
  return votes.raters.map((rater, w) => ({ rater, votes: counts[w], skill: skills[w], flags: flags[w] }));
}
