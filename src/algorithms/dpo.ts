/**
 * Direct preference optimisation (Rafailov et al. 2023): a policy from preferences, without a reward model. With the sums of
 * log-probabilities of a pair's answers under the policy pi and a reference that stays where the policy began,
 *
 *   r_i  = log pi(y_i | x) - log pi_ref(y_i | x)        beta r_i is the answer's implicit reward,
 *   d    = r_chosen - r_rejected,
 *   loss = mean over pairs of  w l,    l = -log s(beta d).
 *
 * The other losses, by `lossType`, with e the pair's probability of a wrong label and |y| an answer's tokens:
 *
 *   hinge         max(0, 1 - beta d)                                            Zhao et al. 2023, SLiC-HF
 *   cdpo          -(1 - e) log s(beta d) - e log s(-beta d)                     Mitchell 2023
 *   robust        [-(1 - e) log s(beta d) + e log s(-beta d)] / (1 - 2 e)       Chowdhury et al. 2024
 *   sigmoid-norm  -log s(beta d'),  d' of r_i / |y_i|                           Lambert et al. 2024, Tulu 3
 *   ipo           (d' - 1 / (2 beta))^2                                         Azar et al. 2023
 *   simpo         -log s(beta d'' - gamma),  d'' of log pi(y_i | x) / |y_i|     Meng et al. 2024
 *
 * IPO divides by tokens as its authors confirmed; OpenRLHF does not. TRL's sigmoid takes no notice of label smoothing: cdpo
 * is what it is called here. `sftWeight` adds -log pi(y_chosen | x) / |y_chosen|, times it (Pang et al. 2024); TRL's `sft`
 * divides the sum over the batch by the batch's tokens instead. The mean divides by the number of pairs, not by weights.
 */

import { z } from "zod";
import { grouped } from "../base/setting-groups.js";
import { usageError } from "../base/usage-error.js";
import type { Learner, Model, Scorer } from "../model/learner.js";
import { sequenceLogProbs } from "../model/score.js";
import { sequenceSums } from "../model/sequence-programs.js";
import { tokenReadings } from "../model/token-readings.js";
import {
  type Named,
  perItem,
  perToken,
  sequenceOfTokens,
  type TokensRead,
  type Traced,
  tokensOfSequences,
  tokensRead,
} from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { rankedRight } from "../statistics/estimates.js";
import {
  add,
  div,
  logSigmoid,
  maximum,
  mul,
  neg,
  slice,
  square,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.js";
import {
  type AnswerLayout,
  type AnswerPair,
  longerSide,
  ofSide,
  type PairLogProbs,
  pairBatch,
  pairsOfSides,
  pairTokens,
  tokensReadOf,
} from "./answers.js";
import { checkFinite } from "./finite.js";
import { overMicroBatches } from "./micro-batches.js";
import { longestFirst } from "./order.js";
import { meanOf, sumOf } from "./statistics.js";
import type { Step } from "./step.js";
import { directRate, directSettings } from "./training-config.js";

/** Losses over pairs of answers. */
const LOSSES = ["sigmoid", "sigmoid-norm", "hinge", "ipo", "cdpo", "robust", "simpo"] as const;

const settings = directSettings.extend({
  batchSize: z.number().int().positive().default(16).describe("Pairs per step."),
  microBatchSize: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe("Pairs in memory at once; does not change the loss."),
  lossType: z
    .enum(LOSSES)
    .default("sigmoid")
    .describe(
      "sigmoid (DPO); sigmoid-norm (per token, Tulu 3's); hinge (SLiC); ipo; cdpo and robust (labels may be wrong: labelSmoothing or the pairs' own noise); simpo (no reference).",
    ),
  beta: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe(
      "How firmly the reference holds the policy back; null: 0.1, for sigmoid-norm 5, for simpo 2.5.",
    ),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(0.5)
    .default(0)
    .describe("For cdpo and robust: probability of a wrong label, for pairs that do not give their own."),
  gamma: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe("For simpo: difference of the rewards that is asked for; null: 1.375."),
  sftWeight: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Weight of the chosen answers' loss per token (RPO; 1 there), which keeps them from becoming unlikely.",
    ),
  referenceFree: z.boolean().default(false).describe("The reference finds every answer equally likely."),
  syncEvery: z
    .number()
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe("Steps after which the reference moves to the policy (TR-DPO); null: it stays where it is."),
  syncShare: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe("The policy's share in the moved reference; an adapter's is 1. TR-DPO: 0.6."),
});

