/** A policy's answers to a fixed set of prompts, with the same random numbers at the start and the end of a run. */
import { z } from "zod";
import { type RewardSource, totalRewards } from "../algorithms/reward-sources.js";
import type { PromptTokens } from "../algorithms/rollout.js";
import { distinctN } from "../evaluate/diversity.js";
import { type Generator, UNFILTERED } from "../generate/index.js";
import { promptCompletion } from "../model/batch.js";
import type { NetworkRunner } from "../model/runner.js";
import { type Batching, sequenceLogRatios } from "../model/score.js";
import { clustersOf } from "../statistics/clusters.js";
import { maskedStd, mean } from "../statistics/estimates.js";
import { pooledMeanInterval } from "../statistics/means.js";
import type { ClusterInterval } from "../statistics/rates.js";

/** One response as stored in checkpoints and files. */
export const policySampleSchema = z.object({
  ids: z.array(z.number().int().nonnegative()),
  text: z.string(),
  /** The weighted sum of `rewards`; null where one of them is. */
  reward: z.number().nullable(),
  /** By each reward model and reward function, unweighted; null where it could not score the response. */
  rewards: z.record(z.string(), z.number().nullable()),
  finishReason: z.enum(["stop", "length"]),
});
export type PolicySample = z.infer<typeof policySampleSchema>;

/** Evaluation draws its random numbers by row numbers that training never reaches. */
const FIRST_ROW = 2 ** 40;

export async function samplePolicy(
  generator: Generator,
  rewards: readonly RewardSource[],
  prompts: readonly PromptTokens[],
  {
    maxNewTokens,
    temperature,
    seed,
    batchSize,
  }: Record<"maxNewTokens" | "temperature" | "seed" | "batchSize", number>,
  signal: AbortSignal,
): Promise<PolicySample[]> {
  if (prompts.length === 0) return [];
  const completions = await generator.generate(
    prompts.map(({ ids }) => ids),
    { ...UNFILTERED, maxNewTokens, temperature, seed },
    { batchSize, firstRow: FIRST_ROW, signal },
  );
  const { totals, byName } = await totalRewards(rewards, prompts, completions);
  return completions.map(({ ids, text = "", finishReason }, i) => ({
    ids,
    text,
    reward: totals[i],
    rewards: Object.fromEntries(Object.entries(byName).map(([name, scores]) => [name, scores[i]])),
    finishReason,
  }));
}

/** The KL estimate of each response, in nats. */
export function responseKl(
  policy: NetworkRunner,
  reference: NetworkRunner,
  prompts: readonly PromptTokens[],
  samples: readonly PolicySample[],
  batching: Batching,
  temperature: number,
): Promise<number[]> {
  const sequences = samples.map(({ ids }, i) => promptCompletion(prompts[i].ids, ids));
  return sequenceLogRatios(policy, temperature, { scorer: reference, temperature }, sequences, batching);
}

/**
 * The policy at the end of a run against the one at its start, on prompts kept for it; intervals are over prompts, at
 * 95%.
 */
export interface PolicyComparison {
  /** Prompts whose responses both have a reward. */
  prompts: number;
  /** Prompts of which one of the responses could not be scored, if any: they are in no figure. */
  unscorable?: number;
  rewardBefore: ClusterInterval;
  rewardAfter: ClusterInterval;
  /** Standard deviation of the rewards at the start. */
  rewardStd: number;
  /** Mean of the paired differences of reward, in those deviations. */
  gain: ClusterInterval;
  /** The same for each reward model and reward function by itself, in its own deviations at the start. */
  gains: Record<string, ClusterInterval>;
  klPerResponse: ClusterInterval;
  /** Of tokens; see distinctN. */
  distinct3: { before: number; after: number; ratio: number };
  length: { before: number; after: number };
  truncated: { before: number; after: number };
}

type Scored = PolicySample & { reward: number; rewards: Record<string, number> };
const isScored = (sample: PolicySample): sample is Scored => sample.reward !== null;

/**
 * Compares the end of a run with its start, by the prompts whose responses have a reward both times; undefined if they
 * are fewer than two. Intervals are over prompts: responses to
 * the same prompt form one cluster. Gains are in standard deviations of the rewards at the start; the intervals treat
 * that deviation as known.
 */
export function comparePolicies(
  prompts: readonly PromptTokens[],
  sampledBefore: readonly PolicySample[],
  sampledAfter: readonly PolicySample[],
  klOfAll: readonly number[],
): PolicyComparison | undefined {
  const scored = [...prompts.keys()].filter((i) => isScored(sampledBefore[i]) && isScored(sampledAfter[i]));
  if (scored.length < 2) return undefined;
  const before = scored.map((i) => sampledBefore[i] as Scored);
  const after = scored.map((i) => sampledAfter[i] as Scored);
  const kl = scored.map((i) => klOfAll[i]);
  const unscorable = prompts.length - scored.length;
  const total = ({ reward }: Scored): number => reward;
  const keys = scored.map((i) => prompts[i].text);
  const overPrompts = (values: readonly number[]) => pooledMeanInterval(clustersOf(values, keys));
  const deviation = (reward: (sample: Scored) => number): number => maskedStd(before.map(reward)) || 1;
  const gain = (reward: (sample: Scored) => number): ClusterInterval => {
    const std = deviation(reward);
    return overPrompts(after.map((sample, i) => (reward(sample) - reward(before[i])) / std));
  };
  const both = (figure: (samples: readonly Scored[]) => number) => ({
    before: figure(before),
    after: figure(after),
  });
  const distinct = both((samples) =>
    distinctN(
      samples.map(({ ids }) => ids),
      3,
    ),
  );
  return {
    prompts: before.length,
    ...(unscorable > 0 && { unscorable }),
    rewardBefore: overPrompts(before.map(total)),
    rewardAfter: overPrompts(after.map(total)),
    rewardStd: deviation(total),
    gain: gain(total),
    gains: Object.fromEntries(
      Object.keys(before[0].rewards).map((name) => [name, gain(({ rewards }) => rewards[name])]),
    ),
    klPerResponse: overPrompts(kl),
    distinct3: { ...distinct, ratio: distinct.before > 0 ? distinct.after / distinct.before : 0 },
    length: both((samples) => mean(samples.map(({ ids }) => ids.length))),
    truncated: both((samples) =>
      mean(samples.map(({ finishReason }) => (finishReason === "length" ? 1 : 0))),
    ),
  };
}

/** Lines of samples-before-after.jsonl. */
export function samplePairs(
  prompts: readonly PromptTokens[],
  before: readonly PolicySample[],
  after: readonly PolicySample[],
  kl: readonly number[],
): string {
  const rounded = (x: number | null): number | null => (x === null ? null : Number(x.toPrecision(9)));
  const shown = ({ text, reward, rewards, ids, finishReason }: PolicySample) => ({
    response: text,
    reward: rounded(reward),
    rewards: Object.fromEntries(Object.entries(rewards).map(([name, score]) => [name, rounded(score)])),
    tokens: ids.length,
    finishReason,
  });
  return prompts
    .map(({ text }, i) => {
      const end = { ...shown(after[i]), kl: rounded(kl[i]) };
      return `${JSON.stringify({ prompt: text, before: shown(before[i]), after: end })}\n`;
    })
    .join("");
}
