import { z } from "zod";
import { grouped } from "../base/setting-groups.js";
import { PACKING } from "../model/lay-out.js";
import { LINEAR_NAMES, type LinearName } from "../model/network.js";
import { adamwSchema, scheduleSchema } from "../optim/index.js";

/**
 * The schema with a check that each of `parts` divides `whole`, so that a wrong batch is refused before a model is
 * opened.
 */
export const dividedBy = <S extends z.ZodObject>(
  schema: S,
  whole: keyof S["shape"] & string,
  parts: readonly (keyof S["shape"] & string)[],
): S =>
  schema.superRefine((settings, { addIssue }) => {
    const values = settings as Record<string, number>;
    for (const part of parts) {
      if (values[whole] % values[part] === 0) continue;
      addIssue({
        code: "custom",
        path: [whole],
        message: `must be a multiple of ${part} (${values[part]})`,
        params: { value: values[whole] },
      });
    }
  });

/** The schema with a check that at most one of two settings is given, neither being null. */
export const exclusive = <S extends z.ZodObject>(
  schema: S,
  one: keyof S["shape"] & string,
  other: keyof S["shape"] & string,
): S =>
  schema.superRefine((settings, { addIssue }) => {
    const values = settings as Record<string, unknown>;
    if ((values[one] ?? null) === null || (values[other] ?? null) === null) return;
    addIssue({ code: "custom", path: [other], message: `cannot be given together with ${one}` });
  });

/** LoRA settings of a recipe; without them, all weights are trained. */
export const loraSchema = z.object({
  r: z.number().int().positive().default(16).describe("Rank of the update."),
  alpha: z.number().positive().default(32).describe("The update is scaled by alpha / r."),
  targets: z
    .array(
      z.enum([
        ...LINEAR_NAMES,
        "qkv_proj",
        "gate_up_proj",
        "router",
      ] as const satisfies readonly LinearName[]),
    )
    .min(1)
    .default([...LINEAR_NAMES])
    .describe(
      "Linear layers that get an update; if q, k and v are one layer, name all three. Of a mixture of experts, gate, up and down are every expert's; router is its router.",
    ),
});

/** The `packing` setting of methods whose batches may share rows. */
export const packingSchema = z
  .enum(PACKING)
  .default("auto")
  .describe(
    "Whether several texts share a row, kept apart by the attention mask, with common beginnings computed once: auto, if that saves a tenth or more; always; or never. Does not change the loss.",
  );

const settings = adamwSchema.extend({
  learningRate: z.number().positive().max(1).default(2e-4).describe("Peak learning rate."),
  recompute: z
    .boolean()
    .default(false)
    .describe("Layers keep only their input for the backward pass and recompute the rest: saves memory."),
  parallel: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe(
      "Micro-batches and networks of a step that are computed at once: faster where one alone does not use all cores; each takes its own memory.",
    ),
  schedule: scheduleSchema.default("linear").describe("Course of the learning rate after the warm-up."),
  warmupRatio: z
    .number()
    .min(0)
    .max(1)
    .default(0.03)
    .describe("Share of the steps in which the rate rises from 0."),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("Determines every random draw of the run."),
});
/** Settings shared by all training methods. */
export const optimizationSchema = grouped(settings, {
  training: ["learningRate"],
  optimiser: ["schedule", "warmupRatio"],
  run: ["seed"],
  memory: ["recompute", "parallel"],
});

const direct = optimizationSchema.extend({
  learningRate: z
    .number()
    .positive()
    .max(1)
    .nullable()
    .default(null)
    .describe("Peak learning rate; null: 1e-6 for all weights, 1e-5 for an adapter."),
  epochs: z.number().positive().max(1000).default(1).describe("Passes over the data; may be a fraction."),
  maxLength: z
    .number()
    .int()
    .min(2)
    .default(512)
    .describe(
      "Longer texts lose tokens at the prompt's start, then at the answer's end; both sides of a pair lose the same of the prompt.",
    ),
  packing: packingSchema,
  lora: loraSchema
    .nullable()
    .default(null)
    .describe("Train a LoRA adapter; a reference is the model without it, and takes no second copy."),
});
/** Settings shared by the methods that learn from judged answers without sampling. */
export const directSettings = grouped(direct, {
  training: ["learningRate", "epochs", "maxLength", "lora"],
  memory: ["packing"],
});

/** The peak learning rate of those methods. */
export const directRate = ({
  learningRate,
  lora,
}: Pick<z.output<typeof directSettings>, "learningRate" | "lora">): number =>
  learningRate ?? (lora === null ? 1e-6 : 1e-5);
