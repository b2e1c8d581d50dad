/**
 * Supervised fine-tuning on demonstrations (Ouyang et al. 2022, step 1): maximum likelihood of the completions,
 *
 *   loss = - sum_{t read} log p(y_t | y_<t) / number of tokens read in the whole batch.
 *
 * Prompts are not read (completion-only loss) unless asked for. Packing puts several examples into one row, with
 * attention and positions of each its own.
 */
import { z } from "zod";
import { PlumbError } from "../errors.js";
import { type Batch, chunks, collate, type Sequence } from "../model/batch.js";
import { collatePacked, packSequences } from "../model/packing.js";
import type { NetworkTrainer } from "../model/runner.js";
import { batchFeeds, readInputs } from "../model/sequence-programs.js";
import { tokenReadings } from "../model/token-readings.js";
import { learningRate } from "../optim/index.js";
import { mul, neg, sum } from "../tensor/index.js";
import { checkFinite } from "./finite.js";
import { batchIndices } from "./order.js";
import { loraSchema, optimizationSchema } from "./training-config.js";

export const sftSchema = optimizationSchema.extend({
  epochs: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .describe("Passes over the demonstrations; may be a fraction."),
  batchSize: z.number().int().positive().default(16).describe("Examples a step (packed rows when packing)."),
  microBatchSize: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe("Rows in memory at once; does not change the loss."),
  maxLength: z.number().int().min(2).default(512).describe("Longer examples are cut at the end, in tokens."),
  packing: z
    .boolean()
    .default(false)
    .describe("Several examples share a row, kept apart by the attention mask."),
  completionOnly: z.boolean().default(true).describe("Only what the assistant says counts in the loss."),
  lora: loraSchema.nullable().default(null).describe("Train a LoRA adapter instead of all weights."),
});
export type SftConfig = z.infer<typeof sftSchema>;

export interface SftStep {
  /** Steps done, counted from 1. */
  step: number;
  steps: number;
  /** Under TRL's names. */
  metrics: Record<string, number>;
  /** Tokens that went through the network in this step, padding not counted. */
  tokens: number;
}

/** Optimiser steps of a run over `examples` examples (rows when packing). */
export const sftSteps = (rows: number, config: SftConfig): number =>
  Math.max(1, Math.ceil((rows * config.epochs) / config.batchSize));

/**
 * Trains; yields after each step.
 * @param examples tokens, with those that the loss reads marked. @param startStep steps done by an earlier run.
 */
export async function* sft(
  trainer: NetworkTrainer,
  examples: readonly Sequence[],
  padId: number,
  config: SftConfig,
  startStep = 0,
): AsyncGenerator<SftStep> {
  const readable = examples.map((e) => cut(e, config)).filter((e) => e.read.some((read, t) => read && t > 0));
  if (readable.length === 0) {
    throw new PlumbError("no demonstration has a completion within maxLength tokens", {
      hint: "raise maxLength",
    });
  }
  const rows: Sequence[][] = config.packing
    ? packSequences(readable, config.maxLength)
    : readable.map((e) => [e]);
  const steps = sftSteps(rows.length, config);
  const warmup = Math.ceil(steps * config.warmupShare);
  let tokensSeen = 0;

  for (let step = 0; step < steps; step++) {
    // 1. The batch, and the number of tokens its loss is the mean over.
    const batch = batchIndices(rows.length, config.batchSize, step, config.seed, "sft").map((i) => rows[i]);
    const tokens = batch.flat().reduce((n, s) => n + s.ids.length, 0);
    const count = batch.flat().reduce((n, s) => n + s.read.filter((read, t) => read && t > 0).length, 0);
    tokensSeen += tokens;
    if (step < startStep) continue;

    // 2. Gradients, micro-batch by micro-batch; each is a part of the one mean.
    let loss = 0;
    let correct = 0;
    const byLength = [...batch].sort((a, b) => rowLength(b) - rowLength(a));
    for (const part of chunks(byLength, config.microBatchSize)) {
      const out = await backward(trainer, inRows(part, padId, config), count);
      loss += out.loss[0] as number;
      correct += out.correct[0] as number;
    }
    checkFinite("sft", step + 1, { loss });

    // 3. AdamW.
    const rate = learningRate(step, config.learningRate, config.schedule, warmup, steps);
    const gradNorm = await trainer.update(rate);
    const metrics = {
      loss,
      mean_token_accuracy: correct / count,
      grad_norm: gradNorm,
      learning_rate: rate,
      num_tokens: tokensSeen,
      epoch: ((step + 1) * config.batchSize) / rows.length,
    };
    yield { step: step + 1, steps, metrics, tokens };
  }
}

const rowLength = (row: readonly Sequence[]): number => row.reduce((n, s) => n + s.ids.length, 0);

/** An example limited to maxLength; without completionOnly all its tokens are read. */
function cut({ ids, read }: Sequence, { maxLength, completionOnly }: SftConfig): Sequence {
  const kept = ids.slice(0, maxLength);
  return { ids: kept, read: completionOnly ? read.slice(0, maxLength) : kept.map(() => true) };
}

/** -sum w log p / count over the tokens read, and how many of them were the likeliest token. */
type Parts = Parameters<NetworkTrainer["backward"]>[2];
const nll =
  (trainer: NetworkTrainer): Parts =>
  (p, x) => {
    const { logProbs, hits } = tokenReadings(p, trainer.network.config, x, {
      differentiable: true,
      also: ["hits"],
    });
    return { loss: mul(neg(sum(mul(logProbs, x.weights))), x.scale), correct: sum(mul(hits, x.weights)) };
  };

/** A micro-batch; packed rows are all of maxLength. */
function inRows(part: readonly Sequence[][], padId: number, config: SftConfig): Batch {
  const rows = config.microBatchSize;
  if (!config.packing) return collate(part.flat(), padId, rows);
  let next = 0;
  const placed = part.map((row) => row.map(() => next++));
  return collatePacked(part.flat(), placed, padId, { rows, columns: config.maxLength, share: false });
}

function backward(trainer: NetworkTrainer, batch: Batch, count: number) {
  const inputs = {
    ...readInputs(batch),
    weights: { shape: [batch.weights.length], dtype: "f32" },
    scale: { shape: [], dtype: "f32" },
  } as const;
  const feeds = { ...batchFeeds(batch), weights: batch.weights, scale: Float32Array.of(1 / count) };
  return trainer.backward("sft", inputs, nll(trainer), feeds);
}
