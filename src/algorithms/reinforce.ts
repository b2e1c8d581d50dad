/**
 * REINFORCE++ (Hu et al. 2025): PPO's clipped updates with returns in the place of a value model's advantages, normalised
 * over the whole batch, so that no prompt's group is scaled by a deviation of its own.
 *
 *   r_t = -beta (log pi_old - log pi_ref), plus the score R at the last token      PPO's token rewards,
 *   A_t = r_t + gamma A_{t+1}                                                      the return, without a baseline,
 *   A_t <- (A_t - mean) / sqrt(var + 1e-8)                                         over all tokens of the batch,
 *   loss = mean over tokens of max(-A rho, -A clip(rho, 1 - eps, 1 + eps)),  rho = exp(log pi - log pi_old).
 *
 * `baseline: group` (REINFORCE++ with baseline) subtracts from R, before all that, the mean reward of the responses to the
 * same prompt. The KL is part of the reward in both, as in OpenRLHF unless `use_kl_loss` makes it a term of the loss.
 * OpenRLHF divides by the deviation over n, here over n - 1 as PPO does. What PPO has as well is imported from it:
 * `tokenRewards`, `whiten`, `policyLoss`.
 */
import { z } from "zod";
import { grouped } from "../base/setting-groups.js";
import { usageError } from "../base/usage-error.js";
import { chunks } from "../model/batch.js";
import type { Learner, Model } from "../model/learner.js";
import { tokenReadings } from "../model/token-readings.js";
import { type Named, scalar, type TokensRead, type Traced, tokensRead } from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { mul } from "../tensor/index.js";
import { checkFinite } from "./finite.js";
import { groupSettings, klCoefficientSchema } from "./group-config.js";
import { isSilent, sampleGroups } from "./groups.js";
import { exactDivision, minibatch } from "./order.js";
import { policyLoss, tokenRewards, whiten } from "./ppo.js";
import { overResponses } from "./response-batches.js";
import type { Actors, PromptTokens, Rollout } from "./rollout.js";
import { sampledMetrics, tetheredMetrics } from "./rollout-metrics.js";
import { meanOf, Sums } from "./statistics.js";
import type { Step } from "./step.js";

/** Settings of a REINFORCE++ run. */
export const reinforceSchema = grouped(
  groupSettings.extend({
    groupSize: z
      .number()
      .int()
      .positive()
      .default(1)
      .describe("Responses to each prompt; at least 2 with baseline group."),
    klCoefficient: klCoefficientSchema,
    baseline: z
      .enum(["none", "group"])
      .default("none")
      .describe(
        "What is subtracted from rewards: nothing (REINFORCE++), or the mean of the prompt's responses (REINFORCE++ with baseline).",
      ),
    gamma: z.number().min(0).max(1).default(1).describe("Discount factor of the rewards."),
    clip: z
      .number()
      .positive()
      .default(0.2)
      .describe("The policy's probability ratio is clipped to 1 -+ clip."),
  }),
  { training: ["groupSize", "klCoefficient"] },
);
/** Settings of REINFORCE++ with their defaults filled in; `reinforceSchema` says what each means and its range. */
export type ReinforceConfig = z.infer<typeof reinforceSchema>;

/**
 * What REINFORCE++ works with: the policy that learns, those that sample, judge and hold it back, and the prompts, drawn
 * in an order of the seed.
 */
export interface ReinforceSetup extends Actors {
  policy: Learner;
  prompts: readonly PromptTokens[];
}

/** A response with its advantages, one for each of its tokens. */
export interface Returned extends Rollout {
  /** R: the reward less the baseline; null where there is no reward. */
  score: number | null;
  /** [T], 0 where there is no reward. */
  advantages: Float64Array;
}

/** @throws PlumbError if a group cannot be its own baseline. */
export function checkReinforce({
  baseline,
  groupSize,
}: Pick<ReinforceConfig, "baseline" | "groupSize">): void {
  if (baseline === "group" && groupSize < 2)
    throw usageError(
      `baseline group compares the responses to a prompt, but groupSize is ${groupSize}`,
      "Set groupSize to 2 or more (8, say), or leave out the baseline.",
    );
}

// ---------------------------------------------------------------------------------------------------------------
// The maths, as small pure functions.

/** Rewards less the mean of their group, of those that are known; the responses to one prompt are consecutive. */
export const lessGroupMean = (rewards: readonly (number | null)[], groupSize: number): (number | null)[] =>
  chunks(rewards, groupSize).flatMap((group) => {
    const mean = meanOf(group.filter((reward) => reward !== null));
    return group.map((reward) => (reward === null ? null : reward - mean));
  });

/** A_t = r_t + gamma A_{t+1}, with 0 after the last token: [T]. */
export function discountedReturns(rewards: ArrayLike<number>, gamma: number): Float64Array {
  const returns = Float64Array.from(rewards);
  for (let t = returns.length - 2; t >= 0; t--) returns[t] += gamma * returns[t + 1];
  return returns;
}

/** The advantages of every token of a batch: returns, normalised over all of them. Responses without a score have 0. */
export function normalizedReturns(
  responses: readonly (Pick<Rollout, "logProbs" | "referenceLogProbs"> & { score: number | null })[],
  { klCoefficient, gamma }: Pick<ReinforceConfig, "klCoefficient" | "gamma">,
): Float64Array[] {
  const returns = responses.map(({ logProbs, referenceLogProbs, score }) =>
    score === null
      ? undefined
      : discountedReturns(tokenRewards(logProbs, referenceLogProbs, score, klCoefficient), gamma),
  );
  whiten(returns.filter((own) => own !== undefined));
  return returns.map((own, i) => own ?? new Float64Array(responses[i].logProbs.length));
}

