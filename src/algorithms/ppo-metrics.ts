/** What PPO reports of an iteration. */
import type { Completion } from "../generate/index.js";
import { logRatio } from "../model/score.js";
import type { Trajectory, UpdateMetrics } from "./ppo.js";
import { meanOf, moments, sumOf } from "./statistics.js";

/** Metrics of a batch of responses, under TRL's names. */
export function rolloutMetrics(trajectories: readonly Trajectory[], beta: number): Record<string, number> {
  const mean = (f: (t: Trajectory) => number): number => meanOf(trajectories.map(f));
  const kl = mean(sequenceKl);
  const { variance: errorVariance } = moments(
    trajectories.map((t) => t.returns.map((r, i) => r - t.values[i])),
  );
  const { variance: returnVariance } = moments(trajectories.map((t) => t.returns));
  const metrics: Record<string, number> = {
    "objective/kl": kl,
    "objective/entropy": mean((t) => -sumOf(t.logProbs)),
    "objective/non_score_reward": -beta * kl,
    "objective/rlhf_reward": mean((t) => t.score) - beta * kl,
    "objective/scores": mean((t) => t.reward),
    "objective/scores_std": Math.sqrt(moments([trajectories.map((t) => t.reward)]).variance),
    "objective/kl_coef": beta,
    "policy/token_entropy": mean((t) => t.entropy),
    "val/num_eos_tokens": trajectories.filter((t) => t.completion.finishReason === "stop").length,
    "val/explained_variance": returnVariance > 0 ? 1 - errorVariance / returnVariance : 0,
    "response/length": mean((t) => t.completion.ids.length),
    "response/truncated": mean((t) => (t.completion.finishReason === "length" ? 1 : 0)),
  };
  for (const name of Object.keys(trajectories[0].rewards))
    metrics[`rewards/${name}`] = mean((t) => t.rewards[name]);
  return metrics;
}

/** The KL estimate of a response, in nats. */
export const sequenceKl = (t: Pick<Trajectory, "logProbs" | "referenceLogProbs">): number =>
  logRatio(t.logProbs, t.referenceLogProbs);

/** Largest difference between the sampler's and the trainer's log-probability of a token: the two must agree. */
export const samplerGap = (trajectories: readonly Trajectory[]): number =>
  Math.max(
    ...trajectories.map((t) => Math.max(...t.logProbs.map((v, i) => Math.abs(v - t.completion.logProbs[i])))),
  );

/** Means over an iteration's updates, and what its first update says. */
export function updateMetrics(updates: readonly UpdateMetrics[]): Record<string, number> {
  const mean = (key: keyof UpdateMetrics): number => meanOf(updates.map((u) => u[key]));
  return {
    "policy/approxkl_avg": mean("approxKl"),
    "policy/clipfrac_avg": mean("clipFraction"),
    "policy/entropy_avg": mean("entropy"),
    "loss/policy_avg": mean("policyLoss"),
    "loss/value_avg": mean("valueLoss"),
    "val/clipfrac_avg": mean("valueClipFraction"),
    "val/ratio": mean("ratio"),
    "val/ratio_var": mean("ratioVariance"),
    "policy/grad_norm": mean("policyGradNorm"),
    "val/grad_norm": mean("valueGradNorm"),
    "first/ratio": updates[0].ratio,
    "first/approxkl": updates[0].approxKl,
    "first/clipfrac": updates[0].clipFraction,
    updates: updates.length,
  };
}

/** A response as samples.jsonl shows it. */
export interface PpoSample {
  prompt: string;
  response: string;
  score: number;
  kl: number;
  tokens: number;
  finishReason: Completion["finishReason"];
}

export const sampleOf = (t: Trajectory): PpoSample => ({
  prompt: t.prompt.text,
  response: t.completion.text ?? "",
  score: t.score,
  kl: sequenceKl(t),
  tokens: t.completion.ids.length,
  finishReason: t.completion.finishReason,
});
