/** Iterations of PPO over completions that are given: what is scored, fed to the updates, reported and stopped at. */

import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { letters, PAD, randomIds, smallConfig, smallLora, smallWeights } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import type { Completion, GenerateOptions, SamplingConfig } from "../generate/index.js";
import { promptCompletion, type Sequence } from "../model/batch.js";
import { frozenNetwork } from "../model/create.js";
import type { Network } from "../model/network.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { sequenceLogProbs, sequenceLogProbsAndEntropies, sequenceValues } from "../model/score.js";
import type { Values } from "../model/values.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { batchIndices } from "./order.js";
import { type PpoConfig, type PpoState, ppo, ppoSchema, type Trajectory } from "./ppo.js";
import { sampleOf } from "./ppo-metrics.js";
import { functionReward, type RewardFunction } from "./reward-sources.js";
import type { Step } from "./step.js";

const runtime = new OrtRuntime({ threads: 1 });
const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: null };
const BASE = smallWeights(runtime, smallConfig());
const BATCHING = { rows: 3, padId: PAD };
const TEMPERATURE = 0.8;

/** The base with an adapter that has learned something of its own. */
function adapted(seed: number, head: "none" | "random" = "none"): Network {
  const network = smallLora(runtime, BASE, head);
  for (const [name, buffer] of network.trainable.byName)
    if (name.endsWith("lora_B.weight")) new RandomStream(seed, name).fillNormal(memoryOf(buffer), 0.1);
  return network;
}

/** A trainer that remembers what it is fed and at which rates it learns. */
class Watched extends NetworkTrainer {
  readonly rates: number[] = [];
  readonly fed: Values[] = [];
  override differentiate: NetworkTrainer["differentiate"] = (loss, values, settings) => {
    this.fed.push(values);
    return super.differentiate(loss, values, settings);
  };
  override update(rate: number): Promise<number> {
    this.rates.push(rate);
    return super.update(rate);
  }
}

const prompts = Array.from({ length: 6 }, (_, i) => {
  const ids = randomIds(new RandomStream(i, "prompt"), 1 + i);
  return { ids, text: letters.decode(ids) };
});
/** Of each prompt always the same; those of even prompts end. */
const answerTo = (ids: readonly number[]): Completion => {
  const text = randomIds(new RandomStream(ids.length, "answer"), 2 + ids.length);
  const ended = ids.length % 2 === 0;
  const own = ended ? [...text, 2] : text;
  return {
    ids: own,
    logProbs: own.map((_, t) => -2 - 0.1 * t),
    finishReason: ended ? "stop" : "length",
    text: letters.decode(text),
  };
};

const CONFIG: PpoConfig = ppoSchema.parse({
  iterations: 2,
  batchSize: 4,
  miniBatches: 2,
  epochs: 2,
  microBatchSize: 3,
  seed: 3,
  temperature: TEMPERATURE,
  learningRate: 1e-3,
  gamma: 0.9,
  lambda: 0.8,
  klCoefficient: 0.3,
  packing: "never",
});

interface Asked {
  prompts: readonly (readonly number[])[];
  sampling: SamplingConfig;
  options: GenerateOptions | undefined;
}

const LENGTH: RewardFunction = (inputs) => inputs.map(({ ids }) => ids.length);

async function run(changes: Partial<PpoConfig> = {}, start: Partial<PpoState> = {}, reward = LENGTH) {
  const config = { ...CONFIG, ...changes };
  const asked: Asked[] = [];
  const policy = new Watched(runtime, adapted(5), ADAM);
  const value = new Watched(runtime, adapted(2, "random"), ADAM);
  const state: PpoState = { iteration: 0, beta: config.klCoefficient, ...start };
  const setup = {
    policy,
    value,
    prompts,
    padId: PAD,
    reference: new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), BASE)),
    rewards: [functionReward("length", 0.5, reward)],
    generator: {
      generate: async (
        ids: readonly (readonly number[])[],
        sampling: SamplingConfig,
        options?: GenerateOptions,
      ) => {
        asked.push({ prompts: ids, sampling, options });
        return ids.map(answerTo);
      },
    },
  };
  const steps: Step<Trajectory>[] = [];
  for await (const step of ppo(setup, config, state)) steps.push(step);
  return { steps, asked, policy, value, state, config };
}

