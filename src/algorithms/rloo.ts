/**
 * REINFORCE leave-one-out (Kool et al. 2019; for language models Ahmadian et al. 2024, Back to Basics): a response is one
 * action, and its baseline is the mean reward of the other responses to the same prompt.
 *
 *   R_i  = r_i - beta sum_t (log pi_old - log pi_ref)              the KL to the reference (k1) is part of the reward,
 *   A_i  = R_i - mean of R_j over j /= i                           over the G responses to a prompt,
 *   rho  = exp(sum_t (log pi - log pi_old))                        one ratio for the whole response,
 *   loss = mean over responses of max(-A_i rho, -A_i clip(rho, 1 - eps, 1 + eps_high)).
 *
 * While pi = pi_old, as in the first update of each iteration, its gradient is the paper's, -A_i grad log pi(y_i | x). The
 * ratio and its clip, for updates after that, are TRL's; OpenRLHF's clips the ratio of each token instead, and adds up the KL
 * from each token on. A is (R_i - mean R) G / (G - 1): GRPO's numerator, but for a constant. Not implemented: whitened
 * advantages (TRL's `normalize_advantages`).
 */
import type { z } from "zod";
import { grouped } from "../base/setting-groups.js";
import { chunks } from "../model/batch.js";
import type { Learner, Model } from "../model/learner.js";
import { sequenceSums } from "../model/sequence-programs.js";
import { tokenReadings } from "../model/token-readings.js";
import {
  type Named,
  perItem,
  sequenceOfTokens,
  type TokensRead,
  type Traced,
  tokensRead,
} from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { cast, clip, exp, less, maximum, mul, neg, sub, sum, type Tensor } from "../tensor/index.js";
import { checkFinite } from "./finite.js";
import { clipSettings, groupSettings, groupSizeSchema, klCoefficientSchema } from "./group-config.js";
import { isSilent, sampleGroups } from "./groups.js";
import { exactDivision, minibatch } from "./order.js";
import { overResponses } from "./response-batches.js";
import type { Actors, PromptTokens, Rollout } from "./rollout.js";
import {
  type ClippedUpdate,
  clippedUpdateMetrics,
  sampledMetrics,
  sequenceKl,
  tetheredMetrics,
} from "./rollout-metrics.js";
import { meanOf, Sums, sumOf } from "./statistics.js";
import type { Step } from "./step.js";

/** Settings of an RLOO run. */
export const rlooSchema = grouped(
  groupSettings.extend({
    groupSize: groupSizeSchema.default(4),
    klCoefficient: klCoefficientSchema,
    ...clipSettings,
  }),
  { training: ["groupSize", "klCoefficient"] },
);
/** Settings of RLOO with their defaults filled in; `rlooSchema` says what each means and its range. */
export type RlooConfig = z.infer<typeof rlooSchema>;

/**
 * What RLOO works with: the policy that learns, those that sample, judge and hold it back, and the prompts, drawn in an
 * order of the seed.
 */
export interface RlooSetup extends Actors {
  policy: Learner;
  prompts: readonly PromptTokens[];
}

/** A response as one action, with its advantage. */
export interface LeftOut extends Rollout {
  /** R: the reward less beta times the KL; null where there is no reward. */
  score: number | null;
  /** 0 where there is no reward, or no other response with one. */
  advantage: number;
}

// ---------------------------------------------------------------------------------------------------------------
// The maths, as small pure functions.

/**
 * A_i of each response; the responses to one prompt are consecutive. Those without a score are in no baseline.
 * @param scores R.
 */
export const leaveOneOutAdvantages = (scores: readonly (number | null)[], groupSize: number): number[] =>
  chunks(scores, groupSize).flatMap((group) => {
    const known = group.filter((score) => score !== null);
    const total = sumOf(known);
    return group.map((score) =>
      score === null || known.length < 2 ? 0 : score - (total - score) / (known.length - 1),
    );
  });

/** Names of what the loss reads: of each token read [M], and of each response [N]. */
export type RlooInput =
  | "logProbs" // [M] under the policy
  | "old" // [M] under the policy that sampled
  | "weights" // [M] 1 for a token read, 0 for padding
  | "sequence" // [M] whose token it is, i64
  | "advantages" // [N]
  | "share"; // [N] 1 / responses in the whole update, 0 for padding

/** The loss [] over a micro-batch of N responses, and their metrics, as parts of a mean over the update's responses. */
export function rlooLoss(
  { logProbs, old, weights, sequence, advantages, share }: Record<RlooInput, Tensor>,
  { epsilon, epsilonHigh }: Pick<RlooConfig, "epsilon" | "epsilonHigh">,
): Record<"loss" | "ratio" | "clippedLow" | "clippedHigh", Tensor> {
  const N = share.shape[0] as number;
  // Subtracting token by token keeps the digits that a difference of two long sums would lose.
  const ratio = exp(sequenceSums(mul(sub(logProbs, old), weights), sequence, N)); // [N]
  const plain = mul(neg(advantages), ratio);
  const limited = mul(neg(advantages), clip(ratio, 1 - epsilon, 1 + (epsilonHigh ?? epsilon)));
  const clipped = mul(cast(less(plain, limited), "f32"), share);
  const worse = cast(less(advantages, 0), "f32");
  return {
    loss: sum(mul(maximum(plain, limited), share)),
    ratio: sum(mul(ratio, share)),
    clippedLow: sum(mul(clipped, worse)),
    clippedHigh: sum(mul(clipped, sub(1, worse))),
  };
}

