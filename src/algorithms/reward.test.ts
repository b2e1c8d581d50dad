/** Losses, metrics and scores of the reward model against its formulas, worked out from the scores of single texts. */

import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { PAD, randomIds, smallFull } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import type { Sequence } from "../model/batch.js";
import { promptCompletion } from "../model/batch.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { sequenceScores } from "../model/score.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import {
  normalization,
  type RewardConfig,
  reward,
  rewardSchema,
  scorePairs,
  type TokenPair,
} from "./reward.js";
import { modelReward } from "./reward-sources.js";
import type { Step } from "./step.js";

const runtime = new OrtRuntime({ threads: 1 });
const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: null };
const BATCHING = { rows: 3, padId: PAD };
const trainer = (): NetworkTrainer => new NetworkTrainer(runtime, smallFull(runtime, 3, "random"), ADAM);

const pairsOf = (count: number, length = 9): TokenPair[] => {
  const r = new RandomStream(1, "pairs");
  return Array.from({ length: count }, () => ({
    chosen: randomIds(r, 2 + r.int(length)),
    rejected: randomIds(r, 2 + r.int(length)),
  }));
};

async function stepsOf(pairs: TokenPair[], changes: Partial<RewardConfig>, startStep = 0): Promise<Step[]> {
  const config = rewardSchema.parse({ batchSize: pairs.length, microBatchSize: 2, ...changes });
  const steps: Step[] = [];
  for await (const step of reward(trainer(), pairs, PAD, config, startStep)) steps.push(step);
  return steps;
}

/** Scores of texts one at a time, by the untrained network. */
async function scoresOf(texts: readonly (readonly number[])[]): Promise<number[]> {
  const runner = new NetworkRunner(runtime, smallFull(runtime, 3, "random"));
  const scores: number[] = [];
  for (const ids of texts) {
    const sequence: Sequence = { ids, lossMask: ids.map(() => false) };
    scores.push(...(await sequenceScores(runner, [sequence], { rows: 1, padId: PAD })));
  }
  return scores;
}

/** -log sigmoid(d). */
const miss = (d: number): number => Math.log1p(Math.exp(-d));
const meanOf = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;

describe("a step", () => {
  const pairs = pairsOf(7);
  pairs[1] = { ...pairs[1], margin: 0.4 };
  pairs[2] = { ...pairs[2], noise: 0.3, margin: 1.5 };
  pairs[4] = { ...pairs[4], noise: 0 };

  test("has the loss of its pairs, each with its margin and noise, or the noise of all", async () => {
    const chosen = await scoresOf(pairs.map((pair) => pair.chosen));
    const rejected = await scoresOf(pairs.map((pair) => pair.rejected));
    const losses = pairs.map(({ margin = 0, noise = 0.1 }, i) => {
      const d = chosen[i] - rejected[i] - margin;
      return (1 - noise) * miss(d) + noise * miss(-d) + 0.02 * (chosen[i] + rejected[i]) ** 2;
    });
    const [{ metrics, tokens }] = await stepsOf(pairs, { noise: 0.1, centering: 0.02 });
    expect(metrics.loss).toBeCloseTo(meanOf(losses), 5);
    const all = [...chosen, ...rejected];
    expect(metrics.accuracy).toBeCloseTo(meanOf(chosen.map((c, i) => (c > rejected[i] ? 1 : 0))), 12);
    expect(metrics.margin).toBeCloseTo(meanOf(chosen.map((c, i) => c - rejected[i])), 5);
    expect(metrics.mean_reward).toBeCloseTo(meanOf(all), 5);
    expect(metrics.min_reward).toBeCloseTo(Math.min(...all), 5);
    expect(metrics.max_reward).toBeCloseTo(Math.max(...all), 5);
    expect(tokens).toBe(pairs.reduce((n, pair) => n + pair.chosen.length + pair.rejected.length, 0));
    expect(metrics.num_tokens).toBe(tokens);
    expect(metrics.grad_norm).toBeGreaterThan(0);
  });

  test("weighs a pair: twice the weight is as the pair twice, and none teaches nothing", async () => {
    const [a, b] = pairsOf(2);
    const one = async (own: TokenPair[]) => (await stepsOf(own, { noise: 0.1, centering: 0.02 }))[0].metrics;
    const weighed = await one([
      { ...a, weight: 2 },
      { ...b, weight: 0 },
    ]);
    const twice = await one([a, { ...a }]);
    expect(weighed.loss).toBeCloseTo(twice.loss, 5);
    expect(weighed.grad_norm).toBeCloseTo(twice.grad_norm, 4);
    expect(Math.abs(weighed.loss - (await one([a, b])).loss)).toBeGreaterThan(1e-3);
  });

  test("of two equal texts counts as half right", async () => {
    const even = pairs.map(({ chosen }) => ({ chosen, rejected: chosen }));
    const [{ metrics }] = await stepsOf(even, {});
    expect(metrics).toMatchObject({ accuracy: 0.5, margin: 0 });
    expect(metrics.loss).toBeCloseTo(Math.LN2, 5);
  });

  test("is one of as many as the epochs need, at the rate of the schedule", async () => {
    const steps = await stepsOf(pairs, { batchSize: 4, epochs: 2.5, learningRate: 0.01, warmupRatio: 0.4 });
    expect(steps.map(({ step, steps: of }) => [step, of])).toEqual([1, 2, 3, 4, 5].map((step) => [step, 5]));
    // Two steps of warm-up from 0, then a line down to 0 at the end.
    const rates = [0, 0.5, 1, 2 / 3, 1 / 3].map((share) => share * 0.01);
    for (const [i, { metrics, tokens }] of steps.entries()) {
      expect(metrics.learning_rate).toBeCloseTo(rates[i], 12);
      expect(metrics.epoch).toBeCloseTo(((i + 1) * 4) / 7, 12);
      expect(metrics.num_tokens).toBe(steps.slice(0, i + 1).reduce((n, step) => n + step.tokens, 0));
      expect(tokens).toBeGreaterThan(0);
    }
    expect((await stepsOf(pairs, { epochs: 0.01 })).length).toBe(1);
    const resumed = await stepsOf(pairs, { batchSize: 4, epochs: 2.5, learningRate: 0.01 }, 3);
    expect(resumed.map(({ step }) => step)).toEqual([4, 5]);
    expect(resumed.map(({ metrics }) => metrics.num_tokens)).toEqual(
      steps.slice(3).map(({ metrics }) => metrics.num_tokens),
    );
  });

  test("whose numbers went wrong ends the run and names itself", async () => {
    const broken = trainer();
    memoryOf(broken.network.trainable.byName.get("score.weight")).fill(Number.NaN);
    const config = rewardSchema.parse({ batchSize: 7 });
    await expect(reward(broken, pairs, PAD, config).next()).rejects.toThrow("reward, step 1: loss is NaN");
  });
});

