/**
 * Kahneman-Tversky optimisation (Ethayarajh et al. 2024): a policy from answers that are each judged by themselves, desirable or
 * not. With r(x, y) = log pi(y | x) - log pi_ref(y | x) and a point z that an answer is held against,
 *
 *   loss = mean over answers of  w lambda_D (1 - s(beta (r - z)))   where the answer is desirable,
 *                                w lambda_U (1 - s(beta (z - r)))   where it is not,
 *   z    = max(0, mean over the batch of r(x_i, y_{i+1})).
 *
 * z estimates the KL between policy and reference: by answers to other prompts, each prompt with the answer that follows its own in
 * the batch, the last with the first. It is not differentiated. So a batch has at least two answers, and z is one number for all
 * micro-batches of it.
 */
import { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { grouped } from "../base/setting-groups.js";
import { usageError } from "../base/usage-error.js";
import { promptCompletion, type Sequence } from "../model/batch.js";
import { layOut } from "../model/lay-out.js";
import type { Learner, Model } from "../model/learner.js";
import { sequenceLogProbs } from "../model/score.js";
import { sequenceSums } from "../model/sequence-programs.js";
import { tokenReadings } from "../model/token-readings.js";
import {
  type Named,
  perItem,
  perToken,
  scalar,
  sequenceOfTokens,
  type TokensRead,
  type Traced,
  tokensRead,
} from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { mul, sigmoid, sub, sum, type Tensor } from "../tensor/index.js";
import type { LabelledAnswer } from "./answers.js";
import { checkFinite } from "./finite.js";
import { overMicroBatches } from "./micro-batches.js";
import { batchIndices } from "./order.js";
import { meanOf } from "./statistics.js";
import type { Step } from "./step.js";
import { directRate, directSettings } from "./training-config.js";

const settings = directSettings.extend({
  batchSize: z
    .number()
    .int()
    .positive()
    .default(32)
    .describe("Answers per step, at least 2; with fewer than 8 the KL is a coarse estimate."),
  microBatchSize: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe("Answers in memory at once; does not change the loss."),
  beta: z.number().positive().default(0.1).describe("How firmly the reference holds the policy back."),
  desirableWeight: z
    .number()
    .min(0)
    .default(1)
    .describe("lambda_D: weight of desirable answers; raise it where they are the fewer."),
  undesirableWeight: z
    .number()
    .min(0)
    .default(1)
    .describe("lambda_U: weight of the others; raise it where they are the fewer."),
});

export const ktoSchema = grouped(settings, { training: ["batchSize"], memory: ["microBatchSize"] });
/** Settings of KTO with their defaults filled in; `ktoSchema` says what each means and its range. */
export type KtoConfig = z.infer<typeof ktoSchema>;

/** @throws PlumbError for a batch of one answer, which has no other prompt. */
export function checkKto({ batchSize }: Pick<KtoConfig, "batchSize">): void {
  if (batchSize > 1) return;
  throw usageError(
    "batchSize is 1, and KTO estimates its KL from answers to other prompts of the batch",
    "Give at least 2; with fewer than 8 the estimate is coarse. microBatchSize may be 1.",
  );
}

/** Log-probabilities of tokens under the reference. */
export interface KtoReference {
  /** Of each answer. */
  answers: readonly Float32Array[];
  /** Of each step's answers to other prompts, as `mismatched` makes them. */
  mismatched: readonly (readonly Float32Array[])[];
}

/** What KTO works with. */
export interface KtoSetup {
  policy: Learner;
  answers: readonly LabelledAnswer[];
  reference: KtoReference;
  padId: number;
}

export const ktoSteps = (answers: number, config: Pick<KtoConfig, "epochs" | "batchSize">): number =>
  Math.max(1, Math.ceil((answers * config.epochs) / config.batchSize));

const batchOf = (answers: number, step: number, config: Pick<KtoConfig, "batchSize" | "seed">): number[] =>
  batchIndices(answers, config.batchSize, step, config.seed, "kto");

/**
 * A prompt and an answer of at most maxLength tokens: the prompt loses tokens at its start but for one, then the answer at its end.
 */
export function labelledSequence(
  prompt: readonly number[],
  completion: readonly number[],
  maxLength: number,
): Sequence {
  const kept = Math.max(1, maxLength - completion.length);
  const before = prompt.slice(-kept);
  return promptCompletion(before, completion.slice(0, maxLength - before.length));
}

/** The sequences by which a step estimates the KL: each prompt of the batch with the answer that follows its own. */
export function mismatched(
  answers: readonly LabelledAnswer[],
  step: number,
  config: Pick<KtoConfig, "batchSize" | "seed" | "maxLength">,
): Sequence[] {
  const batch = batchOf(answers.length, step, config).map((i) => answers[i]);
  return batch.map(({ prompt }, i) =>
    labelledSequence(prompt, batch[(i + 1) % batch.length].completion, config.maxLength),
  );
}

// ---------------------------------------------------------------------------------------------------------------
// The maths, as small pure functions.

/** z: the mean log-ratio of answers to other prompts, at least 0. */
export const klPoint = (logRatios: readonly number[]): number => Math.max(0, meanOf(logRatios));

/** What the loss reads: of each token read [M], of each answer [N], and z []. */
export type KtoInput =
  | "logProbs" // [M] under the policy
  | "reference" // [M] under the reference
  | "weights" // [M] 1 for a token read, 0 for padding
  | "sequence" // [M] whose token it is, i64
  | "sign" // [N] 1 for a desirable answer, -1 for another
  | "share" // [N] w lambda / answers in the whole batch, 0 for padding
  | "kl"; // [] z

/** The loss [] over a micro-batch of N answers, and r and log pi of each [N]. */
export function ktoLoss(
  { logProbs, reference, weights, sequence, sign, share, kl }: Record<KtoInput, Tensor>,
  { beta }: Pick<KtoConfig, "beta">,
): Record<"loss" | "logRatios" | "logp", Tensor> {
  const N = sign.shape[0] as number;
  const logRatios = sequenceSums(mul(sub(logProbs, reference), weights), sequence, N); // [N]
  const logp = sequenceSums(mul(logProbs, weights), sequence, N);
  const value = sigmoid(mul(mul(sub(logRatios, kl), sign), beta)); // s(beta (r - z)) or s(beta (z - r))
  return { loss: sum(mul(sub(1, value), share)), logRatios, logp };
}

// ---------------------------------------------------------------------------------------------------------------
// The loop.

/** Trains, and yields after each step. @param startStep steps done by an earlier run. */
export async function* kto(setup: KtoSetup, config: KtoConfig, startStep = 0): AsyncGenerator<Step> {
  const { policy, answers, reference, padId } = setup;
  checkKto(config);
  if (answers.length < 2)
    throw new PlumbError("KTO needs at least two answers: its KL is estimated from answers to other prompts");
  const steps = ktoSteps(answers.length, config);
  const warmup = warmupSteps(steps, config);
  const batching = { rows: config.microBatchSize, padId, packing: config.packing };
  let tokensSeen = 0;

  for (let step = 0; step < steps; step++) {
    // 1. The batch, and its prompts with each other's answers.
    const indices = batchOf(answers.length, step, config);
    const batch = indices
      .map((i): Judged => {
        const { prompt, completion, label, weight = 1 } = answers[i];
        const sequence = labelledSequence(prompt, completion, config.maxLength);
        const lambda = label ? config.desirableWeight : config.undesirableWeight;
        return { sequence, label, weight: weight * lambda, reference: reference.answers[i] };
      })
      .sort((a, b) => b.sequence.ids.length - a.sequence.ids.length);
    const others = mismatched(answers, step, config);
    const tokens = [...batch.map(({ sequence }) => sequence), ...others].reduce(
      (n, s) => n + s.ids.length,
      0,
    );
    tokensSeen += tokens;
    if (step < startStep) continue;

    // 2. z, over the whole batch and without gradients.
    const otherLogProbs = await sequenceLogProbs(policy, others, batching);
    const kl = klPoint(otherLogProbs.map((own, i) => differenceOf(own, reference.mismatched[step][i])));

    // 3. Gradients, one micro-batch at a time; each adds its part of the mean over the batch.
    const { loss, parts, outputs } = await overMicroBatches(batch, config, (part) =>
      differentiate(policy, part, kl, padId, config, batch.length),
    );
    checkFinite("kto", step + 1, { loss, kl });

    // 4. AdamW.
    const rate = learningRate(step, directRate(config), config.schedule, warmup, steps);
    const gradNorm = await policy.update(rate);

    // 5. Metrics; those of a kind of answer are missing where the batch has none of it.
    const of = (output: "logRatios" | "logp"): number[] =>
      parts.flatMap((part, k) => Array.from(outputs[k][output].slice(0, part.length), Number));
    const byLabel = (values: readonly number[], label: boolean): number[] =>
      values.filter((_, i) => batch[i].label === label);
    const rewards = of("logRatios").map((r) => config.beta * r);
    const lengths = batch.map(({ reference: tokensRead }) => tokensRead.length);
    const ofLabels = (
      [
        ["chosen", true],
        ["rejected", false],
      ] as const
    ).flatMap(([name, label]) => {
      const own = byLabel(rewards, label);
      if (own.length === 0) return [];
      return [
        [`rewards/${name}`, meanOf(own)],
        [`logps/${name}`, meanOf(byLabel(of("logp"), label))],
        [`lengths/${name}`, meanOf(byLabel(lengths, label))],
      ] as const;
    });
    const [good, bad] = [byLabel(rewards, true), byLabel(rewards, false)];
    const metrics = {
      loss,
      kl,
      ...Object.fromEntries(ofLabels),
      ...(good.length > 0 && bad.length > 0 && { "rewards/margins": meanOf(good) - meanOf(bad) }),
      "count/chosen": good.length,
      grad_norm: gradNorm,
      learning_rate: rate,
      num_tokens: tokensSeen,
      epoch: ((step + 1) * config.batchSize) / answers.length,
    };
    yield { step: step + 1, steps, metrics, tokens };
  }
}

interface Judged {
  sequence: Sequence;
  label: boolean;
  weight: number;
  reference: Float32Array;
}

/** Sum over tokens of log pi - log pi_ref. */
function differenceOf(own: Float32Array, other: Float32Array): number {
  let total = 0;
  for (let t = 0; t < own.length; t++) total += own[t] - other[t];
  return total;
}

/** The loss of a micro-batch: what is traced. */
function ktoStep(
  p: Model,
  x: Traced<TokensRead & Named<"reference" | "sequence" | "sign" | "share" | "kl">>,
  settings: Pick<KtoConfig, "beta">,
) {
  const { logProbs } = tokenReadings(p, x, { differentiable: true });
  return ktoLoss({ ...x, logProbs }, settings);
}

function differentiate(
  policy: Learner,
  part: readonly Judged[],
  kl: number,
  padId: number,
  { microBatchSize: N, packing, beta }: KtoConfig,
  answers: number,
) {
  const blank = Array.from({ length: N - part.length }, (): Sequence => ({ ids: [], lossMask: [] }));
  const batch = layOut([...part.map(({ sequence }) => sequence), ...blank], {
    padId,
    rows: N,
    packing,
    window: policy.config.slidingWindow,
  });
  const values = {
    ...tokensRead(batch),
    reference: perToken(
      batch,
      part.map(({ reference }) => reference),
    ),
    sequence: sequenceOfTokens(batch),
    sign: perItem(part, N, ({ label }) => (label ? 1 : -1)),
    share: perItem(part, N, ({ weight }) => weight / answers),
    kl: scalar(kl),
  };
  return policy.differentiate(ktoStep, values, { beta });
}
