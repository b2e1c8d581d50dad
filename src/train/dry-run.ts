/**
 * Memory and operations of training, counted beforehand by running the algorithm on a runtime that computes nothing.
 */
import { frozenNetwork } from "../model/create.js";
import type { LoraConfig, Weights } from "../model/network.js";
import { NetworkRunner, NetworkTrainer, type TrainerConfig } from "../model/runner.js";
import { CountingRuntime } from "../runtime/counting-runtime.js";
import type { DeviceBuffer, Runtime } from "../runtime/runtime.js";
import { type NetworkBase, trainableNetwork } from "./base.js";

/** A model reduced to the shapes of its weights. */
export interface ModelShape {
  config: NetworkBase["config"];
  weights: ReadonlyMap<string, Pick<DeviceBuffer, "dtype" | "shape">>;
  padId: number;
}

/** Weights without contents. */
export function weightsLike(runtime: Runtime, { config, weights }: ModelShape): NetworkBase {
  const none = new Float32Array(0);
  const like: Weights = new Map(
    [...weights].map(([name, { dtype, shape }]) => [name, runtime.adopt(dtype, shape, none, name)]),
  );
  return { config, weights: like };
}

/** The largest items: as many as are in memory at once, or twice as many where a batch has several parts. */
export function heaviest<T>(items: readonly T[], size: (item: T) => number, batches: Batches): T[] {
  return [...items].sort((a, b) => size(b) - size(a)).slice(0, partsOf(batches));
}

export interface Batches {
  batchSize: number;
  microBatchSize: number;
  parallel: number;
}

export const partsOf = ({ batchSize, microBatchSize, parallel }: Batches): number =>
  Math.min(batchSize, 2 * parallel * microBatchSize);

/** Runs some steps of an algorithm that trains one network, on a runtime that only counts. */
export async function counted(
  model: ModelShape,
  config: TrainerConfig & { lora: LoraConfig | null; seed: number },
  head: "none" | "random",
  steps: number,
  algorithm: (trainer: NetworkTrainer) => AsyncGenerator<unknown>,
): Promise<CountingRuntime> {
  const runtime = new CountingRuntime();
  const network = trainableNetwork(runtime, weightsLike(runtime, model), config.lora, config.seed, head);
  const running = algorithm(new NetworkTrainer(runtime, network, config));
  for (let i = 0; i < steps; i++) await running.next();
  return runtime;
}

/** A model that scores texts, on a runtime that only counts. */
export function countedScorer(model: ModelShape): { runtime: CountingRuntime; scorer: NetworkRunner } {
  const runtime = new CountingRuntime();
  const { config, weights } = weightsLike(runtime, model);
  return { runtime, scorer: new NetworkRunner(runtime, frozenNetwork(runtime, config, weights)) };
}

/** Steps over which the mean operations per step are counted. */
export const STEPS_COUNTED = 8;

/**
 * The steps of a run and their operations: the mean over the first few, which are counted.
 *
 * @param count runs that many steps on a runtime that only counts. @param before operations that come once, before the
 * first step.
 */
export async function foreseenSteps(
  steps: number,
  count: (some: number) => Promise<CountingRuntime>,
  before = 0,
): Promise<{ steps: number; stepFlops: number }> {
  const some = Math.min(steps, STEPS_COUNTED);
  const { flops } = await count(some);
  return { steps, stepFlops: flops / some + before / steps };
}
