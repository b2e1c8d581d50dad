/**
 * A reward model from preferences (Bradley and Terry 1952; Stiennon et al. 2020; Ouyang et al. 2022): a scalar head at
 * the last token, with
 *
 *   d    = r(chosen) - r(rejected) - margin
 *   loss = mean over pairs of  w [ -(1 - e) log s(d) - e log s(-d)   +  c (r(chosen) + r(rejected))^2 ]
 *
 * where e is the pair's probability of a wrong label (0: the plain loss), w its weight (1 by default) and c centres the
 * rewards. The mean divides by the number of pairs, not by the sum of weights: a pair of weight 2 counts like two of
 * its kind in a batch of the same size. The unbiased form divides [(1 - e) l(d) - e l(-d)] by (1 - 2e) instead, with
 * l(d) = -log s(d) (Natarajan et al. 2013).
 */

import { z } from "zod";
import { grouped } from "../base/setting-groups.js";
import type { Sequence } from "../model/batch.js";
import { layOut } from "../model/lay-out.js";
import type { Learner, Model, Scorer } from "../model/learner.js";
import { type Batching, sequenceScores } from "../model/score.js";
import { lastScores } from "../model/sequence-programs.js";
import { type LastTokens, lastTokens, type Named, perItem, scalar, type Traced } from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { rankedRight } from "../statistics/estimates.js";
import { add, div, logSigmoid, mul, neg, slice, square, sub, sum, type Tensor } from "../tensor/index.js";
import { checkFinite } from "./finite.js";
import { overMicroBatches } from "./micro-batches.js";
import { longestFirst } from "./order.js";
import type { Step } from "./step.js";
import { loraSchema, optimizationSchema, packingSchema } from "./training-config.js";

const settings = optimizationSchema.extend({
  epochs: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .describe("Passes over the pairs; more than one tends to overfit."),
  batchSize: z.number().int().positive().default(16).describe("Pairs per step."),
  microBatchSize: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe("Pairs in memory at once; does not change the loss."),
  maxLength: z
    .number()
    .int()
    .min(2)
    .default(512)
    .describe("Longer texts lose tokens at the start, so that the answer is kept."),
  packing: packingSchema,
  centering: z
    .number()
    .min(0)
    .default(0)
    .describe("Weight c of the squared sum of a pair's rewards; 0.01 centres them."),
  noise: z
    .number()
    .min(0)
    .lt(0.5)
    .default(0)
    .describe("Probability of a wrong label, for pairs that do not give their own."),
  noiseLoss: z
    .enum(["conservative", "unbiased"])
    .default("conservative")
    .describe("How label noise enters the loss."),
  lora: loraSchema
    .nullable()
    .default(null)
    .describe("Train a LoRA adapter and the head instead of all weights."),
});

export const rewardSchema = grouped(settings, {
  training: ["epochs", "batchSize", "maxLength", "lora"],
  memory: ["microBatchSize", "packing"],
});
/**
 * Settings of reward-model training with their defaults filled in; `rewardSchema` says what each means and its range.
 */
export type RewardConfig = z.infer<typeof rewardSchema>;

/** A preference as tokens: two sequences, each from the prompt's first token to the answer's last. */
export interface TokenPair {
  chosen: readonly number[];
  rejected: readonly number[];
  /** Margin by which the chosen answer should win, subtracted from the difference of the rewards; default 0. */
  margin?: number;
  /** Probability in [0, 0.5) that the label is wrong. */
  noise?: number;
  /** Weight of the pair's loss, at least 0; default 1. */
  weight?: number;
}

export const rewardSteps = (pairs: number, config: RewardConfig): number =>
  Math.max(1, Math.ceil((pairs * config.epochs) / config.batchSize));

/**
 * The loss over a micro-batch of P pairs.
 * @param scores [2 P]: those of the chosen answers first.
 * @param margins [P].
 * @param noise [P].
 * @param weights [P]: w of each pair, 0 for padding.
 * @param scale []: 1 / pairs in the whole batch.
 */
export function bradleyTerryLoss(
  scores: Tensor,
  margins: Tensor,
  noise: Tensor,
  weights: Tensor,
  scale: Tensor,
  { centering, noiseLoss }: Pick<RewardConfig, "centering" | "noiseLoss">,
): { loss: Tensor; difference: Tensor } {
  const P = (scores.shape[0] as number) / 2;
  const chosen = slice(scores, 0, 0, P);
  const rejected = slice(scores, 0, P, 2 * P);
  const difference = sub(chosen, rejected); // [P]
  const d = sub(difference, margins);
  const right = neg(logSigmoid(d)); // l(d)
  const wrong = neg(logSigmoid(neg(d))); // l(-d)
  const kept = sub(1, noise);
  const perPair =
    noiseLoss === "conservative"
      ? add(mul(kept, right), mul(noise, wrong))
      : div(sub(mul(kept, right), mul(noise, wrong)), sub(1, mul(noise, 2)));
  const centred = centering > 0 ? add(perPair, mul(square(add(chosen, rejected)), centering)) : perPair;
  return { loss: mul(sum(mul(centred, weights)), scale), difference };
}

