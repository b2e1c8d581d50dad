/** The memory and operations of an online method: an iteration with the longest prompts is counted, not computed. */
import { functionReward } from "../algorithms/reward-sources.js";
import type { Actors, PromptTokens } from "../algorithms/rollout.js";
import type { Completion } from "../generate/index.js";
import { bytesPerPosition } from "../generate/kv-cache.js";
import type { LoraConfig } from "../model/network.js";
import { NetworkTrainer, type TrainerConfig } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { CountingRuntime } from "../runtime/counting-runtime.js";
import { mean } from "../statistics/estimates.js";
import { trainableNetwork } from "./base.js";
import { type ModelShape, weightsLike } from "./dry-run.js";
import type { Foresight } from "./method.js";
import { referenceRunner } from "./online-networks.js";

interface Sampled {
  iterations: number;
  /** Responses per iteration. */
  batchSize: number;
  maxNewTokens: number;
}

/** The actors of a counted iteration. */
interface CountedActors extends Actors {
  policy: NetworkTrainer;
  /** The longest of the prompts. */
  prompts: readonly PromptTokens[];
  /** A network on the same base whose head starts at zero. */
  valueModel(): NetworkTrainer;
}

/**
 * Counts an iteration with the longest prompts and responses of the greatest length. Reward models are left out.
 *
 * @param prompts how many prompts an iteration samples from. @param iterate the algorithm's iteration.
 */
export async function heaviestIteration(
  model: ModelShape,
  train: readonly PromptTokens[],
  prompts: number,
  config: Sampled & TrainerConfig & { lora: LoraConfig | null; seed: number },
  iterate: (actors: CountedActors) => Promise<unknown>,
): Promise<CountingRuntime> {
  const few = [...train].sort((a, b) => b.ids.length - a.ids.length).slice(0, prompts);
  const { padId } = model;
  const runtime = new CountingRuntime();
  const base = weightsLike(runtime, model);
  const trainer = (head?: "zero"): NetworkTrainer =>
    new NetworkTrainer(runtime, trainableNetwork(runtime, base, config.lora, config.seed, head), config);
  const actors: CountedActors = {
    policy: trainer(),
    valueModel: () => trainer("zero"),
    reference: referenceRunner(runtime, base),
    generator: { generate: async (rows: readonly unknown[]) => rows.map(() => zeros(config.maxNewTokens)) },
    rewards: [functionReward("none", 1, (inputs) => inputs.map(() => 0))],
    prompts: few,
    padId,
  };
  // The memory of sampling: the cache, and the packed weights, which any program with few rows has.
  const positions = config.batchSize * ((few[0]?.ids.length ?? 0) + config.maxNewTokens);
  runtime.buffer("u8", [positions * bytesPerPosition(model.config)]);
  await sequenceLogProbs(actors.reference, [{ ids: [0, 0], lossMask: [false, true] }], { rows: 1, padId });
  await iterate(actors);
  return runtime;
}

const zeros = (count: number): Completion => ({
  ids: new Array(count).fill(0),
  logProbs: new Array(count).fill(0),
  finishReason: "length",
});

/**
 * Steps and operations of a run, from its heaviest iteration and the lengths of all prompts.
 *
 * @param prompts as in `heaviestIteration`.
 */
export function foreseeOnline(
  model: ModelShape,
  train: readonly PromptTokens[],
  prompts: number,
  config: Sampled,
  heaviest: CountingRuntime,
): Foresight {
  // The heaviest iteration has only the longest prompts: scale it to the mean length.
  const lengths = train.map(({ ids }) => ids.length + config.maxNewTokens);
  const longest = [...lengths].sort((a, b) => b - a).slice(0, prompts);
  const sampling = config.batchSize * mean(lengths) * 2 * matrixElements(model);
  return {
    steps: config.iterations,
    stepFlops: heaviest.flops * (mean(lengths) / mean(longest)) + sampling,
  };
}

const matrixElements = ({ weights }: ModelShape): number =>
  [...weights.values()].reduce((n, { shape }) => n + (shape.length === 2 ? shape[0] * shape[1] : 0), 0);
