import { z } from "zod";
import { inGroup } from "../base/setting-groups.js";
import { databaseSettings } from "../feedback/store/index.js";
import { baseSettings } from "../open/model-settings.js";

/** Settings that every training command has beside its algorithm's. */
export const runSettings = {
  ...inGroup("run", {
    name: z
      .string()
      .min(1)
      .optional()
      .describe("name of the run; default: the command's, numbered when it is used"),
    runs: z.string().min(1).default("runs").describe("folder of all runs"),
  }),
  ...inGroup("files", {
    out: z.string().min(1).optional().describe("where the trained model goes; default: runs/<name>/model"),
  }),
  ...inGroup("run", {
    checkpointEvery: z.number().int().positive().default(20).describe("steps between checkpoints"),
    resume: z.boolean().default(false).describe("go on from the run's last checkpoint"),
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
      .describe("PEFT adapters folded into the model before training, one on another"),
  }),
  ...baseSettings,
};

/** How much memory training may take; `recompute` stands in the place of the algorithm's own. */
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
  data: dataFiles.min(1).describe("JSONL, JSON, CSV, TSV or Parquet files, also gzipped"),
  limit: z.number().int().positive().optional().describe("only the first rows of each file"),
});

/** Files of rows, or a project of the database, what raters said in it. */
export const judgedDataSettings = inGroup("files", {
  ...dataSettings,
  data: dataFiles.default([]).describe("JSONL, JSON, CSV, TSV or Parquet files, also gzipped"),
  project: z
    .string()
    .min(1)
    .optional()
    .describe("id of a project of the database: train on what its raters said, in place of files"),
  ...databaseSettings,
  held: z.boolean().default(true).describe("of a project: let votes count that a filter holds for review"),
});

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
