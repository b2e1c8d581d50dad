import { z } from "zod";
import { grouped } from "../base/setting-groups.js";
import { loraSchema, optimizationSchema, packingSchema } from "./training-config.js";

const count = z.number().int().positive();

/** The `groupSize` setting, without its default. */
export const groupSizeSchema = count.min(2).describe("G: responses to each prompt (TRL's num_generations).");

const settings = optimizationSchema.extend({
  iterations: count.default(100).describe("Batches of responses to sample and learn from."),
  batchSize: count.default(64).describe("Responses per iteration; groupSize and miniBatches must divide it."),
  groupSize: groupSizeSchema.default(8),
  epochs: count.default(1).describe("mu: passes over each batch (TRL's num_iterations)."),
  miniBatches: count.default(1).describe("Updates per epoch; must divide batchSize."),
  microBatchSize: count.default(8).describe("Rows in memory at once; does not change the loss."),
  packing: packingSchema,
  maxNewTokens: count.default(64).describe("Longest response, in tokens."),
  temperature: z
    .number()
    .positive()
    .max(10)
    .default(1)
    .describe("Divides the logits in sampling, policy and reference."),
  warmupRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Share of the iterations in which the rate rises from 0; the first then learns nothing."),
  lora: loraSchema
    .nullable()
    .default(null)
    .describe("Train LoRA adapters; the reference is the model without them."),
});

/** Settings shared by the methods that sample several responses to a prompt and have no value model. */
export const groupSettings = grouped(settings, {
  training: ["iterations", "batchSize", "groupSize", "lora"],
  sampling: ["maxNewTokens", "temperature"],
  optimiser: ["warmupRatio"],
  memory: ["microBatchSize", "packing"],
});

/** The `klCoefficient` setting of methods whose reward holds the KL to the reference. */
export const klCoefficientSchema = z
  .number()
  .min(0)
  .default(0.05)
  .describe("beta: reward lost per nat of KL to the reference.");

/** Settings of methods that clip the ratio of probabilities as TRL does: each bound by itself. */
export const clipSettings = {
  epsilon: z.number().positive().max(1).default(0.2).describe("The ratio is clipped to 1 - epsilon below."),
  epsilonHigh: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("The ratio is clipped to 1 + epsilonHigh above; null: epsilon. DAPO: 0.28."),
};
