import { conversationKey, type TextOrMessages } from "../data/index.js";
import { clustersOf } from "../statistics/clusters.js";
import { type WinRate, winRate } from "../statistics/estimates.js";
import { pooledMeanInterval, ratioInterval, type SampleInterval } from "../statistics/means.js";
import { type ClusterInterval, rateInterval } from "../statistics/rates.js";
import { isRefusal } from "../votes/filters/refusal.js";
import { distinctN } from "./diversity.js";

/** An answer to a prompt, with its measurements. */
export interface PolicyAnswer {
  /** Answers to one prompt, or in one conversation, form one cluster. */
  prompt: TextOrMessages;
  text: string;
  ids: readonly number[];
  /** Whether it ended by itself rather than at the limit of tokens. */
  stopped: boolean;
  reward?: number;
  /** Sum over its tokens of log pi(token) - log reference(token), in nats. */
  logRatio?: number;
}

/** Figures of one policy's answers, each with its 95% interval over prompts. */
export interface PolicyReport {
  name: string;
  n: number;
  reward?: ClusterInterval;
  /** Estimate of KL(policy || reference) per response, from its own samples (Schulman's k1), in nats. */
  kl?: ClusterInterval & { to: string };
  tokens: ClusterInterval;
  stopped: ClusterInterval;
  refusals: ClusterInterval;
  /**
   * Over the tokens of all answers. It has no interval: resampling repeats texts, and repetition is what it measures.
   */
  distinct3: number;
}

const keysOf = (answers: readonly PolicyAnswer[]): string[] =>
  answers.map(({ prompt, text }) => conversationKey(prompt, text));

export function policyReport(
  name: string,
  answers: readonly PolicyAnswer[],
  reference?: string,
): PolicyReport {
  const n = answers.length;
  const keys = keysOf(answers);
  const all = (value: (answer: PolicyAnswer) => number | undefined): ClusterInterval | undefined => {
    const values = answers.map(value).filter((x) => x !== undefined);
    return values.length === n ? pooledMeanInterval(clustersOf(values, keys)) : undefined;
  };
  const share = (holds: (answer: PolicyAnswer) => boolean): ClusterInterval =>
    rateInterval(
      clustersOf(
        answers.map((answer) => (holds(answer) ? 1 : 0)),
        keys,
      ),
    );
  const reward = all((answer) => answer.reward);
  const kl = all((answer) => answer.logRatio);
  return {
    name,
    n,
    ...(reward && { reward }),
    ...(kl && reference !== undefined && { kl: { ...kl, to: reference } }),
    tokens: all(({ ids }) => ids.length)!,
    stopped: share((answer) => answer.stopped),
    refusals: share(({ text }) => isRefusal(text)),
    distinct3: distinctN(
      answers.map(({ ids }) => ids),
      3,
    ),
  };
}

/** How two sets of answers to the same prompts compare by reward. */
export interface Comparison {
  against: string;
  n: number;
  winRate: WinRate;
  /** Mean over prompts of reward - the other's reward. */
  difference: ClusterInterval;
}

export function compareAnswers(
  answers: readonly PolicyAnswer[],
  others: readonly PolicyAnswer[],
  against: string,
): Comparison {
  const clusters = keysOf(answers);
  const [mine, theirs] = [answers, others].map((list) => list.map(({ reward }) => reward ?? Number.NaN));
  const differences = mine.map((reward, i) => reward - theirs[i]);
  return {
    against,
    n: mine.length,
    winRate: winRate(mine, theirs, { clusters }),
    difference: pooledMeanInterval(clustersOf(differences, clusters)),
  };
}

/** A text's log-probabilities, one per token, and the conversation that it is from. */
export interface ScoredText {
  logProbs: Iterable<number>;
  conversation: string;
}

/**
 * Mean negative log-probability of the tokens of all texts, in nats, with its interval over conversations. The texts
 * must have at least one token.
 */
export function lossPerToken(texts: readonly ScoredText[]): SampleInterval & { tokens: number } {
  const each = texts.map(({ logProbs }) => {
    const values = [...logProbs];
    return { tokens: values.length, loss: values.reduce((sum, value) => sum - value, 0) };
  });
  const clusters = clustersOf(
    each,
    texts.map(({ conversation }) => conversation),
  );
  const total = (of: (text: (typeof each)[number]) => number): number[] =>
    clusters.map((cluster) => cluster.reduce((sum, text) => sum + of(text), 0));
  const interval = ratioInterval(
    total(({ loss }) => loss),
    total(({ tokens }) => tokens),
  );
  return { ...interval, n: texts.length, tokens: each.reduce((count, { tokens }) => count + tokens, 0) };
}

/** exp of the loss per token, with its interval. */
export function perplexity(texts: readonly ScoredText[]): SampleInterval & { tokens: number } {
  const { estimate, low, high, ...rest } = lossPerToken(texts);
  return { ...rest, estimate: Math.exp(estimate), low: Math.exp(low), high: Math.exp(high) };
}
