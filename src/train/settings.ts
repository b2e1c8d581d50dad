import { z } from "zod";
import { baseSettings } from "../open/model-settings.js";

/** Settings that every training command has beside its algorithm's. */
export const runSettings = {
  name: z
    .string()
    .min(1)
    .optional()
    .describe("name of the run; default: the command's, numbered when it is used"),
  runs: z.string().min(1).default("runs").describe("folder of all runs"),
  out: z.string().min(1).optional().describe("where the trained model goes; default: runs/<name>/model"),
  checkpointEvery: z.number().int().positive().default(20).describe("steps between checkpoints"),
  resume: z.boolean().default(false).describe("go on from the run's last checkpoint"),
  logEvery: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe("steps between lines of figures; 0: the progress bar only"),
};

export const modelSettings = {
  model: z.string().min(1).describe("a .gguf file, a Hugging Face folder or hf:owner/name"),
  adapter: z
    .array(z.string().min(1))
    .default([])
    .describe("PEFT adapters folded into the model before training, one on another"),
  ...baseSettings,
};

/** How much memory training may take; `recompute` stands in the place of the algorithm's own. */
export const memorySettings = {
  recompute: z
    .literal([true, false, "auto"])
    .default("auto")
    .describe(
      "layers keep only their input for the backward pass: less memory, same numbers; auto: if needed",
    ),
  memoryBudget: z
    .string()
    .regex(/^\s*\d+(\.\d+)?\s*([kmg]i?)?b\s*$/i, "expected a size, such as 2GB")
    .nullable()
    .default(null)
    .describe(
      "most memory of the process, such as 2GB: recompute and microBatchSize follow; null: what is free",
    ),
};

export const dataSettings = {
  data: z.array(z.string().min(1)).min(1).describe("JSONL, JSON, CSV, TSV or Parquet files, also gzipped"),
  limit: z.number().int().positive().optional().describe("only the first rows of each file"),
};

/** Settings that may differ between an interrupted run and the command that goes on with it. */
export const MAY_CHANGE = ["runs", "out", "checkpointEvery", "logEvery", "recompute", "memoryBudget"];

export interface RunSettings {
  name?: string | undefined;
  runs: string;
  out?: string | undefined;
  checkpointEvery: number;
  resume: boolean;
  logEvery: number;
}
