/**
 * Odds ratio preference optimisation (Hong et al. 2024): fine-tuning and preferences in one loss, without a reference. With
 * log P(y | x) the mean of log pi over an answer's tokens and odds(y) = P(y) / (1 - P(y)),
 *
 *   loss = mean over pairs of  w [ -log P(y_chosen | x) - lambda log s(log odds(y_chosen) - log odds(y_rejected)) ].
 *
 * TRL's first term reads the prompt's tokens as well and is a mean over all tokens of the batch; the paper's is that of the
 * answer alone, which is what is done here. `promptLoss` reads the prompt, too. lambda is `beta`, as in TRL.
 */

import { z } from "zod";
import { grouped } from "../base/setting-groups.js";
import type { Sequence } from "../model/batch.js";
import type { Learner, Model } from "../model/learner.js";
import { sequenceSums } from "../model/sequence-programs.js";
import { tokenReadings } from "../model/token-readings.js";
import {
  type Named,
  perItem,
  perToken,
  sequenceOfTokens,
  type TokensRead,
  type Traced,
  tokensRead,
  vector,
} from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { rankedRight } from "../statistics/estimates.js";
import {
  add,
  div,
  log,
  logSigmoid,
  minimum,
  mul,
  neg,
  slice,
  sub,
  sum,
  type Tensor,
  tanh,
} from "../tensor/index.js";
import {
  type AnswerPair,
  longerSide,
  ofSide,
  type PairLogProbs,
  pairBatch,
  pairTokens,
  tokensReadOf,
} from "./answers.js";
import { checkFinite } from "./finite.js";
import { overMicroBatches } from "./micro-batches.js";
import { longestFirst } from "./order.js";
import { meanOf, sumOf } from "./statistics.js";
import type { Step } from "./step.js";
import { directRate, directSettings } from "./training-config.js";

const settings = directSettings.extend({
  batchSize: z.number().int().positive().default(16).describe("Pairs per step."),
  microBatchSize: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe("Pairs in memory at once; does not change the loss."),
  beta: z
    .number()
    .min(0)
    .default(0.1)
    .describe("lambda: weight of the odds ratio beside the chosen answers' loss."),
  promptLoss: z
    .boolean()
    .default(false)
    .describe("The chosen texts' loss reads the prompts, too; otherwise the answers alone."),
});

export const orpoSchema = grouped(settings, { training: ["batchSize"], memory: ["microBatchSize"] });
/** Settings of ORPO with their defaults filled in; `orpoSchema` says what each means and its range. */
export type OrpoConfig = z.infer<typeof orpoSchema>;

/** What ORPO works with. */
export interface OrpoSetup {
  policy: Learner;
  pairs: readonly AnswerPair[];
  padId: number;
}

export const orpoSteps = (pairs: number, config: Pick<OrpoConfig, "epochs" | "batchSize">): number =>
  Math.max(1, Math.ceil((pairs * config.epochs) / config.batchSize));

// ---------------------------------------------------------------------------------------------------------------
// The maths, as small pure functions.

/** The least certainty that odds are computed of: 32-bit numbers have no digits left of 1 - P above it. */
const NEAREST_TO_CERTAIN = -1e-6;

/**
 * log odds = log P - log(1 - P), from log P < 0. 1 - e^a is -2 tanh(a / 2) / (1 - tanh(a / 2)), which keeps its digits where P is
 * near 1.
 */
export function logOdds(logP: Tensor): Tensor {
  const a = minimum(logP, NEAREST_TO_CERTAIN);
  const t = tanh(mul(a, 0.5)); // in (-1, 0)
  return sub(a, sub(log(mul(t, -2)), log(sub(1, t))));
}

/** What the loss reads: of each token read [M], of each answer [2 P], chosen ones first, and of each pair [P]. */
export type OrpoInput =
  | "logProbs" // [M] under the policy
  | "weights" // [M] 1 for a token read, 0 for padding
  | "answers" // [M] 1 for an answer's token, 0 for a prompt's
  | "sequence" // [M] whose token it is, i64
  | "lengths" // [2 P] tokens of the answer, at least 1
  | "imitated" // [2 P] tokens that the first term reads, at least 1
  | "share"; // [P] w / pairs in the whole batch, 0 for padding

/** The loss [] over a micro-batch of P pairs, its first term [], the log odds ratio [P], and log P of each answer [2 P]. */
export function orpoLoss(
  { logProbs, weights, answers, sequence, lengths, imitated, share }: Record<OrpoInput, Tensor>,
  { beta }: Pick<OrpoConfig, "beta">,
): Record<"loss" | "nll" | "ratios" | "logP", Tensor> {
  const N = lengths.shape[0] as number;
  const [chosen, rejected] = [0, 1].map((s) => (x: Tensor) => slice(x, 0, (s * N) / 2, ((s + 1) * N) / 2));
  const read = mul(logProbs, weights); // [M]
  const logP = div(sequenceSums(mul(read, answers), sequence, N), lengths); // [2 P]
  const nll = neg(sum(mul(div(chosen(sequenceSums(read, sequence, N)), chosen(imitated)), share)));
  const odds = logOdds(logP);
  const ratios = sub(chosen(odds), rejected(odds)); // [P]
  const preference = neg(sum(mul(logSigmoid(ratios), share)));
  return { loss: add(nll, mul(preference, beta)), nll, ratios, logP };
}

