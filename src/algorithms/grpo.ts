/**
 * Group relative policy optimisation (Shao et al. 2024, DeepSeekMath): PPO's clipped updates without a value model.
 * Each response is compared with the other responses to the same prompt:
 *
 *   A_i  = (r_i - mean(r)) / (std(r) + 1e-4)                      over the G responses to a prompt,
 *   l_it = max(-A_i rho, -A_i clip(rho, 1 - eps, 1 + eps_high)) + beta (e^d - d - 1),
 *   rho  = exp(log pi - log pi_old),  d = log pi_ref - log pi     (e^d - d - 1: Schulman's k3, unbiased for the KL),
 *   loss = mean over responses of the mean of l over each one's tokens.
 *
 * The variants have TRL's names in camel case. Dr. GRPO (Liu et al. 2025) divides neither by std (`scaleRewards: none`)
 * nor by a response's length (`lossType: dr_grpo`). DAPO (Yu et al. 2025) weights every token alike (`dapo`), has a
 * higher upper clip (`epsilonHigh`), samples further groups in place of those whose rewards are all equal
 * (`maxSamplings`), and keeps truncated responses from adding noise (`maskTruncated`, `overlongBuffer`). Not
 * implemented: normalising several rewards separately, sequence-level ratios, dual clip.
 */
import { z } from "zod";
import { chunks } from "../model/batch.js";
import type { Learner, Model } from "../model/learner.js";
import { tokenReadings } from "../model/token-readings.js";
import { type Named, type TokensRead, type Traced, tokensRead } from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { add, cast, clip, exp, less, maximum, mul, neg, sub, sum, type Tensor } from "../tensor/index.js";
import { checkFinite } from "./finite.js";
import { clipSettings, groupSettings } from "./group-config.js";
import { isSilent, sampleGroups } from "./groups.js";
import { exactDivision, minibatch } from "./order.js";
import { overResponses } from "./response-batches.js";
import type { Actors, PromptTokens, Rollout } from "./rollout.js";
import { type ClippedUpdate, clippedUpdateMetrics, sampledMetrics } from "./rollout-metrics.js";
import { meanOf, moments, Sums } from "./statistics.js";
import type { Step } from "./step.js";

export const grpoSchema = groupSettings.extend({
  ...clipSettings,
  beta: z.number().min(0).default(0.04).describe("Weight of the KL to the reference in the loss."),
  lossType: z
    .enum(["grpo", "dr_grpo", "bnpo", "dapo"])
    .default("grpo")
    .describe(
      "How tokens are weighted: grpo, each response alike; the others, each token alike, divided by maxNewTokens (dr_grpo), by the tokens of the update (bnpo) or of the iteration (dapo).",
    ),
  scaleRewards: z
    .enum(["group", "batch", "none"])
    .default("group")
    .describe("Standard deviation that advantages are divided by: the group's, the batch's, or none."),
  maxSamplings: z
    .number()
    .int()
    .positive()
    .default(1)
    .describe(
      "Most batches sampled to fill an iteration with groups whose rewards differ; 1: groups are never replaced.",
    ),
  maskTruncated: z
    .boolean()
    .default(false)
    .describe("Truncated responses count in the comparison but not in the loss."),
  overlongBuffer: z
    .number()
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("Tokens before maxNewTokens over which the reward falls by up to 1; null: no penalty."),
});

/** Settings of GRPO with their defaults filled in; `grpoSchema` says what each means and its range. */
export type GrpoConfig = z.infer<typeof grpoSchema>;

/**
 * What GRPO works with: the policy that learns, those that sample, judge and hold it back, and the prompts, drawn in
 * an order of the seed.
 */
export interface GrpoSetup extends Actors {
  policy: Learner;
  prompts: readonly PromptTokens[];
}

/** What must be kept between iterations, besides parameters and optimiser state. */
export interface GrpoState {
  /** Iterations done. */
  iteration: number;
  /** Batches sampled: more than `iteration` where groups were replaced. */
  batches: number;
}

/** A rollout with its score and advantage. */
export interface Compared extends Rollout {
  /** `reward` plus the penalty for excess length, which is at most 0; null where there is no reward. */
  score: number | null;
  /** 0 where there is no reward. */
  advantage: number;
}

// ---------------------------------------------------------------------------------------------------------------
// The maths, as small pure functions.

/**
 * A_i of each response; the responses to one prompt are consecutive. The standard deviation is the unbiased estimate,
 * as in TRL. A response without a score is compared with none, and has the advantage 0.
 */
export function groupAdvantages(
  scores: readonly (number | null)[],
  groupSize: number,
  scaleRewards: GrpoConfig["scaleRewards"],
): number[] {
  const isKnown = (score: number | null): score is number => score !== null;
  const ofBatch = moments([scores.filter(isKnown)]);
  return chunks(scores, groupSize).flatMap((group) => {
    const { mean, variance } = moments([group.filter(isKnown)]);
    const spread = Math.sqrt(scaleRewards === "batch" ? ofBatch.variance : variance);
    const scale = scaleRewards === "none" ? 1 : spread + 1e-4;
    return group.map((score) => (isKnown(score) ? (score - mean) / scale : 0));
  });
}

