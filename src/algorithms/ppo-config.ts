import { z } from "zod";
import { grouped } from "../base/setting-groups.js";
import { loraSchema, optimizationSchema, packingSchema } from "./training-config.js";

const settings = optimizationSchema.extend({
  iterations: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe("Batches of prompts to sample and learn from."),
  warmupRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Share of the iterations in which the rate rises from 0; the first then learns nothing."),
  batchSize: z.number().int().positive().default(64).describe("Prompts per iteration."),
  miniBatches: z.number().int().positive().default(1).describe("Updates per epoch; must divide batchSize."),
  epochs: z.number().int().positive().default(4).describe("Passes over each batch."),
  microBatchSize: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe("Rows in memory at once; does not change the loss."),
  packing: packingSchema,
  maxNewTokens: z.number().int().positive().default(64).describe("Longest response, in tokens."),
  temperature: z
    .number()
    .positive()
    .max(10)
    .default(1)
    .describe("Divides the logits in sampling, policy and reference."),
  gamma: z.number().min(0).max(1).default(1).describe("Discount factor of the rewards."),
  lambda: z.number().min(0).max(1).default(0.95).describe("Lambda of generalised advantage estimation."),
  clip: z
    .number()
    .positive()
    .default(0.2)
    .describe("The policy's probability ratio is clipped to 1 -+ clip."),
  valueClip: z
    .number()
    .positive()
    .nullable()
    .default(0.2)
    .describe("New values are clipped to the old ones -+ this; null: they are not."),
  valueCoefficient: z.number().min(0).default(0.1).describe("Weight of the value loss."),
  valueLearningRate: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("Learning rate of the value model; null: learningRate."),
  valueFrom: z
    .enum(["reward", "zero"])
    .default("reward")
    .describe("The value model starts as the reward model, or as the policy with a zero head."),
  whitenAdvantages: z
    .boolean()
    .default(true)
    .describe("Advantages get mean 0 and variance 1 over the batch."),
  whitenRewards: z
    .boolean()
    .default(false)
    .describe("Token rewards get variance 1 over the batch; their mean is kept."),
  klCoefficient: z
    .number()
    .min(0)
    .default(0.05)
    .describe("beta: reward lost per nat of KL to the reference."),
  adaptiveKlTarget: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("KL per response to steer beta towards (adaptive KL); null: beta is fixed."),
  klHorizon: z.number().positive().default(10000).describe("Responses over which adaptive KL acts."),
  klBudget: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("Stop the run when the mean KL per response exceeds this."),
  targetKl: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("End an iteration's updates when approxkl exceeds this; adaptiveKlTarget steers beta instead."),
  scoreClip: z.number().positive().nullable().default(null).describe("Scores are clipped to -+ this."),
  missingEosPenalty: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe("Subtracted from the score of a response with no EOS."),
  missingEosScore: z
    .number()
    .nullable()
    .default(null)
    .describe("Score of a response with no EOS, instead of its own."),
  lora: loraSchema
    .nullable()
    .default(null)
    .describe("Train LoRA adapters; the reference is the model without them."),
});

/** Settings of a PPO run; CLI flags, recipe keys and docs are made from this schema. */
export const ppoSchema = grouped(settings, {
  training: ["iterations", "batchSize", "klCoefficient", "lora"],
  sampling: ["maxNewTokens", "temperature"],
  optimiser: ["warmupRatio", "valueLearningRate"],
  memory: ["microBatchSize", "packing"],
});
/** Settings of PPO with their defaults filled in; `ppoSchema` says what each means and its range. */
export type PpoConfig = z.infer<typeof ppoSchema>;
