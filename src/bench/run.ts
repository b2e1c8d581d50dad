/** Writes figures of this machine to files: the benchmark of the engine, or a profile with its trace. */
import { z } from "zod";
import { writeFileAtomically } from "../artifacts/index.js";
import { sampledTexts } from "../generate/index.js";
import { randomWeights } from "../model/create.js";
import { calibrationTokens } from "../model/int8/build.js";
import { createRuntime, openNetwork } from "../open/open-network.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { type BenchResult, bench } from "./index.js";
import { measureRoof, type ProfiledWork, profile, type Roof, WORKS } from "./profile/index.js";
import { SMOLLM2_135M } from "./shapes.js";
import { someRows } from "./steps.js";

export const benchSchema = z.object({
  repeats: z
    .number()
    .int()
    .min(1)
    .max(99)
    .default(5)
    .describe("measurements of each kind; the table shows medians, with --profile means"),
  rows: z.number().int().min(1).max(256).default(8).describe("rows of a training step"),
  length: z.number().int().min(8).max(2048).default(128).describe("tokens per row of a training step"),
  out: z
    .string()
    .min(1)
    .optional()
    .describe("where the figures are written (default runs/bench.json, or runs/profile.json)"),
  profile: z.boolean().default(false).describe("show instead where the time goes, kernel by kernel"),
  works: z
    .array(z.enum(WORKS))
    .min(1)
    .default(["lora", "lora-int8", "full", "decode-1", "decode-16", "prefill", "ppo"])
    .describe("with --profile: the works to profile"),
  trace: z
    .string()
    .min(1)
    .default("runs/trace.json")
    .describe("with --profile: one unit of each work as a Chrome trace"),
  promptTokens: z
    .number()
    .int()
    .min(2)
    .max(1024)
    .default(96)
    .describe("with --profile: tokens of a prompt, in decoding and prefill"),
  newTokens: z.number().int().min(2).max(512).default(32).describe("with --profile: tokens decoded"),
  model: z.string().min(1).optional().describe("with --profile: a model instead of random weights"),
});

type BenchConfig = z.output<typeof benchSchema>;

/** Runs the benchmark and writes the figures to `out`. */
export async function runBench(
  config: BenchConfig,
  onProgress: (what: string) => void,
): Promise<{ result: BenchResult; out: string }> {
  const out = config.out ?? "runs/bench.json";
  const result = await bench(createRuntime(), config, (what) => onProgress(`measuring: ${what}`));
  await writeFileAtomically(out, `${JSON.stringify(result, null, 2)}\n`);
  return { result, out };
}

export interface ProfileFigures {
  threads: number;
  roof: Roof;
  works: ProfiledWork[];
}

/** Profiles the works, and writes the figures to `out` and one unit of each work to `trace`. */
export async function runProfile(
  config: BenchConfig,
  onProgress: (what: string) => void,
): Promise<{ figures: ProfileFigures; out: string }> {
  const out = config.out ?? "runs/profile.json";
  const runtime = new OrtRuntime({ profile: true });
  const opened = config.model === undefined ? undefined : await openNetwork(runtime, config.model);
  // Without end-of-text tokens, every row samples as many tokens as it is asked for.
  const shape = { ...(opened?.config ?? SMOLLM2_135M), eosIds: [] };
  const weights = opened?.base ?? randomWeights(runtime, shape, 0);
  const wanted = calibrationTokens(shape);
  const texts = async () =>
    opened ? sampledTexts(runtime, shape, weights, opened.padId, wanted) : someRows(shape.vocabSize, wanted);
  const progress = (what: string): void => onProgress(`profiling: ${what}`);
  progress("the best speeds of the machine");
  const roof = await measureRoof(createRuntime());
  const { works, trace } = await profile(runtime, shape, weights, texts, config, progress);
  const figures = { threads: runtime.threads, roof, works };
  await writeFileAtomically(out, `${JSON.stringify(figures, null, 2)}\n`);
  await writeFileAtomically(config.trace, trace);
  return { figures, out };
}