/** What the untrained networks say of the first iteration's responses, worked out anew. */
async function firstBatch(config: PpoConfig, beta: number) {
  const chosen = batchIndices(prompts.length, config.batchSize, 0, config.seed, "ppo").map((i) => prompts[i]);
  const completions = chosen.map(({ ids }) => answerTo(ids));
  const sequences: Sequence[] = chosen.map(({ ids }, i) => promptCompletion(ids, completions[i].ids));
  const runner = new NetworkRunner(runtime, adapted(5));
  const reference = new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), BASE));
  const own = await sequenceLogProbsAndEntropies(runner, sequences, BATCHING, TEMPERATURE);
  const before = await sequenceLogProbs(reference, sequences, BATCHING, TEMPERATURE);
  const values = await sequenceValues(new NetworkRunner(runtime, adapted(2, "random")), sequences, BATCHING);
  return chosen.map((prompt, i) => {
    const logProbs = [...own[i].logProbs];
    const score = 0.5 * completions[i].ids.length;
    const rewards = logProbs.map(
      (l, t) => -beta * (l - before[i][t]) + (t === logProbs.length - 1 ? score : 0),
    );
    return {
      prompt,
      completion: completions[i],
      logProbs,
      values: [...values[i]],
      score,
      rewards,
      entropies: [...own[i].entropies],
      kl: logProbs.reduce((sum, l, t) => sum + l - before[i][t], 0),
    };
  });
}
type Row = Awaited<ReturnType<typeof firstBatch>>[number];

/** A_t = sum over k of (gamma lambda)^k (r_{t+k} + gamma V_{t+k+1} - V_{t+k}). */
const advantagesOf = ({ rewards, values }: Pick<Row, "rewards" | "values">, gamma: number, lambda: number) =>
  rewards.map((_, t) =>
    rewards.slice(t).reduce((sum, reward, k) => {
      const delta = reward + gamma * (values[t + k + 1] ?? 0) - values[t + k];
      return sum + (gamma * lambda) ** k * delta;
    }, 0),
  );
const meanOf = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
const varianceOf = (list: readonly number[]): number =>
  list.reduce((sum, x) => sum + (x - meanOf(list)) ** 2, 0) / (list.length - 1);
const whitened = (list: readonly number[], keepMean: boolean): number[] =>
  list.map((x) => (x - meanOf(list)) / Math.sqrt(varianceOf(list) + 1e-8) + (keepMean ? meanOf(list) : 0));
const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);

/** The numbers that updates from..to were fed under a name, for tokens that are read. */
const fed = (trainer: Watched, name: string, from: number, to: number): number[] =>
  trainer.fed.slice(from, to).flatMap((feeds) => {
    const of = (key: string) => feeds[key]?.data as Float32Array;
    const weights = of("weights");
    return [...of(name)].filter((_, i) => weights[i] === 1);
  });
function expectClose(actual: readonly number[], expected: readonly number[], digits = 4): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of sorted(actual).entries()) expect(value).toBeCloseTo(sorted(expected)[i], digits);
}

describe("an iteration", () => {
  test("samples from the policy as it is trained, with draws of its own", async () => {
    const { asked } = await run({ maxNewTokens: 17 });
    expect(asked.map(({ options }) => options)).toEqual([
      { firstRow: 0, batchSize: 4 },
      { firstRow: 4, batchSize: 4 },
    ]);
    for (const { sampling } of asked)
      expect(sampling).toEqual({
        temperature: TEMPERATURE,
        maxNewTokens: 17,
        seed: 3,
        topK: 0,
        topP: 1,
        minP: 0,
        repetitionPenalty: 1,
        stop: [],
      });
    const seen = asked.flatMap((one) => one.prompts.map((ids) => ids.length));
    expect(new Set(seen.slice(0, 6)).size).toBe(6); // all prompts before any comes again
  });

  test("reports its responses, and says which they are", async () => {
    const { steps, state } = await run();
    const rows = await firstBatch(CONFIG, 0.3);
    const [{ metrics, rollouts = [], tokens }, last] = steps;
    const samples = rollouts.map(sampleOf);
    expect(metrics["objective/kl"]).toBeCloseTo(meanOf(rows.map(({ kl }) => kl)), 4);
    expect(Math.abs(metrics["objective/kl"])).toBeGreaterThan(0.1);
    expect(metrics["objective/kl_coef"]).toBe(0.3);
    expect(metrics["objective/scores"]).toBeCloseTo(meanOf(rows.map(({ score }) => score)), 9);
    expect(metrics["rewards/length"]).toBeCloseTo(2 * metrics["objective/scores"], 9);
    expect(metrics["policy/token_entropy"]).toBeCloseTo(
      meanOf(rows.map(({ entropies }) => meanOf(entropies))),
      4,
    );
    const gaps = rows.flatMap(({ logProbs, completion }) =>
      completion.logProbs.map((l, t) => Math.abs(logProbs[t] - l)),
    );
    expect(metrics["val/sampler_gap"]).toBeCloseTo(Math.max(...gaps), 4);
    expect(tokens).toBe(rows.reduce((n, { completion }) => n + completion.ids.length, 0));
    expect(metrics.episode).toBe(4);
    expect(last.metrics.episode).toBe(8);
    expect(steps.map(({ step, steps: of, stopped }) => [step, of, stopped])).toEqual([
      [1, 2, undefined],
      [2, 2, undefined],
    ]);
    expect(samples.length).toBe(4);
    for (const [i, sample] of samples.entries()) {
      const { prompt, completion, score, kl } = rows[i];
      expect(sample).toMatchObject({
        prompt: prompt.text,
        response: completion.text,
        score,
        tokens: completion.ids.length,
        finishReason: completion.finishReason,
      });
      expect(sample.kl).toBeCloseTo(kl, 4);
    }
    expect(state.iteration).toBe(2);
  });

  test("scores what did not end by the rules for that", async () => {
    const { steps } = await run({ missingEosPenalty: 2, iterations: 1 });
    const rows = await firstBatch(CONFIG, 0.3);
    const scores = rows.map(({ score, completion }) => score - (completion.finishReason === "stop" ? 0 : 2));
    expect(steps[0].rollouts?.map(({ score }) => score)).toEqual(scores);
    expect(new Set(rows.map(({ completion }) => completion.finishReason)).size).toBe(2);
    expect(steps[0].metrics["objective/scores"]).toBeCloseTo(meanOf(rows.map(({ score }) => score)), 9);
    expect(steps[0].metrics["objective/rlhf_reward"]).toBeCloseTo(
      meanOf(scores) - 0.3 * meanOf(rows.map(({ kl }) => kl)),
      4,
    );
  });

  test("charges the KL at the coefficient of the moment", async () => {
    const { steps, value } = await run({ iterations: 1 }, { beta: 1.7 });
    const rows = await firstBatch(CONFIG, 1.7);
    expect(steps[0].metrics["objective/kl_coef"]).toBe(1.7);
    const returns = rows.flatMap((row) =>
      advantagesOf(row, 0.9, 0.8).map((advantage, t) => advantage + row.values[t]),
    );
    expectClose(fed(value, "returns", 0, 2), returns, 3);
  });
});