export const dpoSchema = grouped(settings, { training: ["batchSize"], memory: ["microBatchSize"] });
/** Settings of DPO with their defaults filled in; `dpoSchema` says what each means and its range. */
export type DpoConfig = z.infer<typeof dpoSchema>;

/** A pair to learn from. `reference`: the log-probabilities of its tokens under a reference that stays where it is. */
export interface DpoPair extends AnswerPair {
  reference?: PairLogProbs | undefined;
}

/** A reference that follows the policy. */
export interface MovingReference {
  scorer: Scorer;
  /** Moves it: `share` of the policy, the rest of itself. */
  sync(share: number): Promise<void>;
}

/** What DPO works with: pairs carry their reference's log-probabilities, unless there is none or it moves. */
export interface DpoSetup {
  policy: Learner;
  pairs: readonly DpoPair[];
  padId: number;
  moving?: MovingReference | undefined;
}

export const dpoSteps = (pairs: number, config: Pick<DpoConfig, "epochs" | "batchSize">): number =>
  Math.max(1, Math.ceil((pairs * config.epochs) / config.batchSize));

/** Whether the loss compares the policy with a reference. */
export const readsReference = ({
  lossType,
  referenceFree,
}: Pick<DpoConfig, "lossType" | "referenceFree">): boolean => lossType !== "simpo" && !referenceFree;

/** Whether the loss reads the probability of a wrong label. */
export const readsNoise = ({ lossType }: Pick<DpoConfig, "lossType">): boolean =>
  lossType === "cdpo" || lossType === "robust";

/** Whether an answer's reward is per token. */
const isPerToken = ({ lossType }: Pick<DpoConfig, "lossType">): boolean =>
  lossType === "sigmoid-norm" || lossType === "ipo" || lossType === "simpo";

const betaOf = ({ beta, lossType }: Pick<DpoConfig, "beta" | "lossType">): number =>
  beta ?? (lossType === "simpo" ? 2.5 : lossType === "sigmoid-norm" ? 5 : 0.1);

/** @throws PlumbError if a setting is given that the others leave without an effect. */
export function checkDpo(config: Omit<DpoConfig, "recompute">): void {
  const { lossType, labelSmoothing, gamma, syncEvery, syncShare, lora } = config;
  if (labelSmoothing > 0 && !readsNoise(config))
    throw usageError(
      `lossType ${lossType} does not read labelSmoothing`,
      "cdpo is sigmoid with label smoothing; robust is its unbiased form.",
    );
  if (gamma !== null && lossType !== "simpo")
    throw usageError(`lossType ${lossType} has no gamma`, "Only simpo asks for a difference of the rewards.");
  if (syncEvery !== null && !readsReference(config))
    throw usageError(
      `there is no reference that could move: ${lossType === "simpo" ? "lossType simpo has none" : "referenceFree is set"}`,
      "Leave out syncEvery.",
    );
  if (syncShare < 1 && syncEvery === null)
    throw usageError("syncShare has no effect without syncEvery", "Give both, or neither.");
  if (syncShare < 1 && lora !== null)
    throw usageError(
      "a mixture of two adapters is no adapter of their rank, so syncShare must be 1 with lora",
      "Leave out syncShare, or train all weights.",
    );
}

// ---------------------------------------------------------------------------------------------------------------
// The maths, as small pure functions.

/** Names of what the loss reads: of each token read [M], of each answer [2 P], chosen ones first, of each pair [P]. */
export type DpoInput =
  | "logProbs" // [M] under the policy
  | "reference" // [M] under the reference
  | "weights" // [M] 1 for a token read, 0 for padding
  | "sequence" // [M] whose token it is, i64
  | "lengths" // [2 P] tokens read, at least 1
  | "noise" // [P] e
  | "share"; // [P] w / pairs in the whole batch, 0 for padding

/**
 * The loss [] over a micro-batch of P pairs, its SFT term [] before weighting, and for each answer [2 P] the implicit reward,
 * log pi, and r.
 */