/** Trains a network that has a scalar head, and yields after each step. */
export async function* reward(
  learner: Learner,
  pairs: readonly TokenPair[],
  padId: number,
  config: RewardConfig,
  startStep = 0,
): AsyncGenerator<Step> {
  const steps = rewardSteps(pairs.length, config);
  const warmup = warmupSteps(steps, config);
  let tokensSeen = 0;
  for (let step = 0; step < steps; step++) {
    // 1. The batch, longest pairs first.
    const length = (pair: TokenPair): number => Math.min(longer(pair), config.maxLength);
    const batch = longestFirst(pairs, config, step, "reward", length).map((pair) => ({
      ...pair,
      chosen: tail(pair.chosen, config),
      rejected: tail(pair.rejected, config),
    }));
    const tokens = batch.reduce((n, pair) => n + pair.chosen.length + pair.rejected.length, 0);
    tokensSeen += tokens;
    if (step < startStep) continue;

    // 2. Gradients.
    const { loss, parts, outputs } = await overMicroBatches(batch, config, (part) =>
      differentiate(learner, part, padId, config, batch.length),
    );
    checkFinite("reward", step + 1, { loss });
    const scores: number[] = [];
    let right = 0;
    let margin = 0;
    for (const [k, part] of parts.entries()) {
      const out = outputs[k];
      const P = config.microBatchSize;
      for (let i = 0; i < part.length; i++) {
        const [chosen, rejected] = [out.scores[i] as number, out.scores[P + i] as number];
        scores.push(chosen, rejected);
        margin += chosen - rejected;
        right += rankedRight({ chosen, rejected });
      }
    }

    // 3. AdamW.
    const rate = learningRate(step, config.learningRate, config.schedule, warmup, steps);
    const gradNorm = await learner.update(rate);
    const metrics = {
      loss,
      accuracy: right / batch.length,
      margin: margin / batch.length,
      mean_reward: scores.reduce((a, b) => a + b, 0) / scores.length,
      min_reward: Math.min(...scores),
      max_reward: Math.max(...scores),
      grad_norm: gradNorm,
      learning_rate: rate,
      num_tokens: tokensSeen,
      epoch: ((step + 1) * config.batchSize) / pairs.length,
    };
    yield { step: step + 1, steps, metrics, tokens };
  }
}

/** The last maxLength tokens. */
const tail = (ids: readonly number[], { maxLength }: RewardConfig): readonly number[] =>
  ids.slice(-maxLength);
const longer = (pair: TokenPair): number => Math.max(pair.chosen.length, pair.rejected.length);
const sequence = (ids: readonly number[]): Sequence => ({ ids, lossMask: ids.map(() => false) });

/** The loss of a micro-batch of P pairs, and their scores [2 P], those of the chosen answers first. */
function pairLoss(
  p: Model,
  x: Traced<LastTokens & Named<"margins" | "noise" | "weights" | "scale">>,
  settings: Pick<RewardConfig, "centering" | "noiseLoss">,
) {
  const scores = lastScores(p, x);
  const { loss } = bradleyTerryLoss(scores, x.margins, x.noise, x.weights, x.scale, settings);
  return { loss, scores };
}

function differentiate(
  learner: Learner,
  part: TokenPair[],
  padId: number,
  { microBatchSize: P, packing, noise, centering, noiseLoss }: RewardConfig,
  pairs: number,
) {
  const blank = Array.from({ length: P - part.length }, () => sequence([]));
  const side = (key: "chosen" | "rejected") => [...part.map((pair) => sequence(pair[key])), ...blank];
  const batch = layOut([...side("chosen"), ...side("rejected")], {
    padId,
    rows: 2 * P,
    packing,
    window: learner.config.slidingWindow,
    groups: part.map((_, i) => [i, P + i]),
  });
  const values = {
    ...lastTokens(batch),
    margins: perItem(part, P, (pair) => pair.margin ?? 0),
    noise: perItem(part, P, (pair) => pair.noise ?? noise),
    weights: perItem(part, P, (pair) => pair.weight ?? 1),
    scale: scalar(1 / pairs),
  };
  return learner.differentiate(pairLoss, values, { centering, noiseLoss });
}

/** The rewards of both answers of each pair. Sequences are cut at the start to their last `maxLength` tokens. */
export async function scorePairs(
  scorer: Scorer,
  pairs: readonly TokenPair[],
  batching: Batching,
  maxLength: number,
): Promise<{ chosen: number; rejected: number }[]> {
  const sides = pairs
    .flatMap((pair) => [pair.chosen, pair.rejected])
    .map((ids) => sequence(ids.slice(-maxLength)));
  const scores = await sequenceScores(scorer, sides, batching);
  return pairs.map((_, i) => ({ chosen: scores[2 * i], rejected: scores[2 * i + 1] }));
}

/**
 * Mean and standard deviation of the rewards of reference samples: subtracting the one and dividing by the other
 * normalises them. `std` is 1 where all rewards are equal.
 */
export function normalization(rewards: readonly number[]): { mean: number; std: number } {
  const mean = rewards.reduce((a, b) => a + b, 0) / rewards.length;
  const variance = rewards.reduce((a, b) => a + (b - mean) ** 2, 0) / rewards.length;
  return { mean, std: Math.sqrt(variance) > 1e-6 ? Math.sqrt(variance) : 1 };
}