describe("the updates of an iteration", () => {
  /** With mini-batches of two and micro-batches of three, every update is one backward pass. */
  const EPOCH = 2;

  test("see each response once an epoch, in an order of its own", async () => {
    const { policy, value, steps } = await run({ iterations: 1, epochs: 3 });
    const rows = await firstBatch(CONFIG, 0.3);
    expect(steps[0].metrics.updates).toBe(6);
    const old = rows.flatMap(({ logProbs }) => logProbs);
    const orders = [0, 1, 2].map((epoch) => fed(policy, "old", epoch * EPOCH, (epoch + 1) * EPOCH));
    for (const order of orders) expectClose(order, old);
    expect(orders[0]).not.toEqual(orders[1]);
    expect(orders[1]).not.toEqual(orders[2]);
    expectClose(
      fed(value, "old", 0, EPOCH),
      rows.flatMap(({ values }) => values),
    );
  });

  test("are fed whitened advantages, and returns as they are", async () => {
    const { policy, value } = await run({ iterations: 1 });
    const rows = await firstBatch(CONFIG, 0.3);
    const advantages = rows.flatMap((row) => advantagesOf(row, 0.9, 0.8));
    expectClose(fed(policy, "advantages", 0, EPOCH), whitened(advantages, false), 3);
    const values = rows.flatMap((row) => row.values);
    expectClose(
      fed(value, "returns", 0, EPOCH),
      advantages.map((advantage, i) => advantage + values[i]),
      3,
    );
  });

  test("are fed plain advantages when that is asked for, of whitened rewards when that is", async () => {
    const rows = await firstBatch(CONFIG, 0.3);
    const plain = await run({ iterations: 1, whitenAdvantages: false });
    const advantages = rows.flatMap((row) => advantagesOf(row, 0.9, 0.8));
    expectClose(fed(plain.policy, "advantages", 0, EPOCH), advantages, 3);
    const scaled = await run({ iterations: 1, whitenAdvantages: false, whitenRewards: true });
    const rewards = whitened(
      rows.flatMap((row) => row.rewards),
      true,
    );
    let at = 0;
    const own = rows.map((row) => ({ ...row, rewards: row.rewards.map(() => rewards[at++]) }));
    expectClose(
      fed(scaled.policy, "advantages", 0, EPOCH),
      own.flatMap((row) => advantagesOf(row, 0.9, 0.8)),
      3,
    );
  });

  test("learn at the rate of the schedule, the value model at its own", async () => {
    const changes = {
      iterations: 4,
      miniBatches: 1,
      epochs: 1,
      warmupRatio: 0.5,
      schedule: "linear" as const,
    };
    const { policy, value, steps } = await run({ ...changes, valueLearningRate: 4e-3 });
    const rates = [0, 0.5e-3, 1e-3, 0.5e-3]; // two iterations from 0 up, two from there down
    for (const [i, rate] of rates.entries()) {
      expect(policy.rates[i]).toBeCloseTo(rate, 12);
      expect(value.rates[i]).toBeCloseTo(4 * rate, 12);
      expect(steps[i].metrics.lr).toBeCloseTo(rate, 12);
    }
    const same = await run({ iterations: 1 });
    expect(same.value.rates).toEqual(same.policy.rates);
    expect(same.policy.rates).toEqual(Array(4).fill(1e-3));
  });

  test("end with the first whose KL exceeds the limit", async () => {
    const { policy } = await run({ iterations: 1, epochs: 3, learningRate: 0.02 });
    const free = await run({ iterations: 1, epochs: 3, learningRate: 0.02, targetKl: 1e9 });
    expect(free.policy.rates.length).toBe(6);
    expect(policy.rates.length).toBe(6);
    // What the second update measures, from a run with just two.
    const two = await run({ iterations: 1, epochs: 1, learningRate: 0.02 });
    const second = 2 * two.steps[0].metrics["policy/approxkl_avg"] - two.steps[0].metrics["first/approxkl"];
    expect(second).toBeGreaterThan(1e-4);
    const updates = async (targetKl: number): Promise<number> => {
      const { steps } = await run({ iterations: 1, epochs: 3, learningRate: 0.02, targetKl });
      return steps[0].metrics.updates;
    };
    expect(await updates(0.98 * second)).toBe(2);
    expect(await updates(1.02 * second)).toBeGreaterThan(2);
  });
});

