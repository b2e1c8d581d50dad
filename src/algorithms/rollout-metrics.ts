/** Metrics of sampled responses. Each has the same name in every online method: TRL's name in PPO. */
import type { Completion } from "../generate/index.js";
import { logRatio } from "../model/score.js";
import type { Rollout } from "./rollout.js";
import { meanOf, moments } from "./statistics.js";

/** KL estimate of a response, in nats. */
export const sequenceKl = (r: Pick<Rollout, "logProbs" | "referenceLogProbs">): number =>
  logRatio(r.logProbs, r.referenceLogProbs);

/** Mean and standard deviation of the rewards. */
export function rewardMetrics(rollouts: readonly Rollout[]): Record<string, number> {
  const rewards = rollouts.map((r) => r.reward);
  return {
    "objective/scores": meanOf(rewards),
    "objective/scores_std": Math.sqrt(moments([rewards]).variance),
  };
}

/** Mean length, share of truncated responses, and mean reward of each source. */
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

/** Largest difference between the sampler's and the trainer's log-probability of a token; it should be near 0. */
export const samplerGap = (rollouts: readonly Rollout[]): number =>
  Math.max(
    ...rollouts.map((r) => Math.max(...r.logProbs.map((v, i) => Math.abs(v - r.completion.logProbs[i])))),
  );

/** A response as it is written to samples.jsonl. */
export interface ShownResponse {
  prompt: string;
  response: string;
  score: number;
  kl: number;
  tokens: number;
  finishReason: Completion["finishReason"];
}

/** @param score the reward as the method uses it. */
export const shownResponse = (r: Rollout, score: number): ShownResponse => ({
  prompt: r.prompt.text,
  response: r.completion.text ?? "",
  score,
  kl: sequenceKl(r),
  tokens: r.completion.ids.length,
  finishReason: r.completion.finishReason,
});