/** DAPO's soft overlong punishment: 0 up to `longest - buffer` tokens, then linear to -1 at `longest`. */
export const overlongPenalty = (tokens: number, longest: number, buffer: number | null): number =>
  buffer === null ? 0 : Math.min(0, (longest - buffer - tokens) / buffer);

/**
 * The weight of each response's tokens in an update's loss, which is their weighted sum.
 *
 * @param lengths tokens of the update's responses, 0 for those that are not learned from.
 * @param tokens learned from in the whole iteration.
 */
export function tokenWeights(
  lengths: readonly number[],
  tokens: number,
  { lossType, maxNewTokens, miniBatches }: Pick<GrpoConfig, "lossType" | "maxNewTokens" | "miniBatches">,
): number[] {
  const N = lengths.length;
  const inUpdate = lengths.reduce((a, b) => a + b, 0);
  return lengths.map((length) => {
    if (lossType === "grpo") return 1 / (N * Math.max(1, length));
    if (lossType === "dr_grpo") return 1 / (N * maxNewTokens);
    return lossType === "bnpo" ? 1 / Math.max(1, inUpdate) : miniBatches / Math.max(1, tokens);
  });
}

/** Limit of the exponent in the KL estimate: without one, e^d overflows f32 at d = 89. */
const LARGEST_EXPONENT = 20;

/** k3 = e^d - d - 1, d = log pi_ref - log pi: [M]. */
export function klEstimate(logProbs: Tensor, referenceLogProbs: Tensor, weights: Tensor): Tensor {
  const d = mul(sub(referenceLogProbs, logProbs), weights);
  return sub(sub(exp(clip(d, -LARGEST_EXPONENT, LARGEST_EXPONENT)), d), 1);
}

/**
 * The loss, a sum over the tokens read weighted by `share`, and the metrics, plain sums over these tokens. All
 * arguments are [M]; `weights` is 1 for a token read and 0 for padding.
 */
export function grpoLoss(
  { logProbs, old, reference, advantages, share, weights }: Record<GrpoInput | "weights", Tensor>,
  { epsilon, epsilonHigh, beta }: Pick<GrpoConfig, "epsilon" | "epsilonHigh" | "beta">,
): Record<"loss" | "kl" | "ratio" | "clippedLow" | "clippedHigh", Tensor> {
  const ratio = exp(mul(sub(logProbs, old), weights));
  const plain = mul(neg(advantages), ratio);
  const limited = mul(neg(advantages), clip(ratio, 1 - epsilon, 1 + (epsilonHigh ?? epsilon)));
  const kl = klEstimate(logProbs, reference, weights);
  const clipped = mul(cast(less(plain, limited), "f32"), weights);
  const worse = cast(less(advantages, 0), "f32");
  return {
    loss: sum(mul(add(maximum(plain, limited), mul(kl, beta)), share)),
    kl: sum(mul(kl, weights)),
    ratio: sum(mul(ratio, weights)),
    clippedLow: sum(mul(clipped, worse)),
    clippedHigh: sum(mul(clipped, sub(1, worse))),
  };
}
/** Names of the arrays that GRPO's loss reads for each token, besides the tokens themselves. */
export type GrpoInput = "logProbs" | "old" | "reference" | "advantages" | "share";

// ---------------------------------------------------------------------------------------------------------------
// The loop.

/** Trains, and yields after each iteration. `state` says where to start and is kept up to date. */
export async function* grpo(
  setup: GrpoSetup,
  config: GrpoConfig,
  state: GrpoState,
): AsyncGenerator<Step<Compared>> {
  const { policy, padId } = setup;
  const { iterations, batchSize, groupSize, epochs, miniBatches } = config;
  exactDivision(batchSize, groupSize, "batchSize / groupSize");
  exactDivision(batchSize, miniBatches, "batchSize / miniBatches");
  const warmup = warmupSteps(iterations, config);

  for (let iteration = state.iteration; iteration < iterations; iteration++) {
    // 1. G responses to each prompt, and their rewards.
    const { groups, sampled } = await askedUntilTheyDiffer(setup, config, state);

    // 2. Each against the others of its group.
    const responses = groups.flat();
    const scores = responses.map(({ score }) => score);
    const advantages = groupAdvantages(scores, groupSize, config.scaleRewards);
    const batch = responses.map((r, i): Compared => ({ ...r, advantage: advantages[i] }));
    const tokens = batch.reduce((n, r) => n + tokensLearned(r, config), 0);

    // 3. mu passes of clipped updates.
    const rate = learningRate(iteration, config.learningRate, config.schedule, warmup, iterations);
    const updates: UpdateMetrics[] = [];
    for (let update = 0; update < epochs * miniBatches; update++) {
      const rows = minibatch(config, iteration, update, "grpo/epoch").map((i) => batch[i]);
      const result = await updateOnce(policy, rows, tokens, config, padId, rate);
      checkFinite("grpo", iteration + 1, { loss: result.loss, kl: result.kl });
      updates.push(result);
    }

    // 4. Metrics.
    state.iteration = iteration + 1;
    const all = sampled.flat();
    const metrics = {
      ...sampledMetrics(all),
      frac_reward_zero_std: meanOf(sampled.map((group) => (teachesNothing(group) ? 1 : 0))),
      samplings: all.length / batchSize,
      loss: meanOf(updates.map((u) => u.loss)),
      kl: meanOf(updates.map((u) => u.kl)),
      ...clippedUpdateMetrics(updates),
      learning_rate: rate,
      episode: state.batches * batchSize,
    };
    const tokensSampled = all.reduce((n, { completion }) => n + completion.ids.length, 0);
    yield { step: iteration + 1, steps: iterations, metrics, rollouts: batch, tokens: tokensSampled };
  }
}

