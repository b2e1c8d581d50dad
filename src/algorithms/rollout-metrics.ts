/** Metrics of sampled responses. Each has the same name in every online method: TRL's name in PPO. */
import type { Completion } from "../generate/index.js";
import { logRatio } from "../model/score.js";
import { isScored, type Rollout } from "./rollout.js";
import { meanOf, moments } from "./statistics.js";

/** KL estimate of a response, in nats. */
export const sequenceKl = (r: Pick<Rollout, "logProbs" | "referenceLogProbs">): number =>
  logRatio(r.logProbs, r.referenceLogProbs);

/** Mean and standard deviation of the rewards that are known. */
export function rewardMetrics(rollouts: readonly Rollout[]): Record<string, number> {
  const rewards = rollouts.filter(isScored).map((r) => r.reward);
  return {
    "objective/scores": meanOf(rewards),
    "objective/scores_std": Math.sqrt(moments([rewards]).variance),
  };
}

/**
 * Mean length, share of truncated responses, mean reward of each source, and how many responses have no reward, if any.
 */
export function responseMetrics(rollouts: readonly Rollout[]): Record<string, number> {
  const mean = (f: (r: Rollout) => number): number => meanOf(rollouts.map(f));
  const metrics: Record<string, number> = {
    "response/length": mean((r) => r.completion.ids.length),
    "response/truncated": mean((r) => (r.completion.finishReason === "length" ? 1 : 0)),
  };
  for (const name of Object.keys(rollouts[0].rewards))
    metrics[`rewards/${name}`] = meanOf(rollouts.map((r) => r.rewards[name]).filter((own) => own !== null));
  const unscorable = rollouts.filter((r) => !isScored(r)).length;
  return unscorable > 0 ? { ...metrics, "response/unscorable": unscorable } : metrics;
}

/** What responses are like that were sampled for an iteration: KL, rewards, entropy, length. */
export const sampledMetrics = (rollouts: readonly Rollout[]): Record<string, number> => ({
  "objective/kl": meanOf(rollouts.map(sequenceKl)),
  ...rewardMetrics(rollouts),
  "policy/token_entropy": meanOf(rollouts.map(({ entropy }) => entropy)),
  ...responseMetrics(rollouts),
  "val/sampler_gap": samplerGap(rollouts),
});

/**
 * Of a method whose reward holds the KL to the reference: what is lost by it, and what is left.
 *
 * @param beta reward lost per nat.
 */
export function tetheredMetrics(rollouts: readonly Rollout[], beta: number): Record<string, number> {
  const left = rollouts.filter(isScored).map((r) => r.reward - beta * sequenceKl(r));
  return {
    "objective/non_score_reward": -beta * meanOf(rollouts.map(sequenceKl)),
    "objective/rlhf_reward": meanOf(left),
    "objective/kl_coef": beta,
  };
}

/** Figures of an update whose ratio of probabilities is clipped: shares of what the bounds decided, and means. */
export interface ClippedUpdate {
  ratio: number;
  clippedLow: number;
  clippedHigh: number;
  /** Norm of the gradient before it was clipped. */
  gradNorm: number;
}

/** Means over an iteration's updates, under TRL's names, and the ratio and clip fraction of the first update alone. */
export function clippedUpdateMetrics(updates: readonly ClippedUpdate[]): Record<string, number> {
  const mean = (key: keyof ClippedUpdate): number => meanOf(updates.map((u) => u[key]));
  const [low, high] = [mean("clippedLow"), mean("clippedHigh")];
  return {
    "clip_ratio/low_mean": low,
    "clip_ratio/high_mean": high,
    "clip_ratio/region_mean": low + high,
    "first/ratio": updates[0].ratio,
    "first/clipfrac": updates[0].clippedLow + updates[0].clippedHigh,
    grad_norm: mean("gradNorm"),
    updates: updates.length,
  };
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
  /** Null where it could not be scored. */
  score: number | null;
  kl: number;
  tokens: number;
  finishReason: Completion["finishReason"];
}

/** @param score the reward as the method uses it. */
export const shownResponse = (r: Rollout, score: number | null): ShownResponse => ({
  prompt: r.prompt.text,
  response: r.completion.text ?? "",
  score,
  kl: sequenceKl(r),
  tokens: r.completion.ids.length,
  finishReason: r.completion.finishReason,
});