/** The mean log-probability of each answer's tokens. */
export const meanLogProbs = ({ chosen, rejected }: PairLogProbs): { chosen: number; rejected: number } => ({
  chosen: meanOf(chosen),
  rejected: meanOf(rejected),
});

// ---------------------------------------------------------------------------------------------------------------
// The loop.

/** Trains, and yields after each step. @param startStep steps done by an earlier run. */
export async function* orpo(
  { policy, pairs, padId }: OrpoSetup,
  config: OrpoConfig,
  startStep = 0,
): AsyncGenerator<Step> {
  const steps = orpoSteps(pairs.length, config);
  const warmup = warmupSteps(steps, config);
  let tokensSeen = 0;

  for (let step = 0; step < steps; step++) {
    // 1. The batch, longest pairs first.
    const batch = longestFirst(pairs, config, step, "orpo", longerSide);
    const tokens = batch.reduce((n, pair) => n + pairTokens(pair), 0);
    tokensSeen += tokens;
    if (step < startStep) continue;

    // 2. Gradients, one micro-batch at a time; each adds its part of the mean over the batch.
    const { loss, parts, outputs } = await overMicroBatches(batch, config, (part) =>
      differentiate(policy, part, padId, config, batch.length),
    );
    checkFinite("orpo", step + 1, { loss });

    // 3. AdamW.
    const rate = learningRate(step, directRate(config), config.schedule, warmup, steps);
    const gradNorm = await policy.update(rate);

    // 4. Metrics.
    const means = outputs.map((out) => out.logP);
    const ratios = parts.flatMap((part, k) => Array.from(outputs[k].ratios.slice(0, part.length), Number));
    const [chosen, rejected] = [
      ofSide(batch.length, means, "chosen"),
      ofSide(batch.length, means, "rejected"),
    ];
    const length = (side: "chosen" | "rejected"): number =>
      meanOf(batch.map((pair) => tokensReadOf(pair[side])));
    const metrics = {
      loss,
      nll_loss: sumOf(outputs.map((out) => out.nll[0] as number)),
      log_odds_ratio: meanOf(ratios),
      "rewards/chosen": config.beta * meanOf(chosen),
      "rewards/rejected": config.beta * meanOf(rejected),
      "rewards/margins": config.beta * (meanOf(chosen) - meanOf(rejected)),
      "rewards/accuracies": meanOf(
        chosen.map((own, i) => rankedRight({ chosen: own, rejected: rejected[i] })),
      ),
      "logps/chosen": meanOf(chosen),
      "logps/rejected": meanOf(rejected),
      "lengths/chosen": length("chosen"),
      "lengths/rejected": length("rejected"),
      grad_norm: gradNorm,
      learning_rate: rate,
      num_tokens: tokensSeen,
      epoch: ((step + 1) * config.batchSize) / pairs.length,
    };
    yield { step: step + 1, steps, metrics, tokens };
  }
}

/** The loss of a micro-batch: what is traced. */
function orpoStep(
  p: Model,
  x: Traced<TokensRead & Named<"answers" | "sequence" | "lengths" | "imitated" | "share">>,
  settings: Pick<OrpoConfig, "beta">,
) {
  const { logProbs } = tokenReadings(p, x, { differentiable: true });
  return orpoLoss({ ...x, logProbs }, settings);
}

function differentiate(
  policy: Learner,
  part: readonly AnswerPair[],
  padId: number,
  { microBatchSize: P, packing, beta, promptLoss }: OrpoConfig,
  pairs: number,
) {
  // 1. With promptLoss the whole of a chosen text is read, and a mask tells the answer's tokens.
  const whole = ({ ids }: Sequence): Sequence => ({ ids, lossMask: ids.map(() => true) });
  const read = promptLoss ? part.map((pair) => ({ ...pair, chosen: whole(pair.chosen) })) : part;
  const batch = pairBatch(read, P, { padId, packing, window: policy.config.slidingWindow });
  const blank = Array.from({ length: P - part.length }, () => []);
  const isAnswer = (side: "chosen" | "rejected"): number[][] =>
    part.map((pair, i) =>
      pair[side].lossMask.flatMap((answer, t) =>
        t > 0 && read[i][side].lossMask[t] ? [answer ? 1 : 0] : [],
      ),
    );
  const sides = ["chosen", "rejected"] as const;

  // 2. What the loss reads.
  const perSide = (count: (pair: AnswerPair, side: "chosen" | "rejected") => number) => {
    const values = new Float32Array(2 * P).fill(1);
    for (const [s, side] of sides.entries())
      for (const [i, pair] of part.entries()) values[s * P + i] = Math.max(1, count(pair, side));
    return vector(values);
  };
  const values = {
    ...tokensRead(batch),
    answers: perToken(
      batch,
      sides.flatMap((side) => [...isAnswer(side), ...blank]),
    ),
    sequence: sequenceOfTokens(batch),
    lengths: perSide((pair, side) => tokensReadOf(pair[side])),
    imitated: perSide((pair, side) => tokensReadOf(promptLoss ? whole(pair[side]) : pair[side])),
    share: perItem(part, P, ({ weight = 1 }) => weight / pairs),
  };
  return policy.differentiate(orpoStep, values, { beta });
}