describe("texts longer than maxLength", () => {
  /** Texts that differ in their last tokens only. */
  const long = pairsOf(5).map(({ chosen, rejected }) => {
    const prompt = randomIds(new RandomStream(2, "prompt"), 12);
    return { chosen: [...prompt, ...chosen], rejected: [...prompt, ...rejected] };
  });
  const tails = long.map(({ chosen, rejected }) => ({
    chosen: chosen.slice(chosen.length - 6),
    rejected: rejected.slice(rejected.length - 6),
  }));

  test("keep their end in training", async () => {
    const [cut] = await stepsOf(long, { maxLength: 6 });
    const [want] = await stepsOf(tails, {});
    expect(long.some(({ chosen }) => chosen.length > 6)).toBe(true);
    expect(cut.tokens).toBe(want.tokens);
    for (const key of ["loss", "margin", "min_reward", "max_reward", "grad_norm"])
      expect(cut.metrics[key]).toBeCloseTo(want.metrics[key], 5);
    // The beginnings alone are the same on both sides: were they kept, every pair would be even.
    expect(Math.abs(cut.metrics.margin)).toBeGreaterThan(1e-3);
  });

  test("keep their end when pairs are scored, and each side has its own score", async () => {
    const runner = new NetworkRunner(runtime, smallFull(runtime, 3, "random"));
    const scores = await scorePairs(runner, long, BATCHING, 6);
    const chosen = await scoresOf(tails.map((pair) => pair.chosen));
    const rejected = await scoresOf(tails.map((pair) => pair.rejected));
    expect(scores.length).toBe(5);
    for (const [i, score] of scores.entries()) {
      expect(score.chosen).toBeCloseTo(chosen[i], 5);
      expect(score.rejected).toBeCloseTo(rejected[i], 5);
      expect(Math.abs(chosen[i] - rejected[i])).toBeGreaterThan(1e-4);
    }
  });
});

describe("normalisation", () => {
  test("shifts and scales to mean 0 and standard deviation 1", () => {
    const rewards = [2, 4, 4, 4, 5, 5, 7, 9]; // mean 5, variance 4
    expect(normalization(rewards)).toEqual({ mean: 5, std: 2 });
  });

  test("of equal rewards only shifts", () => {
    expect(normalization([3, 3, 3])).toEqual({ mean: 3, std: 1 });
    expect(normalization([3, 3 + 1e-7]).std).toBe(1);
  });

  test("is applied to what a reward model says of prompt and completion", async () => {
    const prompts = pairsOf(4).map(({ chosen }) => ({ ids: chosen, text: "" }));
    const completions = pairsOf(4).map(({ rejected: ids }) => ({
      ids: [...ids],
      logProbs: [],
      finishReason: "stop" as const,
    }));
    const raw = await scoresOf(prompts.map(({ ids }, i) => promptCompletion(ids, completions[i].ids).ids));
    const runner = new NetworkRunner(runtime, smallFull(runtime, 3, "random"));
    const source = modelReward("kind", 0.5, runner, { mean: 0.7, std: 0.25 }, BATCHING);
    expect(source).toMatchObject({ name: "kind", weight: 0.5 });
    const scores = await source.score(prompts, completions);
    for (const [i, score] of scores.entries()) expect(score).toBeCloseTo((raw[i] - 0.7) / 0.25, 4);
    expect(scores.length).toBe(4);
  });
});
