import { type Generator, samplingSchema } from "../generate/index.js";
import { collate, type Sequence } from "../model/batch.js";
import type { ModelConfig } from "../model/config.js";
import { fullNetwork, loraNetwork } from "../model/create.js";
import type { Model } from "../model/learner.js";
import { LINEAR_NAMES, type Weights } from "../model/network.js";
import { NetworkTrainer } from "../model/runner.js";
import { tokenReadings } from "../model/token-readings.js";
import { type Named, scalar, type TokensRead, type Traced, tokensRead } from "../model/values.js";
import { adamwSchema } from "../optim/index.js";
import type { Runtime } from "../runtime/runtime.js";
import { mul, neg, sum } from "../tensor/index.js";
import { trainingFlopsPerToken } from "./shapes.js";

export const LORA = { r: 16, alpha: 32, targets: LINEAR_NAMES };

/** Token ids that look random and are the same in every run. */
export const someIds = (count: number, vocabSize: number, offset = 0): number[] =>
  Array.from({ length: count }, (_, i) => 3 + (((i + offset) * 7919) % (vocabSize - 3)));

/** Rows of such ids, to calibrate a model with random weights on. */
export const someRows = (vocabSize: number, { rows, tokens }: { rows: number; tokens: number }): number[][] =>
  Array.from({ length: rows }, (_, row) => someIds(tokens, vocabSize, row * tokens));

function meanNegativeLogProb(model: Model, x: Traced<TokensRead & Named<"scale">>) {
  const { logProbs } = tokenReadings(model, x, { differentiable: true });
  return { loss: mul(neg(sum(mul(logProbs, x.weights))), x.scale) };
}

/** A training step of `rows` x `length` tokens, all in the loss, with its optimiser. `run` returns milliseconds. */
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
      return { ids, lossMask: ids.map(() => true) };
    });
    const start = performance.now();
    const batch = collate(sequences, 0, rows, length);
    const values = { ...tokensRead(batch), scale: scalar(1 / batch.count) };
    await trainer.differentiate(meanNegativeLogProb, values, {});
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
