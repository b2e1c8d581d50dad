import type { TokenPair } from "../algorithms/reward.js";
import { RandomStream } from "../base/random.js";
import { clustersOf } from "../statistics/clusters.js";
import { mean } from "../statistics/estimates.js";
import { type ClusterInterval, rateInterval } from "../statistics/rates.js";
import type { Tokenizer } from "../text/index.js";
import {
  goldUtility,
  judge,
  type ModelledVote,
  probabilityLeft,
  type Rater,
} from "../worlds/assistant/index.js";
import type { CandidatePair } from "./candidates.js";
import { promptIds } from "./language-model.js";
import type { RatingOutcome } from "./rating/session.js";

/**
 * Preferences as the reward model is trained on them, in the tokens that the policy sampled. `encodePreference` gives
 * the same tokens from the texts, except where the policy sampled an incomplete character.
 */
export const trainingPairs = (judged: Judged, tokenizer: Tokenizer): TokenPair[] =>
  preferredAnswers(judged, tokenizer).map(({ prompt, chosen, rejected, noise }) => ({
    chosen: [...prompt, ...chosen],
    rejected: [...prompt, ...rejected],
    noise,
  }));

/** What methods learn from: the pairs, and what the raters' votes came to. */
export interface Judged {
  pairs: readonly CandidatePair[];
  preferences: RatingOutcome["preferences"];
}

/** A pair's prompt and answers as tokens, the answer that raters prefer as the chosen one. */
export interface PreferredAnswers {
  prompt: readonly number[];
  chosen: readonly number[];
  rejected: readonly number[];
  /** Both answers, the left one first. */
  inOrder: readonly { ids: readonly number[]; preferred: boolean }[];
  /** Probability in [0, 0.5) that the raters are wrong. */
  noise: number;
}

/** Each preference of the raters, in the tokens that the policy sampled. */
export function preferredAnswers({ pairs, preferences }: Judged, tokenizer: Tokenizer): PreferredAnswers[] {
  return preferences.map(({ pair, better, noise }) => {
    const { prompt, left, right } = pairs[pair];
    const leftWins = better === "left";
    const [chosen, rejected] = leftWins ? [left, right] : [right, left];
    const inOrder = [
      { ids: left.ids, preferred: leftWins },
      { ids: right.ids, preferred: !leftWins },
    ];
    const before = promptIds(tokenizer, prompt.text);
    return { prompt: before, inOrder, chosen: chosen.ids, rejected: rejected.ids, noise };
  });
}

/** The left side as the chosen one, the right as the rejected one. */
export function tokenPair({ prompt, left, right }: CandidatePair, tokenizer: Tokenizer): TokenPair {
  const before = promptIds(tokenizer, prompt.text);
  return { chosen: [...before, ...left.ids], rejected: [...before, ...right.ids] };
}

/** Gold utility of the left response minus the right one's. */
const goldDifference = ({ prompt, left, right }: CandidatePair): number =>
  goldUtility(prompt, left.text).total - goldUtility(prompt, right.text).total;

/**
 * Share of the pairs with different gold utilities on which `prefersLeft` agrees with the gold utility. Pairs of one
 * prompt form a cluster.
 */
export function goldAgreement(
  pairs: readonly CandidatePair[],
  prefersLeft: (pair: number) => boolean,
): ClusterInterval {
  const judged = pairs.map((pair, i) => ({ pair, i, gold: goldDifference(pair) }));
  const apart = judged.filter(({ gold }) => gold !== 0);
  const right = apart.map(({ gold, i }) => (prefersLeft(i) === gold > 0 ? 1 : 0));
  return rateInterval(
    clustersOf<number>(
      right,
      apart.map(({ pair }) => pair.prompt),
    ),
  );
}

/** A pair on which people voted. */
export interface JudgedPair extends CandidatePair {
  votes: ModelledVote[];
  leftVotes: number;
  /** Probability that a rater drawn from the pool prefers the left. */
  poolLeft: number;
}

/** Has some raters of the pool vote on each pair, without a server: votes to evaluate models on, not to train on. */
export function judgePairs(
  pairs: readonly CandidatePair[],
  raters: readonly Rater[],
  votesPerPair: number,
  seed: number,
): JudgedPair[] {
  return pairs.map((pair, i) => {
    const { prompt, left, right } = pair;
    const texts = [left.text, right.text] as const;
    const [goldLeft, goldRight] = texts.map((text) => goldUtility(prompt, text).total);
    const random = new RandomStream(seed, "demo/preferences/heldout/votes", i);
    const votes = random
      .shuffled(raters)
      .slice(0, votesPerPair)
      .map((rater): ModelledVote => ({ ...judge(rater, prompt, ...texts, random), goldLeft, goldRight }));
    const leftVotes = votes.filter((vote) => vote.winner === "left").length;
    const poolLeft = mean(raters.map((rater) => probabilityLeft(rater, prompt, ...texts)));
    return { ...pair, votes, leftVotes, poolLeft };
  });
}
