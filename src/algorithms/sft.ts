/**
 * Supervised fine-tuning on demonstrations (Ouyang et al. 2022, step 1): maximum likelihood of the completions,
 *
 *   loss = - sum_{t read} log p(y_t | y_<t) / number of tokens read in the whole batch.
 *
 * To it a mixture's load-balancing loss is added, the mean over the micro-batches, where config.json or the settings ask
 * for it (`routerAuxLossCoef`). By default only completions are read (`completionOnly`). Packing puts several examples into one row; each has its own
 * attention and positions.
 */
import { z } from "zod";
import { mapConcurrent } from "../base/concurrent.js";
import { PlumbError } from "../base/errors.js";
import { grouped } from "../base/setting-groups.js";
import { type Batch, chunks, collate, type Sequence } from "../model/batch.js";
import type { ModelConfig } from "../model/config.js";
import type { Learner, Model } from "../model/learner.js";
import { loadBalancingLoss, withRouterScores } from "../model/load-balance.js";
import { collatePacked, packSequences } from "../model/packing.js";
import { tokenReadings } from "../model/token-readings.js";
import { type Named, realTokens, scalar, type TokensRead, type Traced, tokensRead } from "../model/values.js";
import { learningRate, warmupSteps } from "../optim/index.js";
import { add, div, mul, neg, sum } from "../tensor/index.js";
import { checkFinite } from "./finite.js";
import { batchIndices } from "./order.js";
import { Sums } from "./statistics.js";
import type { Step } from "./step.js";
import { loraSchema, optimizationSchema } from "./training-config.js";

const settings = optimizationSchema.extend({
  epochs: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .describe("Passes over the demonstrations; may be a fraction."),
  batchSize: z.number().int().positive().default(16).describe("Examples per step (rows when packing)."),
  microBatchSize: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe(
      "Rows in memory at once; does not change the loss, but for a mixture's load-balancing loss, which is of them.",
    ),
  maxLength: z.number().int().min(2).default(512).describe("Longer examples are cut at the end, in tokens."),
  packing: z
    .boolean()
    .default(false)
    .describe("Several examples share a row, kept apart by the attention mask."),
  completionOnly: z.boolean().default(true).describe("Only what the assistant says counts in the loss."),
  routerAuxLossCoef: z
    .number()
    .min(0)
    .max(100)
    .nullable()
    .default(null)
    .describe(
      "Weight of the load-balancing loss of a mixture of experts. Null: config.json's router_aux_loss_coef where its output_router_logits is true, as transformers does, else 0.",
    ),
  lora: loraSchema.nullable().default(null).describe("Train a LoRA adapter instead of all weights."),
});

export const sftSchema = grouped(settings, {
  training: ["epochs", "batchSize", "maxLength", "routerAuxLossCoef", "lora"],
  memory: ["microBatchSize", "packing"],
});
/**
 * Settings of supervised fine-tuning with their defaults filled in; `sftSchema` says what each means and its range.
 */
export type SftConfig = z.infer<typeof sftSchema>;

/** Optimiser steps of a run over `rows` examples (packed rows when packing). */
export const sftSteps = (rows: number, config: SftConfig): number =>
  Math.max(1, Math.ceil((rows * config.epochs) / config.batchSize));

/**
 * Trains, and yields after each step.
 * @param examples tokens, with a mask of those that the loss reads.
 * @param startStep steps done by an earlier run.
 * @throws PlumbError if no example has a token to read within `maxLength`, or a load-balancing loss is asked for of a
 * model without experts.
 */