describe("the KL controller", () => {
  test("stops a run at the first iteration whose KL is above the budget, not below it", async () => {
    const kl = (await run({ iterations: 1 })).steps[0].metrics["objective/kl"];
    expect(kl).toBeGreaterThan(0);
    const stopped = await run({ klBudget: 0.99 * kl });
    expect(stopped.steps.length).toBe(1);
    expect(stopped.steps[0].stopped).toBe(
      `KL per response ${kl.toFixed(2)} exceeds the budget of ${0.99 * kl}`,
    );
    expect(stopped.state.iteration).toBe(1);
    const within = await run({ klBudget: 1.01 * kl, iterations: 1 });
    expect(within.steps[0]).not.toHaveProperty("stopped");
  });

  test("moves beta by Ziegler's rule where there is a target, and leaves it else", async () => {
    expect((await run()).state.beta).toBe(0.3);
    const { steps, state } = await run({ iterations: 1, adaptiveKlTarget: 1e6, klHorizon: 100 });
    expect(steps[0].metrics["objective/kl_coef"]).toBe(0.3);
    expect(state.beta).toBeCloseTo(0.3 * (1 - (0.2 * 4) / 100), 12); // far below the target: the most, of four responses
  });
});

test("a run goes on where it was", async () => {
  const { steps, asked } = await run({ iterations: 3 }, { iteration: 2 });
  expect(steps.map(({ step }) => step)).toEqual([3]);
  expect(asked[0].options).toMatchObject({ firstRow: 8 });
});

test("numbers that went wrong end the run before anything is learned from them", async () => {
  const policy = new Watched(runtime, adapted(5), ADAM);
  const value = new Watched(runtime, adapted(2, "random"), ADAM);
  const reference = new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), BASE));
  const setup = {
    policy,
    value,
    reference,
    prompts,
    padId: PAD,
    rewards: [{ name: "x", weight: 1, score: async () => Array<number>(4).fill(Number.NaN) }],
    generator: { generate: async (ids: readonly (readonly number[])[]) => ids.map(answerTo) },
  };
  const steps = ppo(setup, CONFIG, { iteration: 0, beta: 0.3 });
  await expect(steps.next()).rejects.toThrow("ppo, step 1: score is NaN");
  expect(policy.rates).toEqual([]);
});

test("responses that cannot be scored are counted, and left out of everything else", async () => {
  const some: RewardFunction = (inputs) => inputs.map(({ ids }, i) => (i === 1 ? null : ids.length));
  const { steps, policy } = await run({ iterations: 1, epochs: 1, miniBatches: 4 }, {}, some);
  const [{ metrics, rollouts = [] }] = steps;
  expect(metrics["response/unscorable"]).toBe(1);
  expect(metrics.updates).toBe(3);
  expect(policy.rates.length).toBe(3);
  const lengths = rollouts.map(({ completion }) => completion.ids.length);
  expect(lengths.length).toBe(3);
  expect(metrics["objective/scores"]).toBeCloseTo((0.5 * lengths.reduce((a, b) => a + b, 0)) / 3, 9);
  expect(metrics["response/length"]).toBeCloseTo(lengths.reduce((a, b) => a + b, 0) / 3, 9);
});
