import { z } from "zod";
import { inGroup } from "../base/setting-groups.js";
import { databaseSettings } from "../feedback/store/database-settings.js";
import { baseSettings, chatSettings, resizeSetting } from "../open/model-settings.js";

/** Settings that every training command has in addition to its algorithm's. */
export const runSettings = {
  ...inGroup("run", {
    name: z
      .string()
      .min(1)
      .optional()
      .describe("name of the run; default: the command's, with a number if it is taken"),
    runs: z.string().min(1).default("runs").describe("folder of all runs"),
  }),
  ...inGroup("files", {
    out: z.string().min(1).optional().describe("folder for the trained model; default: runs/<name>/model"),
  }),
  ...inGroup("run", {
    checkpointEvery: z.number().int().positive().default(20).describe("steps between checkpoints"),
    resume: z.boolean().default(false).describe("continue from the run's last checkpoint, with its settings"),
    logEvery: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe("steps between lines of figures; 0: the progress bar only"),
  }),
};

export const modelSettings = {
  ...inGroup("files", {
    model: z.string().min(1).describe("a .gguf file, a Hugging Face folder or hf:owner/name"),
    adapter: z
      .array(z.string().min(1))
      .default([])
      .describe("PEFT adapters folded into the model before training, in this order"),
    resize: resizeSetting,
  }),
  ...chatSettings,
  ...baseSettings,
};

/** How much memory training may take; this `recompute` replaces the algorithm's own. */
export const memorySettings = inGroup("memory", {
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
});

const dataFiles = z.array(z.string().min(1));

export const dataSettings = inGroup("files", {
  data: dataFiles
    .min(1)
    .describe("JSONL, JSON, CSV, TSV or Parquet: files, folders of shards, patterns, or hf:owner/name"),
  limit: z.number().int().positive().optional().describe("only the first rows of each file"),
});

/** Files of rows, or a project in the database with its raters' answers. */
export const judgedDataSettings = inGroup("files", {
  ...dataSettings,
  data: dataFiles
    .default([])
    .describe("JSONL, JSON, CSV, TSV or Parquet: files, folders of shards, patterns, or hf:owner/name"),
  project: z
    .string()
    .min(1)
    .optional()
    .describe("id of a project in the database, whose votes to train on instead of files"),
  ...databaseSettings,
  held: z.boolean().default(true).describe("of a project: also count votes that a filter holds for review"),
});

/** Settings that may differ between an interrupted run and the command that resumes it. */
export const MAY_CHANGE = ["runs", "out", "checkpointEvery", "logEvery", "recompute", "memoryBudget"];

/** Where a run is kept, and how often it is saved and told of. */
export interface RunSettings {
  name?: string | undefined;
  runs: string;
  out?: string | undefined;
  checkpointEvery: number;
  resume: boolean;
  logEvery: number;
}