export async function* sft(
  learner: Learner,
  examples: readonly Sequence[],
  padId: number,
  config: SftConfig,
  startStep = 0,
): AsyncGenerator<Step> {
  const readable = examples
    .map((e) => cut(e, config))
    .filter((e) => e.lossMask.some((counts, t) => counts && t > 0));
  if (readable.length === 0) {
    throw new PlumbError("no demonstration has a completion within maxLength tokens", {
      hint: "Raise maxLength.",
    });
  }
  const balance = balanceWeight(learner.config, config);
  const rows: Sequence[][] = config.packing
    ? packSequences(readable, config.maxLength)
    : readable.map((e) => [e]);
  const steps = sftSteps(rows.length, config);
  const warmup = warmupSteps(steps, config);
  let tokensSeen = 0;

  for (let step = 0; step < steps; step++) {
    // 1. The batch, and the number of tokens over which its loss is the mean.
    const batch = batchIndices(rows.length, config.batchSize, step, config.seed, "sft").map((i) => rows[i]);
    const tokens = batch.flat().reduce((n, s) => n + s.ids.length, 0);
    const count = batch
      .flat()
      .reduce((n, s) => n + s.lossMask.filter((counts, t) => counts && t > 0).length, 0);
    tokensSeen += tokens;
    if (step < startStep) continue;

    // 2. Gradients, one micro-batch at a time; each adds its part of the mean over the batch.
    const sums = new Sums<"loss" | "correct" | "balance">();
    const byLength = [...batch].sort((a, b) => rowLength(b) - rowLength(a));
    const parts = chunks(byLength, config.microBatchSize);
    const outputs = await mapConcurrent(config.parallel, parts, (part) => {
      const rectangle = inRows(part, padId, config);
      const values = { ...tokensRead(rectangle), scale: scalar(1 / count) };
      if (balance === 0) return learner.differentiate(negativeLogLikelihood, values, {});
      const more = { real: realTokens(rectangle), parts: scalar(parts.length) };
      return learner.differentiate(balancedLikelihood, { ...values, ...more }, { balance });
    });
    for (const out of outputs) sums.add({ balance: [0], ...out });
    const loss = sums.of("loss");
    checkFinite("sft", step + 1, { loss });

    // 3. AdamW.
    const rate = learningRate(step, config.learningRate, config.schedule, warmup, steps);
    const gradNorm = await learner.update(rate);
    const metrics = {
      loss,
      mean_token_accuracy: sums.of("correct") / count,
      ...(balance > 0 && { aux_loss: sums.of("balance") }),
      grad_norm: gradNorm,
      learning_rate: rate,
      num_tokens: tokensSeen,
      epoch: ((step + 1) * config.batchSize) / rows.length,
    };
    yield { step: step + 1, steps, metrics, tokens };
  }
}

const rowLength = (row: readonly Sequence[]): number => row.reduce((n, s) => n + s.ids.length, 0);

/** An example cut to maxLength; without completionOnly, all its tokens are read. */
function cut({ ids, lossMask }: Sequence, { maxLength, completionOnly }: SftConfig): Sequence {
  const kept = ids.slice(0, maxLength);
  return { ids: kept, lossMask: completionOnly ? lossMask.slice(0, maxLength) : kept.map(() => true) };
}

/** The loss -sum w log p times `scale` [] over the tokens read, and how many of these were the most likely token. */
export function negativeLogLikelihood(p: Model, x: Traced<TokensRead & Named<"scale">>) {
  const { logProbs, hits } = tokenReadings(p, x, { differentiable: true, also: ["hits"] }); // [M]
  return { loss: mul(neg(sum(mul(logProbs, x.weights))), x.scale), correct: sum(mul(hits, x.weights)) };
}

/**
 * The same plus `balance` times the micro-batch's load-balancing loss, divided by the number of micro-batches. @returns
 * as `balance` that loss without its weight.
 */
function balancedLikelihood(
  p: Model,
  x: Traced<TokensRead & Named<"scale" | "real" | "parts">>,
  { balance }: { balance: number },
) {
  const { experts } = p.config;
  if (experts === undefined) throw new Error("only a mixture of experts has a load to balance");
  const { model, scores } = withRouterScores(p);
  const { loss, correct } = negativeLogLikelihood(model, x);
  const load = div(loadBalancingLoss(experts, scores, x.real), x.parts);
  return { loss: add(loss, mul(load, balance)), correct, balance: load };
}

/** The weight of the load-balancing loss, 0 without one. */
function balanceWeight({ experts }: ModelConfig, { routerAuxLossCoef }: SftConfig): number {
  if (routerAuxLossCoef && experts === undefined)
    throw new PlumbError(
      `routerAuxLossCoef is ${routerAuxLossCoef}, but the model is no mixture of experts`,
      {
        hint: "Leave it out.",
      },
    );
  return routerAuxLossCoef ?? experts?.auxLoss ?? 0;
}

/** A micro-batch; packed rows all have maxLength columns. */
function inRows(part: readonly Sequence[][], padId: number, config: SftConfig): Batch {
  const rows = config.microBatchSize;
  if (!config.packing) return collate(part.flat(), padId, rows);
  let next = 0;
  const placed = part.map((row) => row.map(() => next++));
  return collatePacked(part.flat(), placed, padId, { rows, columns: config.maxLength, share: false });
}