// ---------------------------------------------------------------------------------------------------------------
// The loop.

/** Trains, and yields after each iteration. @param startIteration iterations done by an earlier run. */
export async function* rloo(
  setup: RlooSetup,
  config: RlooConfig,
  startIteration = 0,
): AsyncGenerator<Step<LeftOut>> {
  const { policy, padId } = setup;
  const { iterations, batchSize, groupSize, epochs, miniBatches, klCoefficient } = config;
  exactDivision(batchSize, groupSize, "batchSize / groupSize");
  exactDivision(batchSize, miniBatches, "batchSize / miniBatches");
  const warmup = warmupSteps(iterations, config);

  for (let iteration = startIteration; iteration < iterations; iteration++) {
    // 1. G responses to each prompt, and their rewards.
    const groups = await sampleGroups(setup, config, iteration, "rloo");

    // 2. The KL is part of the reward; each response against the others of its group.
    const responses = groups.flat();
    const scores = responses.map((r) =>
      r.reward === null ? null : r.reward - klCoefficient * sequenceKl(r),
    );
    const advantages = leaveOneOutAdvantages(scores, groupSize);
    const batch = responses.map((r, i): LeftOut => ({ ...r, score: scores[i], advantage: advantages[i] }));

    // 3. Updates; only the first is on-policy.
    const rate = learningRate(iteration, config.learningRate, config.schedule, warmup, iterations);
    const updates: RlooUpdate[] = [];
    for (let update = 0; update < epochs * miniBatches; update++) {
      const rows = minibatch(config, iteration, update, "rloo/epoch").map((i) => batch[i]);
      const result = await updateOnce(policy, rows, config, padId, rate);
      checkFinite("rloo", iteration + 1, { loss: result.loss, ratio: result.ratio });
      updates.push(result);
    }

    // 4. Metrics.
    const metrics = {
      ...sampledMetrics(batch),
      ...tetheredMetrics(batch, klCoefficient),
      frac_reward_zero_std: meanOf(
        groups.map((group) => (isSilent(group.map(({ reward }) => reward)) ? 1 : 0)),
      ),
      loss: meanOf(updates.map((u) => u.loss)),
      ...clippedUpdateMetrics(updates),
      learning_rate: rate,
      episode: (iteration + 1) * batchSize,
    };
    const tokens = batch.reduce((n, { completion }) => n + completion.ids.length, 0);
    yield { step: iteration + 1, steps: iterations, metrics, rollouts: batch, tokens };
  }
}

/** Figures of an update, means over its responses. */
interface RlooUpdate extends ClippedUpdate {
  loss: number;
}

/** The loss on a micro-batch: what is traced. */
function rlooStep(
  p: Model,
  x: Traced<TokensRead & Named<"old" | "sequence" | "advantages" | "share">>,
  { temperature, ...settings }: Pick<RlooConfig, "epsilon" | "epsilonHigh" | "temperature">,
) {
  const { logProbs } = tokenReadings(p, x, { temperature, differentiable: true });
  return rlooLoss({ ...x, logProbs }, settings);
}

/** One update from the responses of a mini-batch, as the sum of its micro-batches' gradients. */
export async function updateOnce(
  policy: Learner,
  rows: readonly LeftOut[],
  config: RlooConfig,
  padId: number,
  rate: number,
): Promise<RlooUpdate> {
  const { microBatchSize: N, packing, parallel, epsilon, epsilonHigh, temperature } = config;
  const cut = { microBatchSize: N, packing, parallel, padId, window: policy.config.slidingWindow };
  const outputs = await overResponses(rows, cut, ({ responses, batch, column }) => {
    const values = {
      ...tokensRead(batch),
      old: column((r) => r.logProbs),
      sequence: sequenceOfTokens(batch),
      advantages: perItem(responses, N, (r) => r.advantage),
      share: perItem(responses, N, () => 1 / rows.length),
    };
    return policy.differentiate(rlooStep, values, { epsilon, epsilonHigh, temperature });
  });
  const sums = new Sums<"loss" | "ratio" | "clippedLow" | "clippedHigh">();
  for (const out of outputs) sums.add(out);
  return {
    loss: sums.of("loss"),
    ratio: sums.of("ratio"),
    clippedLow: sums.of("clippedLow"),
    clippedHigh: sums.of("clippedHigh"),
    gradNorm: await policy.update(rate),
  };
}
