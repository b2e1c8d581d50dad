import { Generator, samplingSchema } from "../../generate/index.js";
import type { ModelConfig } from "../../model/config.js";
import { frozenNetwork } from "../../model/create.js";
import type { Weights } from "../../model/network.js";
import type { Runtime } from "../../runtime/runtime.js";
import { PpoIterations } from "../ppo-iterations.js";
import { someIds, TrainingStep } from "../steps.js";

/** The works that can be profiled. */
export const WORKS = [
  "lora",
  "lora-int8",
  "full",
  "decode-1",
  "decode-16",
  "decode-64",
  "decode-1-int8",
  "decode-16-int8",
  "decode-64-int8",
  "prefill",
  "ppo",
] as const;
export type Work = (typeof WORKS)[number];

/** The size of each unit of work. */
export interface WorkSize {
  /** Of a training step. */
  rows: number;
  length: number;
  /** Tokens per prompt, in decoding and in prefill. */
  promptTokens: number;
  /** Decoding steps per unit. */
  newTokens: number;
}

/** A work that is ready to be repeated. */
interface PreparedWork {
  title: string;
  /** Does one unit of it. */
  run(): Promise<void>;
  /** Only this phase counts; by default all do. */
  phase?: string;
  /** Each run of a program counts as a unit of `phase`. */
  each?: "run";
}

export const isInt8 = (work: Work): boolean => work.endsWith("-int8");

/** @param base weights in f32, or in 8 bits for works that end with "-int8". */
export function prepareWork(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  work: Work,
  size: WorkSize,
): PreparedWork {
  const { rows, length, promptTokens, newTokens } = size;
  const kind = isInt8(work) ? "8-bit base" : "f32";
  if (work === "lora" || work === "lora-int8" || work === "full") {
    const step = new TrainingStep(runtime, config, base, work === "full" ? "full" : "lora", rows, length);
    const title = `${work === "full" ? "full training step" : `LoRA step, ${kind}`}, ${rows} x ${length} tokens`;
    return {
      title,
      run: async () => {
        await step.run();
      },
    };
  }
  if (work === "ppo") {
    const iterations = new PpoIterations(runtime, config, base);
    return { title: "PPO iteration", run: () => iterations.next() };
  }
  const generator = new Generator(runtime, frozenNetwork(runtime, config, base), 0);
  const batch = work === "prefill" ? 1 : Number(work.split("-")[1]);
  const prompts = Array.from({ length: batch }, (_, b) =>
    someIds(promptTokens, config.vocabSize, b * promptTokens),
  );
  const maxNewTokens = work === "prefill" ? 1 : newTokens;
  const sampling = samplingSchema.parse({ temperature: 1, maxNewTokens, seed: 1 });
  const run = async (): Promise<void> => {
    await generator.generate(prompts, sampling, { batchSize: batch });
  };
  return work === "prefill"
    ? { title: `prefill of ${promptTokens} tokens, ${kind}`, run, phase: "prefill" }
    : {
        title: `decoding step, batch ${batch}, ${kind}, after ${promptTokens} tokens`,
        run,
        phase: "decode",
        each: "run",
      };
}