type Scored = Omit<Compared, "advantage">;

const teachesNothing = (group: readonly Scored[]): boolean => isSilent(group.map(({ score }) => score));

/**
 * The groups of an iteration, and all groups that were sampled for it. Silent groups are replaced by further samples
 * for up to `maxSamplings` batches (DAPO's dynamic sampling); after that, silent ones fill the batch.
 */
async function askedUntilTheyDiffer(
  setup: GrpoSetup,
  config: GrpoConfig,
  state: GrpoState,
): Promise<Record<"groups" | "sampled", Scored[][]>> {
  const { batchSize, groupSize, maxNewTokens, overlongBuffer } = config;
  const wanted = batchSize / groupSize;
  const scored = (r: Rollout): Scored => {
    const penalty = overlongPenalty(r.completion.ids.length, maxNewTokens, overlongBuffer);
    return { ...r, score: r.reward === null ? null : r.reward + penalty };
  };
  const sampled: Scored[][] = [];
  const speaking = () => sampled.filter((group) => !teachesNothing(group));
  for (let sampling = 0; sampling < config.maxSamplings && speaking().length < wanted; sampling++) {
    const groups = await sampleGroups(setup, config, state.batches, "grpo");
    sampled.push(...groups.map((group) => group.map(scored)));
    state.batches++;
  }
  return { groups: [...speaking(), ...sampled.filter(teachesNothing)].slice(0, wanted), sampled };
}

/** Tokens of a response that the loss reads. */
const tokensLearned = ({ completion }: Rollout, { maskTruncated }: GrpoConfig): number =>
  maskTruncated && completion.finishReason === "length" ? 0 : completion.ids.length;

/** Figures of an update, means over the tokens that it learned from. */
export interface UpdateMetrics extends ClippedUpdate {
  loss: number;
  /** Mean of k3 per token. */
  kl: number;
}

/** The loss on a micro-batch of M tokens read: every value is [M]. */
function grpoStep(
  p: Model,
  x: Traced<TokensRead & Named<"old" | "reference" | "advantages" | "share">>,
  { temperature, ...settings }: Pick<GrpoConfig, "epsilon" | "epsilonHigh" | "beta" | "temperature">,
) {
  const { logProbs } = tokenReadings(p, x, { temperature, differentiable: true });
  return grpoLoss({ ...x, logProbs }, settings);
}

/**
 * One update from the responses of a mini-batch, as the sum of its micro-batches' gradients.
 *
 * @param tokens learned from in the whole iteration.
 */
export async function updateOnce(
  policy: Learner,
  rows: readonly Compared[],
  tokens: number,
  config: GrpoConfig,
  padId: number,
  rate: number,
): Promise<UpdateMetrics> {
  const { microBatchSize, packing, epsilon, epsilonHigh, beta, temperature } = config;
  const lengths = rows.map((r) => tokensLearned(r, config));
  const shares = tokenWeights(lengths, tokens, config);
  const learned = rows.map((r, i) => ({ ...r, share: shares[i] })).filter((_, i) => lengths[i] > 0);
  const sums = new Sums<"loss" | "kl" | "ratio" | "clippedLow" | "clippedHigh">();
  const cut = {
    microBatchSize,
    packing,
    padId,
    window: policy.config.slidingWindow,
    parallel: config.parallel,
  };
  const outputs = await overResponses(learned, cut, ({ batch, column }) => {
    const values = {
      ...tokensRead(batch),
      old: column((r) => r.logProbs),
      reference: column((r) => r.referenceLogProbs),
      advantages: column((r) => r.logProbs.map(() => r.advantage)),
      share: column((r) => r.logProbs.map(() => r.share)),
    };
    return policy.differentiate(grpoStep, values, { epsilon, epsilonHigh, beta, temperature });
  });
  for (const out of outputs) sums.add(out);
  const read = Math.max(
    1,
    lengths.reduce((a, b) => a + b, 0),
  );
  return {
    loss: sums.of("loss"),
    kl: sums.of("kl") / read,
    ratio: sums.of("ratio") / read,
    clippedLow: sums.of("clippedLow") / read,
    clippedHigh: sums.of("clippedHigh") / read,
    gradNorm: await policy.update(rate),
  };
}