export function dpoLoss(
  { logProbs, reference, weights, sequence, lengths, noise, share }: Record<DpoInput, Tensor>,
  settings: Pick<DpoConfig, "lossType" | "beta" | "gamma" | "sftWeight" | "referenceFree">,
): Record<"loss" | "nll" | "rewards" | "logp" | "logRatios", Tensor> {
  const { lossType, gamma, sftWeight } = settings;
  const beta = betaOf(settings);
  const N = lengths.shape[0] as number;
  const [chosen, rejected] = [0, 1].map((s) => (x: Tensor) => slice(x, 0, (s * N) / 2, ((s + 1) * N) / 2));

  // 1. r of each answer. Subtracting token by token keeps the digits that a difference of two long sums would lose.
  const logp = sequenceSums(mul(logProbs, weights), sequence, N); // [2 P]
  const logRatios = readsReference(settings)
    ? sequenceSums(mul(sub(logProbs, reference), weights), sequence, N)
    : logp;
  const r = isPerToken(settings) ? div(logRatios, lengths) : logRatios; // [2 P]

  // 2. How far the chosen answer is ahead.
  const d = sub(chosen(r), rejected(r)); // [P]
  const h = lossType === "simpo" ? sub(mul(d, beta), gamma ?? SIMPO_GAMMA) : mul(d, beta);

  // 3. The loss of each pair.
  const right = neg(logSigmoid(h)); // l(h)
  const wrong = neg(logSigmoid(neg(h))); // l(-h)
  const believed = mul(sub(1, noise), right);
  const doubted = mul(noise, wrong);
  const perPair = {
    sigmoid: () => right,
    "sigmoid-norm": () => right,
    simpo: () => right,
    hinge: () => maximum(sub(1, h), 0),
    ipo: () => square(sub(d, 1 / (2 * beta))),
    cdpo: () => add(believed, doubted),
    robust: () => div(sub(believed, doubted), sub(1, mul(noise, 2))),
  }[lossType]();

  // 4. The mean over the batch's pairs, and the chosen answers' loss per token.
  const nll = neg(sum(mul(div(chosen(logp), chosen(lengths)), share)));
  const preference = sum(mul(perPair, share));
  const loss = sftWeight > 0 ? add(preference, mul(nll, sftWeight)) : preference;
  return { loss, nll, rewards: mul(r, beta), logp, logRatios };
}

/** Meng et al. 2024: beta 2.5 and gamma 0.55 beta. */
const SIMPO_GAMMA = 1.375;

/**
 * The implicit rewards of a pair's answers as the loss compares them, from log-probabilities of their tokens.
 * @param reference not read where the loss has none.
 */
export function implicitRewards(
  policy: PairLogProbs,
  reference: PairLogProbs | undefined,
  config: Pick<DpoConfig, "lossType" | "beta" | "referenceFree">,
): { chosen: number; rejected: number } {
  const reward = (side: "chosen" | "rejected"): number => {
    const r = sumOf(policy[side]) - (readsReference(config) && reference ? sumOf(reference[side]) : 0);
    return betaOf(config) * (isPerToken(config) ? r / Math.max(1, policy[side].length) : r);
  };
  return { chosen: reward("chosen"), rejected: reward("rejected") };
}

// ---------------------------------------------------------------------------------------------------------------
// The loop.

/** Trains, and yields after each step. @param startStep steps done by an earlier run. */
export async function* dpo(setup: DpoSetup, config: DpoConfig, startStep = 0): AsyncGenerator<Step> {
  const { policy, pairs, padId, moving } = setup;
  checkDpo(config);
  const steps = dpoSteps(pairs.length, config);
  const warmup = warmupSteps(steps, config);
  let tokensSeen = 0;

  for (let step = 0; step < steps; step++) {
    // 1. The batch, longest pairs first.
    const batch = longestFirst(pairs, config, step, "dpo", longerSide);
    const tokens = batch.reduce((n, pair) => n + pairTokens(pair), 0);
    tokensSeen += tokens;
    if (step < startStep) continue;

    // 2. log pi_ref of each answer: known since before the training, unless the reference follows the policy.
    const compared = moving ? await withLogProbs(moving.scorer, batch, padId, config) : batch;

    // 3. Gradients, one micro-batch at a time; each adds its part of the mean over the batch.
    const { loss, outputs } = await overMicroBatches(compared, config, (part) =>
      differentiate(policy, part, padId, config, batch.length),
    );
    checkFinite("dpo", step + 1, { loss });

    // 4. AdamW.
    const rate = learningRate(step, directRate(config), config.schedule, warmup, steps);
    const gradNorm = await policy.update(rate);

    // 5. The reference moves (TR-DPO, Gorbatenko et al. 2024).
    if (moving && config.syncEvery !== null && (step + 1) % config.syncEvery === 0)
      await moving.sync(config.syncShare);

    // 6. Metrics.
    const of = (output: "rewards" | "logp" | "logRatios", side: "chosen" | "rejected"): number[] =>
      ofSide(
        batch.length,
        outputs.map((out) => out[output]),
        side,
      );
    const [chosen, rejected] = [of("rewards", "chosen"), of("rewards", "rejected")];
    const lengths = (side: "chosen" | "rejected"): number[] => batch.map((pair) => tokensReadOf(pair[side]));
    const inBatch = lengths("chosen");
    const metrics = {
      loss,
      ...(config.sftWeight > 0 && { nll_loss: sumOf(outputs.map((out) => out.nll[0] as number)) }),
      "rewards/chosen": meanOf(chosen),
      "rewards/rejected": meanOf(rejected),
      "rewards/margins": meanOf(chosen) - meanOf(rejected),
      "rewards/accuracies": meanOf(
        chosen.map((own, i) => rankedRight({ chosen: own, rejected: rejected[i] })),
      ),
      "logps/chosen": meanOf(of("logp", "chosen")),
      "logps/rejected": meanOf(of("logp", "rejected")),
      ...(readsReference(config) && {
        "logps/chosen_change": meanOf(of("logRatios", "chosen").map((r, i) => r / Math.max(1, inBatch[i]))),
      }),
      "lengths/chosen": meanOf(inBatch),
      "lengths/rejected": meanOf(lengths("rejected")),
      grad_norm: gradNorm,
      learning_rate: rate,
      num_tokens: tokensSeen,
      epoch: ((step + 1) * config.batchSize) / pairs.length,
    };
    yield { step: step + 1, steps, metrics, tokens };
  }
}

