import { bootstrap, bootstrapMean } from "../statistics/bootstrap.js";
import { type Interval, type WinRate, wilsonInterval, winRate } from "../statistics/estimates.js";
import { distinctN } from "./diversity.js";
import { isRefusal } from "./refusal.js";

/** An answer to a prompt, and what was measured of it. */
export interface Answer {
  text: string;
  ids: readonly number[];
  /** It ended by itself, not at the limit of tokens. */
  stopped: boolean;
  reward?: number;
  /** Sum over its tokens of log pi(token) - log reference(token), in nats. */
  logRatio?: number;
}

/** Figures of one policy's answers, each with its 95% interval. */
export interface PolicyReport {
  name: string;
  n: number;
  reward?: Interval;
  /** Estimate of KL(policy || reference) per response, from its own samples (Schulman's k1), in nats. */
  kl?: Interval & { to: string };
  tokens: Interval;
  stopped: Interval;
  refusals: Interval;
  /** Of the tokens of all answers. No interval: resampled texts repeat, which is what it counts. */
  distinct3: number;
}

export function policyReport(name: string, answers: readonly Answer[], reference?: string): PolicyReport {
  const n = answers.length;
  const all = (value: (answer: Answer) => number | undefined): Interval | undefined => {
    const values = answers.map(value).filter((x) => x !== undefined);
    return values.length === n ? bootstrapMean(values) : undefined;
  };
  const share = (holds: (answer: Answer) => boolean) => wilsonInterval(answers.filter(holds).length, n);
  const reward = all((answer) => answer.reward);
  const kl = all((answer) => answer.logRatio);
  return {
    name,
    n,
    ...(reward && { reward }),
    ...(kl && reference !== undefined && { kl: { ...kl, to: reference } }),
    tokens: bootstrapMean(answers.map(({ ids }) => ids.length)),
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
  /** Mean of reward - reward of the other, prompt by prompt. */
  difference: Interval;
}

export function compareAnswers(
  answers: readonly Answer[],
  others: readonly Answer[],
  against: string,
): Comparison {
  const [mine, theirs] = [answers, others].map((list) => list.map(({ reward }) => reward ?? Number.NaN));
  return {
    against,
    n: mine.length,
    winRate: winRate(mine, theirs),
    difference: bootstrapMean(mine.map((reward, i) => reward - theirs[i])),
  };
}

/** exp of the mean negative log-probability of all tokens, with its interval over texts. */
export function perplexity(texts: readonly Iterable<number>[]): Interval & { n: number; tokens: number } {
  const lists = texts.map((logProbs) => [...logProbs]);
  const sums = lists.map((logProbs) => logProbs.reduce((sum, value) => sum - value, 0));
  const ofRows = ([rows]: readonly (readonly number[])[]) => {
    const total = rows.reduce((sum, row) => sum + sums[row], 0);
    return Math.exp(total / rows.reduce((count, row) => count + lists[row].length, 0));
  };
  const interval = bootstrap([lists.map((_, row) => row)], ofRows);
  return { ...interval, n: lists.length, tokens: lists.reduce((count, { length }) => count + length, 0) };
}
