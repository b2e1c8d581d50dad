/** Losses and metrics of supervised fine-tuning against log-probabilities of single texts. */

import { beforeAll, describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { argmax, fullLogits, logProbOf } from "../../test/full-logits.js";
import { PAD, randomIds, smallFull } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { promptCompletion, type Sequence } from "../model/batch.js";
import { NetworkTrainer } from "../model/runner.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { type SftConfig, sft, sftSchema } from "./sft.js";
import type { Step } from "./step.js";

const runtime = new OrtRuntime({ threads: 1 });
const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: null };
const network = smallFull(runtime, 3);

/** Seven examples; every other token of a completion is the one that the network holds for the likeliest. */
let data: Sequence[];
beforeAll(async () => {
  const r = new RandomStream(1, "examples");
  data = [];
  for (let i = 0; i < 7; i++) {
    const prompt = randomIds(r, 2 + r.int(4));
    const completion: number[] = [];
    for (let t = 0; t < 3 + i; t++) {
      const rows = await fullLogits(runtime, network, [...prompt, ...completion]);
      completion.push(t % 2 === 0 ? argmax(rows[rows.length - 1]) : randomIds(r, 1)[0]);
    }
    data.push(promptCompletion(prompt, completion));
  }
});

async function stepsOf(
  examples: readonly Sequence[],
  changes: Partial<SftConfig>,
  startStep = 0,
): Promise<Step[]> {
  const trainer = new NetworkTrainer(runtime, smallFull(runtime, 3), ADAM);
  const config = sftSchema.parse({ batchSize: examples.length, microBatchSize: 2, ...changes });
  const steps: Step[] = [];
  for await (const step of sft(trainer, examples, PAD, config, startStep)) steps.push(step);
  return steps;
}

/** Means over the tokens that are read; the first one of a text never is. */
async function expected(examples: readonly Sequence[]): Promise<{ loss: number; accuracy: number }> {
  let [count, loss, hits] = [0, 0, 0];
  for (const { ids, lossMask } of examples) {
    const rows = await fullLogits(runtime, network, ids);
    for (let t = 1; t < ids.length; t++) {
      if (!lossMask[t]) continue;
      count++;
      loss -= logProbOf(rows[t - 1], ids[t]);
      if (argmax(rows[t - 1]) === ids[t]) hits++;
    }
  }
  return { loss: loss / count, accuracy: hits / count };
}

const lengthOf = (examples: readonly Sequence[]): number =>
  examples.reduce((n, { ids }) => n + ids.length, 0);

async function expectStep({ metrics, tokens }: Step, examples: readonly Sequence[]): Promise<void> {
  const want = await expected(examples);
  expect(metrics.loss).toBeCloseTo(want.loss, 5);
  expect(metrics.mean_token_accuracy).toBeCloseTo(want.accuracy, 12);
  expect(tokens).toBe(lengthOf(examples));
}

describe("a step", () => {
  test("has the mean loss of the completions' tokens, and how many of them were the likeliest", async () => {
    const [step] = await stepsOf(data, {});
    await expectStep(step, data);
    expect(step.metrics.mean_token_accuracy).toBeGreaterThan(0.4);
    expect(step.metrics.grad_norm).toBeGreaterThan(0);
  });

  test("reads prompts too when asked for, all but their first token", async () => {
    const whole = data.map(({ ids }) => ({ ids, lossMask: ids.map(() => true) }));
    const [step] = await stepsOf(data, { completionOnly: false });
    await expectStep(step, whole);
    // Whatever is marked of a first token, nothing predicts it.
    const unread = whole.map(({ ids }) => ({ ids, lossMask: ids.map((_, t) => t > 0) }));
    expect((await stepsOf(whole, {}))[0]).toEqual((await stepsOf(unread, {}))[0]);
  });

  test("cuts long examples at their end, and leaves out those without a completion before it", async () => {
    const cut = data.map(({ ids, lossMask }) => ({ ids: ids.slice(0, 4), lossMask: lossMask.slice(0, 4) }));
    const left = cut.filter(({ lossMask }) => lossMask.includes(true));
    expect(left.length).toBeGreaterThan(2);
    expect(left.length).toBeLessThan(7);
    const [step, ...more] = await stepsOf(data, { maxLength: 4, batchSize: left.length });
    expect(more).toEqual([]);
    await expectStep(step, left);
    const whole = cut.map(({ ids }) => ({ ids, lossMask: ids.map(() => true) }));
    await expectStep((await stepsOf(data, { maxLength: 4, completionOnly: false }))[0], whole);
    const hidden = promptCompletion([5, 6, 7, 8], [9, 10]);
    await expect(stepsOf([hidden], { maxLength: 4 })).rejects.toThrow("no demonstration has a completion");
    await expect(stepsOf([{ ids: [7], lossMask: [true] }], {})).rejects.toThrow("no demonstration has");
  });

  test("is one of as many as the epochs need, at the rate of the schedule", async () => {
    const settings = { batchSize: 4, epochs: 2.5, learningRate: 0.01, warmupRatio: 0.4 };
    const steps = await stepsOf(data, settings);
    expect(steps.map(({ step, steps: of }) => [step, of])).toEqual([1, 2, 3, 4, 5].map((step) => [step, 5]));
    // Two steps of warm-up from 0, then a line down to 0 at the end.
    const rates = [0, 0.5, 1, 2 / 3, 1 / 3].map((share) => share * 0.01);
    for (const [i, { metrics }] of steps.entries()) {
      expect(metrics.learning_rate).toBeCloseTo(rates[i], 12);
      expect(metrics.epoch).toBeCloseTo(((i + 1) * 4) / 7, 12);
      expect(metrics.num_tokens).toBe(steps.slice(0, i + 1).reduce((n, { tokens }) => n + tokens, 0));
    }
    expect((await stepsOf(data, { epochs: 0.01 })).length).toBe(1);
    const resumed = await stepsOf(data, settings, 3);
    expect(resumed.map(({ step, metrics }) => [step, metrics.num_tokens])).toEqual(
      steps.slice(3).map(({ step, metrics }) => [step, metrics.num_tokens]),
    );
  });

  test("whose numbers went wrong ends the run and names itself", async () => {
    const broken = new NetworkTrainer(runtime, smallFull(runtime, 3), ADAM);
    memoryOf(broken.network.trainable.byName.get("model.norm.weight")).fill(Number.NaN);
    const config = sftSchema.parse({ batchSize: 7 });
    await expect(sft(broken, data, PAD, config).next()).rejects.toThrow("sft, step 1: loss is NaN");
  });
});
