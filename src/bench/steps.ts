import { ppo, ppoSchema } from "../algorithms/ppo.js";
import { functionReward } from "../algorithms/reward-sources.js";
import { Generator, samplingSchema } from "../generate/index.js";
import { collate, type Sequence } from "../model/batch.js";
import type { ModelConfig } from "../model/config.js";
import { frozenNetwork, fullNetwork, loraNetwork, type Weights } from "../model/create.js";
import { LINEAR_NAMES } from "../model/network.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { batchFeeds, readInputs } from "../model/sequence-programs.js";
import { tokenReadings } from "../model/token-readings.js";
import { adamwSchema } from "../optim/index.js";
import type { Runtime } from "../runtime/runtime.js";
import { mul, neg, sum } from "../tensor/index.js";
import { trainingFlopsPerToken } from "./shapes.js";

export const LORA = { r: 16, alpha: 32, targets: LINEAR_NAMES };

/** Token ids that look random and are the same each time. */
export const someIds = (count: number, vocabSize: number, offset = 0): number[] =>
  Array.from({ length: count }, (_, i) => 3 + (((i + offset) * 7919) % (vocabSize - 3)));

/** A training step of `rows` x `length` tokens, all read, with its optimiser. Milliseconds a run. */
export class TrainingStep {
  private readonly trainer: NetworkTrainer;
  readonly flops: number;

  constructor(
    runtime: Runtime,
    private readonly config: ModelConfig,
    weights: Weights,
    readonly kind: "lora" | "full",
    private readonly rows: number,
    private readonly length: number,
    { recompute = false, lora = LORA }: { recompute?: boolean; lora?: typeof LORA } = {},
  ) {
    const network =
      kind === "lora"
        ? loraNetwork(runtime, config, weights, lora, 0)
        : fullNetwork(runtime, config, weights);
    this.trainer = new NetworkTrainer(runtime, network, { ...adamwSchema.parse({}), recompute });
    const adapter = kind === "lora" ? network.trainable.flat.shape[0] : null;
    this.flops = rows * length * trainingFlopsPerToken(config, length, adapter);
  }

  async run(): Promise<number> {
    const { rows, length, config, trainer } = this;
    const sequences = Array.from({ length: rows }, (_, b): Sequence => {
      const ids = someIds(length, config.vocabSize, b * length);
      return { ids, read: ids.map(() => true) };
    });
    const start = performance.now();
    const batch = collate(sequences, 0, rows, length);
    const inputs = {
      ...readInputs(batch),
      weights: { shape: [batch.weights.length], dtype: "f32" as const },
    };
    await trainer.backward(
      "bench/step",
      inputs,
      (p, x) => {
        const { logProbs } = tokenReadings(p, config, x, { differentiable: true });
        return { loss: mul(neg(sum(mul(logProbs, x.weights))), 1 / batch.count) };
      },
      { ...batchFeeds(batch), weights: batch.weights },
    );
    await trainer.update(1e-5);
    return performance.now() - start;
  }
}

/**
 * Milliseconds of one decoding step: `rows` rows whose cache holds about `filled` tokens, and has room for `capacity`.
 */
export async function decodeStep(
  generator: Generator,
  config: ModelConfig,
  rows: number,
  filled: number,
  steps: number,
  capacity?: number,
): Promise<number> {
  const prompts = Array.from({ length: rows }, (_, b) => someIds(filled, config.vocabSize, b * filled));
  const times: number[] = [];
  let last = 0;
  const sampling = samplingSchema.parse({ temperature: 1, maxNewTokens: steps, seed: 1 });
  await generator.generate(prompts, sampling, {
    batchSize: rows,
    capacity,
    onStep: (tokens) => {
      const now = performance.now();
      if (tokens === rows && last > 0) times.push(now - last);
      last = now;
    },
  });
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}

export interface IterationShare {
  milliseconds: number;
  insidePrograms: number;
  outsideShare: number;
}

/** One PPO iteration (after one to warm up): how much of its time is spent outside compiled programs. */
export async function ppoIteration(
  runtime: Runtime,
  config: ModelConfig,
  weights: Weights,
): Promise<IterationShare> {
  const settings = ppoSchema.parse({
    iterations: 2,
    batchSize: 16,
    microBatchSize: 8,
    miniBatches: 2,
    epochs: 2,
    maxNewTokens: 32,
    learningRate: 1e-5,
    lora: {},
  });
  const policy = new NetworkTrainer(runtime, loraNetwork(runtime, config, weights, LORA, 1), settings);
  const value = new NetworkTrainer(runtime, loraNetwork(runtime, config, weights, LORA, 2, "zero"), settings);
  const reference = new NetworkRunner(runtime, frozenNetwork(runtime, config, weights));
  const generator = new Generator(runtime, policy.network, 0);
  const rewards = [functionReward("brevity", 1, (inputs) => inputs.map(({ ids }) => -ids.length / 32))];
  const prompts = Array.from({ length: 32 }, (_, i) => ({
    ids: someIds(32, config.vocabSize, 32 * i),
    text: "",
  }));
  const setup = { policy, reference, value, generator, rewards, prompts, padId: 0 };
  let started = 0;
  let inside = 0;
  let compiling = 0;
  let share: IterationShare = { milliseconds: 0, insidePrograms: 0, outsideShare: 0 };
  for await (const { step } of ppo(setup, settings, { iteration: 0, beta: settings.klCoefficient })) {
    const now = performance.now();
    const { runMilliseconds, compileMilliseconds } = runtime.statistics;
    if (step === settings.iterations) {
      const milliseconds = now - started - (compileMilliseconds - compiling);
      const insidePrograms = runMilliseconds - inside;
      share = { milliseconds, insidePrograms, outsideShare: 1 - insidePrograms / milliseconds };
    }
    started = now;
    inside = runMilliseconds;
    compiling = compileMilliseconds;
  }
  generator.release();
  return share;
}
