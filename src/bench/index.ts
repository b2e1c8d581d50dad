/**
 * Measures the engine on this machine. Every ratio compares two things measured in turn in the same run, so that a
 * drift of the machine's speed does not distort it.
 */
import os from "node:os";
import { Generator } from "../generate/index.js";
import type { ModelConfig } from "../model/config.js";
import { frozenNetwork, randomWeights } from "../model/create.js";
import type { Weights } from "../model/network.js";
import type { TimedRuntime } from "../runtime/profile.js";
import { median } from "../statistics/median.js";
import { matrixProductProbe, memoryReadProbe, type Spread, spread } from "./machine.js";
import { PpoIterations } from "./ppo-iterations.js";
import { SMOLLM2_135M, weightBytes } from "./shapes.js";
import { decodeStep, TrainingStep } from "./steps.js";

interface BenchOptions {
  repeats: number;
  rows: number;
  length: number;
}

interface StepFigures {
  tokensPerSecond: Spread;
  gflops: Spread;
  /** GFLOP/s of the step over those of the bare product measured just before it. */
  ratio: Spread;
}

interface DecodeFigures {
  batch: number;
  millisecondsPerStep: Spread;
  tokensPerSecond: number;
}

export interface BenchResult {
  machine: { cpu: string; threads: number; node: string };
  shape: string;
  rows: number;
  length: number;
  matrixProductGflops: Spread;
  memoryReadGBs: Spread;
  lora: StepFigures;
  full: StepFigures;
  decode: DecodeFigures[];
  /** Step time at batch 1 over the time to read the weights once. */
  decodeOverRead: number;
  /** Tokens/s at batch 16 and 64 over tokens/s at batch 1. */
  decodeBatch16: number;
  decodeBatch64: number;
  /** Step time at batch 1 with room for 2,048 tokens over that with room for 128, both equally filled. */
  decodeCapacity: number;
  ppo: IterationShare;
}

interface IterationShare {
  milliseconds: number;
  insidePrograms: number;
  outsideShare: number;
}

/** One PPO iteration (after one to warm up) and the share of its time that is spent outside compiled programs. */
async function iterationShare(
  runtime: TimedRuntime,
  config: ModelConfig,
  weights: Weights,
): Promise<IterationShare> {
  const iterations = new PpoIterations(runtime, config, weights);
  await iterations.next();
  const before = { ...runtime.statistics };
  const start = performance.now();
  await iterations.next();
  const { runMilliseconds, compileMilliseconds } = runtime.statistics;
  const milliseconds = performance.now() - start - (compileMilliseconds - before.compileMilliseconds);
  const insidePrograms = runMilliseconds - before.runMilliseconds;
  iterations.release();
  return { milliseconds, insidePrograms, outsideShare: 1 - insidePrograms / milliseconds };
}

/** Runs all measurements; `onProgress` is called with the name of each. */
export async function bench(
  runtime: TimedRuntime,
  options: BenchOptions,
  onProgress: (what: string) => void,
): Promise<BenchResult> {
  const config = SMOLLM2_135M;
  const weights = randomWeights(runtime, config, 0);
  const product = matrixProductProbe(runtime);
  const products: number[] = [];
  const bare = async (): Promise<number> => {
    const gflops = await product.run();
    products.push(gflops);
    return gflops;
  };
  onProgress("bare matrix product");
  await bare();
  products.length = 0;

  const measure = async (kind: "lora" | "full"): Promise<StepFigures> => {
    onProgress(`${kind} training step`);
    const step = new TrainingStep(runtime, config, weights, kind, options.rows, options.length);
    for (let i = 0; i < 3; i++) await step.run();
    const seconds: number[] = [];
    const ratios: number[] = [];
    for (let i = 0; i < options.repeats; i++) {
      const before = await bare();
      const time = (await step.run()) / 1000;
      const after = await bare();
      seconds.push(time);
      ratios.push(step.flops / time / 1e9 / ((before + after) / 2));
    }
    const tokens = options.rows * options.length;
    return {
      tokensPerSecond: spread(seconds.map((s) => tokens / s)),
      gflops: spread(seconds.map((s) => step.flops / s / 1e9)),
      ratio: spread(ratios),
    };
  };
  const lora = await measure("lora");
  const full = await measure("full");

  onProgress("decoding");
  const generator = new Generator(runtime, frozenNetwork(runtime, config, weights), 0);
  const read = memoryReadProbe(runtime);
  await read.run();
  const reads: number[] = [];
  const steps = new Map<number, number[]>([1, 16, 64].map((batch) => [batch, []]));
  for (const batch of steps.keys()) await decodeStep(generator, config, batch, 96, 8);
  for (let i = 0; i < options.repeats; i++) {
    for (const [batch, times] of steps) {
      reads.push(await read.run());
      times.push(await decodeStep(generator, config, batch, 96, 40));
    }
  }
  read.release();
  generator.release();

  onProgress("decoding with long rows");
  const roomy = [128, 2048].map((capacity) => ({ capacity, times: [] as number[] }));
  for (const { capacity } of roomy) await decodeStep(generator, config, 1, 64, 4, capacity);
  for (let i = 0; i < options.repeats; i++)
    for (const { capacity, times } of roomy)
      times.push(await decodeStep(generator, config, 1, 64, 40, capacity));
  generator.release();
  const decode = [...steps].map(([batch, times]) => ({
    batch,
    millisecondsPerStep: spread(times),
    tokensPerSecond: (1000 * batch) / median(times),
  }));
  const readMilliseconds = weightBytes(config) / median(reads) / 1e6;

  onProgress("PPO iteration");
  const iteration = await iterationShare(runtime, config, weights);
  return {
    machine: {
      cpu: os.cpus()[0]?.model.trim() ?? "unknown",
      threads: runtime.threads,
      node: process.version,
    },
    shape: "SmolLM2-135M",
    rows: options.rows,
    length: options.length,
    matrixProductGflops: spread(products),
    memoryReadGBs: spread(reads),
    lora,
    full,
    decode,
    decodeOverRead: decode[0].millisecondsPerStep.median / readMilliseconds,
    decodeBatch16: decode[1].tokensPerSecond / decode[0].tokensPerSecond,
    decodeBatch64: decode[2].tokensPerSecond / decode[0].tokensPerSecond,
    decodeCapacity: median(roomy[1].times) / median(roomy[0].times),
    ppo: iteration,
  };
}
