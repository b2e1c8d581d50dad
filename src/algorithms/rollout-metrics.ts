/** What methods that sample report of their responses, each figure under one name in all of them: TRL's for PPO. */
import type { Completion } from "../generate/index.js";
import { logRatio } from "../model/score.js";
import type { Rollout } from "./rollout.js";
import { meanOf, moments } from "./statistics.js";

/** The KL estimate of a response, in nats. */
export const sequenceKl = (r: Pick<Rollout, "logProbs" | "referenceLogProbs">): number =>
  logRatio(r.logProbs, r.referenceLogProbs);

/** Mean and deviation of the rewards. */
export function rewardMetrics(rollouts: readonly Rollout[]): Record<string, number> {
  const rewards = rollouts.map((r) => r.reward);
  return {
    "objective/scores": meanOf(rewards),
    "objective/scores_std": Math.sqrt(moments([rewards]).variance),
  };
}

/** Length, truncation, and the mean reward of each source. */
export function responseMetrics(rollouts: readonly Rollout[]): Record<string, number> {
  const mean = (f: (r: Rollout) => number): number => meanOf(rollouts.map(f));
  const metrics: Record<string, number> = {
    "response/length": mean((r) => r.completion.ids.length),
    "response/truncated": mean((r) => (r.completion.finishReason === "length" ? 1 : 0)),
  };
  for (const name of Object.keys(rollouts[0].rewards))
    metrics[`rewards/${name}`] = mean((r) => r.rewards[name]);
  return metrics;
}

/** Largest difference between the sampler's and the trainer's log-probability of a token: the two must agree. */
export const samplerGap = (rollouts: readonly Rollout[]): number =>
  Math.max(
    ...rollouts.map((r) => Math.max(...r.logProbs.map((v, i) => Math.abs(v - r.completion.logProbs[i])))),
  );

/** A response as samples.jsonl shows it. */
export interface ShownResponse {
  prompt: string;
  response: string;
  score: number;
  kl: number;
  tokens: number;
  finishReason: Completion["finishReason"];
}

/** @param score what the method takes the reward for. */
export const shownResponse = (r: Rollout, score: number): ShownResponse => ({
  prompt: r.prompt.text,
  response: r.completion.text ?? "",
  score,
  kl: sequenceKl(r),
  tokens: r.completion.ids.length,
  finishReason: r.completion.finishReason,
});
