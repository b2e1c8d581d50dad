/**
 * What `parallel` may change of training: who computes when, and memory; of results, nothing but the order of three or
 * more sums.
 */
import { expect, test } from "vitest";
import { relativeError } from "../../test/evaluate.js";
import {
  letters,
  PAD,
  randomIds,
  smallConfig,
  smallFull,
  smallLora,
  smallWeights,
} from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { Generator } from "../generate/index.js";
import { promptCompletion } from "../model/batch.js";
import { frozenNetwork } from "../model/create.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { CountingRuntime } from "../runtime/counting-runtime.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import type { Runtime } from "../runtime/runtime.js";
import { grpo, grpoSchema } from "./grpo.js";
import { ppo, ppoSchema } from "./ppo.js";
import { reward, rewardSchema, type TokenPair } from "./reward.js";
import { functionReward } from "./reward-sources.js";
import { rloo, rlooSchema } from "./rloo.js";
import { sft, sftSchema } from "./sft.js";
import type { Step } from "./step.js";

const runtime = new OrtRuntime({ threads: 2 });
const draws = new RandomStream(1, "texts");
const text = (length: number): number[] => randomIds(draws, 1 + draws.int(length));
const pairs: TokenPair[] = Array.from({ length: 12 }, () => ({ chosen: text(12), rejected: text(12) }));
const examples = Array.from({ length: 12 }, () => promptCompletion(text(6), text(9)));

/** The whole training's numbers, and the parameters at its end. */
async function trained(
  trainer: NetworkTrainer,
  steps: AsyncGenerator<Step>,
): Promise<{ metrics: Step["metrics"][]; parameters: Float32Array }> {
  const metrics: Step["metrics"][] = [];
  for await (const step of steps) metrics.push(step.metrics);
  return {
    metrics,
    parameters: Float32Array.from((await trainer.network.trainable.flat.read()) as Float32Array),
  };
}

function rewarded(microBatchSize: number, parallel: number, on: Runtime = runtime) {
  const config = rewardSchema.parse({
    batchSize: 6,
    epochs: 2,
    learningRate: 1e-3,
    microBatchSize,
    parallel,
  });
  const trainer = new NetworkTrainer(on, smallFull(on, 3, "random"), config);
  return trained(trainer, reward(trainer, pairs, PAD, config));
}

function tuned(microBatchSize: number, parallel: number) {
  const config = sftSchema.parse({ batchSize: 6, epochs: 2, maxLength: 24, microBatchSize, parallel });
  const trainer = new NetworkTrainer(runtime, smallFull(runtime, 3), config);
  return trained(trainer, sft(trainer, examples, PAD, config));
}

test.each([
  ["sft", tuned],
  ["reward", rewarded],
] as const)("%s: two micro-batches at once are the same bytes as one after the other", async (_, train) => {
  expect(await train(3, 2)).toEqual(await train(3, 1));
});

test("of more, the sums are in another order, the same in every run", async () => {
  const [alone, together, again] = [await rewarded(1, 1), await rewarded(1, 3), await rewarded(1, 3)];
  expect(again).toEqual(together);
  expect(relativeError(together.parameters, alone.parameters)).toBeLessThan(1e-5);
  expect(together.parameters).not.toEqual(alone.parameters);
});

const SAMPLED = {
  iterations: 2,
  batchSize: 8,
  miniBatches: 2,
  microBatchSize: 2,
  epochs: 2,
  maxNewTokens: 6,
};
const base = smallWeights(runtime, smallConfig(), 3);
const actors = (policy: NetworkTrainer) => ({
  policy,
  reference: new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), base)),
  generator: new Generator(runtime, policy.network, PAD, letters),
  rewards: [functionReward("long", 1, (inputs) => inputs.map(({ ids }) => ids.length))],
  prompts: Array.from({ length: 8 }, (_, i) => ({ ids: randomIds(new RandomStream(i, "p"), 3), text: "" })),
  padId: PAD,
});

test("ppo: two micro-batches and networks at once are the same bytes as one after the other", async () => {
  const run = async (parallel: number) => {
    const config = ppoSchema.parse({ ...SAMPLED, parallel });
    const policy = new NetworkTrainer(runtime, smallLora(runtime, base), config);
    const value = new NetworkTrainer(runtime, smallLora(runtime, base, "random"), config);
    const setup = { ...actors(policy), value };
    return trained(policy, ppo(setup, config, { iteration: 0, beta: config.klCoefficient }));
  };
  const [alone, two, four] = [await run(1), await run(2), await run(4)];
  expect(two).toEqual(alone);
  expect(four).toEqual(alone);
});

test("grpo: likewise", async () => {
  const run = async (parallel: number) => {
    const config = grpoSchema.parse({ ...SAMPLED, groupSize: 4, parallel });
    const policy = new NetworkTrainer(runtime, smallLora(runtime, base), config);
    return trained(policy, grpo(actors(policy), config, { iteration: 0, batches: 0 }));
  };
  const alone = await run(1);
  expect(await run(2)).toEqual(alone);
  expect(alone.metrics[1].grad_norm).toBeGreaterThan(0);
});

test("rloo: likewise", async () => {
  const run = async (parallel: number) => {
    const config = rlooSchema.parse({ ...SAMPLED, groupSize: 4, parallel });
    const policy = new NetworkTrainer(runtime, smallLora(runtime, base), config);
    return trained(policy, rloo(actors(policy), config));
  };
  const alone = await run(1);
  expect(await run(2)).toEqual(alone);
  expect(alone.metrics[1].grad_norm).toBeGreaterThan(0);
});

test("memory is counted for as many as run at once", async () => {
  const counted = async (parallel: number): Promise<number> => {
    const counting = new CountingRuntime();
    await rewarded(3, parallel, counting);
    return counting.activationBytes;
  };
  const [one, two] = [await counted(1), await counted(2)];
  // The second part's texts are shorter.
  expect(two).toBeGreaterThan(1.3 * one);
  expect(two).toBeLessThanOrEqual(2 * one);
});