// ---------------------------------------------------------------------------------------------------------------
// The loop.

/** Trains, and yields after each iteration. @param startIteration iterations done by an earlier run. */
export async function* reinforce(
  setup: ReinforceSetup,
  config: ReinforceConfig,
  startIteration = 0,
): AsyncGenerator<Step<Returned>> {
  const { policy, padId } = setup;
  const { iterations, batchSize, groupSize, epochs, miniBatches, baseline } = config;
  checkReinforce(config);
  exactDivision(batchSize, groupSize, "batchSize / groupSize");
  exactDivision(batchSize, miniBatches, "batchSize / miniBatches");
  const warmup = warmupSteps(iterations, config);

  for (let iteration = startIteration; iteration < iterations; iteration++) {
    // 1. Responses, and their rewards.
    const groups = await sampleGroups(setup, config, iteration, "reinforce");
    const responses = groups.flat();
    const rewards = responses.map(({ reward }) => reward);

    // 2. Returns, normalised over the batch.
    const scores = baseline === "group" ? lessGroupMean(rewards, groupSize) : rewards;
    const scored = responses.map((r, i) => ({ ...r, score: scores[i] }));
    const advantages = normalizedReturns(scored, config);
    const batch = scored.map((r, i): Returned => ({ ...r, advantages: advantages[i] }));

    // 3. Clipped updates.
    const rate = learningRate(iteration, config.learningRate, config.schedule, warmup, iterations);
    const updates: ReinforceUpdate[] = [];
    for (let update = 0; update < epochs * miniBatches; update++) {
      const rows = minibatch(config, iteration, update, "reinforce/epoch").map((i) => batch[i]);
      const result = await updateOnce(policy, rows, config, padId, rate);
      checkFinite("reinforce", iteration + 1, { loss: result.loss, approxKl: result.approxKl });
      updates.push(result);
    }

    // 4. Metrics; groups are reported where they are compared.
    const silent = meanOf(groups.map((group) => (isSilent(group.map(({ reward }) => reward)) ? 1 : 0)));
    const metrics = {
      ...sampledMetrics(batch),
      ...tetheredMetrics(batch, config.klCoefficient),
      ...(baseline === "group" && { frac_reward_zero_std: silent }),
      ...updateMetrics(updates),
      lr: rate,
      episode: (iteration + 1) * batchSize,
    };
    const tokens = batch.reduce((n, { completion }) => n + completion.ids.length, 0);
    yield { step: iteration + 1, steps: iterations, metrics, rollouts: batch, tokens };
  }
}

/** Figures of one update, means over its tokens; the norm before clipping. */
interface ReinforceUpdate {
  loss: number;
  approxKl: number;
  clipped: number;
  ratio: number;
  gradNorm: number;
}

/** The loss on a micro-batch of M tokens read: values are [M], except scale [], which is 1 / tokens of the mini-batch. */
function reinforceStep(
  p: Model,
  x: Traced<TokensRead & Named<"old" | "advantages" | "scale">>,
  { clip, temperature }: Pick<ReinforceConfig, "clip" | "temperature">,
) {
  const { logProbs } = tokenReadings(p, x, { temperature, differentiable: true });
  const { loss, approxKl, clipped, ratio } = policyLoss(logProbs, x.old, x.advantages, x.weights, clip);
  return { loss: mul(loss, x.scale), approxKl, clipped, ratio };
}

/** One update from the responses of a mini-batch, as the sum of its micro-batches' gradients. */
export async function updateOnce(
  policy: Learner,
  rows: readonly Returned[],
  config: ReinforceConfig,
  padId: number,
  rate: number,
): Promise<ReinforceUpdate> {
  const { microBatchSize, packing, parallel, clip, temperature } = config;
  const tokens = rows.reduce((n, { completion }) => n + completion.ids.length, 0);
  const cut = { microBatchSize, packing, parallel, padId, window: policy.config.slidingWindow };
  const outputs = await overResponses(rows, cut, ({ batch, column }) => {
    const values = {
      ...tokensRead(batch),
      old: column((r) => r.logProbs),
      advantages: column((r) => r.advantages),
      scale: scalar(1 / tokens),
    };
    return policy.differentiate(reinforceStep, values, { clip, temperature });
  });
  const sums = new Sums<"loss" | "approxKl" | "clipped" | "ratio">();
  for (const out of outputs) sums.add(out);
  return {
    loss: sums.of("loss"),
    approxKl: sums.of("approxKl") / tokens,
    clipped: sums.of("clipped") / tokens,
    ratio: sums.of("ratio") / tokens,
    gradNorm: await policy.update(rate),
  };
}

/** Means over an iteration's updates, under PPO's names, and some figures of the first update alone. */
function updateMetrics(updates: readonly ReinforceUpdate[]): Record<string, number> {
  const mean = (key: keyof ReinforceUpdate): number => meanOf(updates.map((u) => u[key]));
  return {
    "policy/approxkl_avg": mean("approxKl"),
    "policy/clipfrac_avg": mean("clipped"),
    "loss/policy_avg": mean("loss"),
    "val/ratio": mean("ratio"),
    "policy/grad_norm": mean("gradNorm"),
    "first/ratio": updates[0].ratio,
    "first/approxkl": updates[0].approxKl,
    "first/clipfrac": updates[0].clipped,
    updates: updates.length,
  };
}
