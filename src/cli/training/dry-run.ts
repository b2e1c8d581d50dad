/** What training will take, counted before it starts: the algorithms themselves, on a runtime that computes nothing. */
import { type PpoConfig, ppo } from "../../algorithms/ppo.js";
import { type RewardConfig, reward, type TokenPair } from "../../algorithms/reward.js";
import { functionReward } from "../../algorithms/reward-sources.js";
import type { PromptTokens } from "../../algorithms/rollout.js";
import { type SftConfig, sft } from "../../algorithms/sft.js";
import type { Completion } from "../../generate/index.js";
import { bytesPerPosition } from "../../generate/kv-cache.js";
import type { Sequence } from "../../model/batch.js";
import type { Weights } from "../../model/create.js";
import { NetworkTrainer } from "../../model/runner.js";
import { sequenceLogProbs } from "../../model/score.js";
import { CountingRuntime } from "../../runtime/counting-runtime.js";
import type { DeviceBuffer, Runtime } from "../../runtime/runtime.js";
import { type NetworkBase, trainableNetwork } from "./base.js";
import { referenceRunner } from "./ppo-networks.js";

/** A model of which nothing but the shapes of its weights is looked at. */
export interface ModelShape {
  config: NetworkBase["config"];
  weights: ReadonlyMap<string, Pick<DeviceBuffer, "dtype" | "shape">>;
  padId: number;
}

/** Weights without contents. */
function weightsLike(runtime: Runtime, { config, weights }: ModelShape): NetworkBase {
  const none = new Float32Array(0);
  const like: Weights = new Map(
    [...weights].map(([name, { dtype, shape }]) => [name, runtime.adopt(dtype, shape, none, name)]),
  );
  return { config, weights: like };
}

/** The items that take most, of which there are as many as are in memory at once, twice where a batch comes in parts. */
function heaviest<T>(
  items: readonly T[],
  size: (item: T) => number,
  { batchSize, microBatchSize }: Batches,
): T[] {
  const count = Math.min(batchSize, 2 * microBatchSize);
  return [...items].sort((a, b) => size(b) - size(a)).slice(0, count);
}

interface Batches {
  batchSize: number;
  microBatchSize: number;
}

const partsOf = (config: Batches): number => Math.min(config.batchSize, 2 * config.microBatchSize);

/** Some steps of supervised fine-tuning. */
export async function drySft(
  model: ModelShape,
  examples: readonly Sequence[],
  config: SftConfig,
  steps = 1,
): Promise<CountingRuntime> {
  const runtime = new CountingRuntime();
  const network = trainableNetwork(runtime, weightsLike(runtime, model), config.lora, config.seed);
  await take(steps, sft(new NetworkTrainer(runtime, network, config), examples, model.padId, config));
  return runtime;
}

/** As `drySft`, the step that takes most memory. With packing any examples fill its rows. */
export const heaviestSft = (
  model: ModelShape,
  examples: readonly Sequence[],
  config: SftConfig,
): Promise<CountingRuntime> => {
  const few = config.packing ? examples : heaviest(examples, ({ ids }) => ids.length, config);
  return drySft(model, few, { ...config, batchSize: partsOf(config) });
};

/** Some steps of a reward model's training. */
export async function dryReward(
  model: ModelShape,
  pairs: readonly TokenPair[],
  config: RewardConfig,
  steps = 1,
): Promise<CountingRuntime> {
  const runtime = new CountingRuntime();
  const network = trainableNetwork(runtime, weightsLike(runtime, model), config.lora, config.seed, "random");
  await take(steps, reward(new NetworkTrainer(runtime, network, config), pairs, model.padId, config));
  return runtime;
}

/** As `dryReward`, the step that takes most memory. */
export const heaviestReward = (
  model: ModelShape,
  pairs: readonly TokenPair[],
  config: RewardConfig,
): Promise<CountingRuntime> => {
  const longer = ({ chosen, rejected }: TokenPair): number => Math.max(chosen.length, rejected.length);
  return dryReward(model, heaviest(pairs, longer, config), { ...config, batchSize: partsOf(config) });
};

async function take(count: number, steps: AsyncGenerator<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await steps.next();
}

/** An iteration of PPO with the longest prompts, all responses as long as may be; without reward models of another base. */
export async function heaviestPpo(
  model: ModelShape,
  prompts: readonly PromptTokens[],
  config: PpoConfig,
): Promise<CountingRuntime> {
  const few = [...prompts].sort((a, b) => b.ids.length - a.ids.length).slice(0, config.batchSize);
  const { padId } = model;
  const runtime = new CountingRuntime();
  const base = weightsLike(runtime, model);
  const trainer = (head?: "zero"): NetworkTrainer =>
    new NetworkTrainer(runtime, trainableNetwork(runtime, base, config.lora, config.seed, head), config);
  const reference = referenceRunner(runtime, base);
  const setup = {
    policy: trainer(),
    value: trainer("zero"),
    reference,
    generator: { generate: async (rows: readonly unknown[]) => rows.map(() => zeros(config.maxNewTokens)) },
    rewards: [functionReward("none", 1, (inputs) => inputs.map(() => 0))],
    prompts: few,
    padId,
  };
  // What sampling takes: the cache, and the packed weights, which any program of few rows has.
  const positions = config.batchSize * ((few[0]?.ids.length ?? 0) + config.maxNewTokens);
  runtime.buffer("u8", [positions * bytesPerPosition(model.config)]);
  await sequenceLogProbs(reference, [{ ids: [0, 0], read: [false, true] }], { rows: 1, padId });
  await ppo(setup, { ...config, iterations: 1, klBudget: null }, { iteration: 0, beta: 0 }).next();
  return runtime;
}

const zeros = (count: number): Completion => ({
  ids: new Array(count).fill(0),
  logProbs: new Array(count).fill(0),
  finishReason: "length",
});