/** The loss of a micro-batch: what is traced. */
function dpoStep(
  p: Model,
  x: Traced<TokensRead & Named<"reference" | "sequence" | "lengths" | "noise" | "share">>,
  settings: Pick<DpoConfig, "lossType" | "beta" | "gamma" | "sftWeight" | "referenceFree">,
) {
  const { logProbs } = tokenReadings(p, x, { differentiable: true });
  return dpoLoss({ ...x, logProbs }, settings);
}

function differentiate(
  policy: Learner,
  part: readonly DpoPair[],
  padId: number,
  config: DpoConfig,
  pairs: number,
) {
  const { lossType, beta, gamma, sftWeight, referenceFree } = config;
  const values = pairValues(part, pairs, { ...config, padId, window: policy.config.slidingWindow });
  return policy.differentiate(dpoStep, values, { lossType, beta, gamma, sftWeight, referenceFree });
}

/**
 * What the loss reads of a micro-batch, but for the policy's log-probabilities.
 * @param pairs in the whole batch. @param config labelSmoothing: the noise of pairs that have none of their own.
 */
export function pairValues(
  part: readonly DpoPair[],
  pairs: number,
  config: AnswerLayout & Pick<DpoConfig, "microBatchSize" | "labelSmoothing">,
) {
  const { microBatchSize: P } = config;
  const batch = pairBatch(part, P, config);
  const blank = Array.from({ length: P - part.length }, () => []);
  const reference = (side: "chosen" | "rejected") => part.map((pair) => pair.reference?.[side] ?? []);
  return {
    ...tokensRead(batch),
    reference: perToken(batch, [...reference("chosen"), ...blank, ...reference("rejected"), ...blank]),
    sequence: sequenceOfTokens(batch),
    lengths: tokensOfSequences(batch),
    noise: perItem(part, P, (pair) => pair.noise ?? config.labelSmoothing),
    share: perItem(part, P, (pair) => (pair.weight ?? 1) / pairs),
  };
}

/** Log-probabilities of both answers of each pair under a reference. */
export async function pairLogProbs(
  scorer: Scorer,
  pairs: readonly AnswerPair[],
  padId: number,
  { microBatchSize, packing }: Pick<DpoConfig, "microBatchSize" | "packing">,
  onProgress?: () => void,
): Promise<PairLogProbs[]> {
  const sides = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const batching = { rows: 2 * microBatchSize, padId, packing, ...(onProgress && { onProgress }) };
  const found = await sequenceLogProbs(scorer, sides, batching);
  return pairsOfSides(found);
}

async function withLogProbs(
  scorer: Scorer,
  pairs: readonly DpoPair[],
  padId: number,
  config: DpoConfig,
): Promise<DpoPair[]> {
  const references = await pairLogProbs(scorer, pairs, padId, config);
  return pairs.map((pair, i) => ({ ...pair, reference: references[i] }));
}
