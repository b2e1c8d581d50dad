/** The metrics of a PPO iteration. */
import type { Trajectory } from "./ppo.js";
import {
  responseMetrics,
  rewardMetrics,
  type ShownResponse,
  sequenceKl,
  shownResponse,
} from "./rollout-metrics.js";
import { meanOf, moments, sumOf } from "./statistics.js";

/** Metrics of a batch of responses, under TRL's names. */
export function rolloutMetrics(trajectories: readonly Trajectory[], beta: number): Record<string, number> {
  const mean = (f: (t: Trajectory) => number): number => meanOf(trajectories.map(f));
  const kl = mean(sequenceKl);
  const { variance: errorVariance } = moments(
    trajectories.map((t) => t.returns.map((r, i) => r - t.values[i])),
  );
  const { variance: returnVariance } = moments(trajectories.map((t) => t.returns));
  return {
    "objective/kl": kl,
    "objective/entropy": mean((t) => -sumOf(t.logProbs)),
    "objective/non_score_reward": -beta * kl,
    "objective/rlhf_reward": mean((t) => t.score) - beta * kl,
    ...rewardMetrics(trajectories),
    "objective/kl_coef": beta,
    "policy/token_entropy": mean((t) => t.entropy),
    "val/num_eos_tokens": trajectories.filter((t) => t.completion.finishReason === "stop").length,
    "val/explained_variance": returnVariance > 0 ? 1 - errorVariance / returnVariance : 0,
    ...responseMetrics(trajectories),
  };
}

/** Figures of one update, means over its response tokens; gradient norms before clipping. */
export interface UpdateMetrics {
  policyLoss: number;
  valueLoss: number;
  approxKl: number;
  clipFraction: number;
  valueClipFraction: number;
  entropy: number;
  ratio: number;
  ratioVariance: number;
  policyGradNorm: number;
  valueGradNorm: number;
}

/** Means over an iteration's updates, and some figures of the first update alone. */
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

export const sampleOf = (t: Trajectory): ShownResponse => shownResponse(t, t.score);
