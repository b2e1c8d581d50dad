/** GRPO: its maths by hand, iterations over completions that are given, and that it learns. */
import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { evaluate, f32, relativeError } from "../../test/evaluate.js";
import { SameTrainer } from "../../test/same-trainer.js";
import { spread } from "../../test/spread.js";
import { letters, PAD, randomIds, smallConfig, smallLora, smallWeights } from "../../test/tiny-network.js";
import { PlumbError } from "../base/errors.js";
import { RandomStream } from "../base/random.js";
import { type Completion, Generator } from "../generate/index.js";
import { promptCompletion } from "../model/batch.js";
import { frozenNetwork } from "../model/create.js";
import { NetworkRunner } from "../model/runner.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { gradients, sum } from "../tensor/index.js";
import {
  type Compared,
  type GrpoConfig,
  groupAdvantages,
  grpo,
  grpoSchema,
  klEstimate,
  overlongPenalty,
  tokenWeights,
  updateOnce,
} from "./grpo.js";
import { functionReward } from "./reward-sources.js";
import type { Step } from "./step.js";

const runtime = new OrtRuntime({ threads: 1 });
const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: null };
const BASE = smallWeights(runtime, smallConfig());
const REFERENCE = new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), BASE));
/** The policy of every test, each time as new. */
const trainer = new SameTrainer(runtime, ADAM);

describe("advantages", () => {
  test("compare a response with the others of its group", () => {
    expect(groupAdvantages([1, 3, 10, 10], 2, "none")).toEqual([-1, 1, 0, 0]);
    const std = Math.sqrt(2); // of 1 and 3, unbiased
    const [a, b, c, d] = groupAdvantages([1, 3, 10, 10], 2, "group");
    expect(a).toBeCloseTo(-1 / (std + 1e-4), 12);
    expect([b, c, d]).toEqual([-a, 0, 0]);
  });

  test("by the deviation of the batch, weigh a narrow group less", () => {
    const ofBatch = Math.sqrt((25 + 9 + 16 + 16) / 3); // of 1, 3, 10, 10 about 6
    expect(groupAdvantages([1, 3, 10, 10], 2, "batch")[1]).toBeCloseTo(1 / (ofBatch + 1e-4), 12);
  });
});

test("excess length costs up to one, in a line", () => {
  const costs = [10, 16, 18, 20].map((tokens) => overlongPenalty(tokens, 20, 4));
  expect(costs).toEqual([0, 0, -0.5, -1]);
  expect(overlongPenalty(20, 20, null)).toBe(0);
});

describe("a token weighs", () => {
  const lengths = [2, 0, 6, 4];
  const weigh = (lossType: GrpoConfig["lossType"]) =>
    tokenWeights(lengths, 30, { lossType, maxNewTokens: 8, miniBatches: 2 });
  test("the same in all of a response's tokens, and each response alike: grpo", () => {
    expect(weigh("grpo")).toEqual([1 / 8, 1 / 4, 1 / 24, 1 / 16]);
  });
  test("a constant: dr_grpo", () => expect(weigh("dr_grpo")).toEqual(Array(4).fill(1 / 32)));
  test("a part of the update's tokens: bnpo", () => expect(weigh("bnpo")).toEqual(Array(4).fill(1 / 12)));
  test("a part of the iteration's tokens: dapo", () => expect(weigh("dapo")).toEqual(Array(4).fill(2 / 30)));
});

test("the KL estimate stays finite where the exponential would not", async () => {
  const given = {
    own: f32([3], [-200, -1, 0]),
    before: f32([3], [-1, -1.5, 0]),
    weights: f32([3], [1, 1, 0]),
  };
  const out = await evaluate(runtime, given, (x) => {
    const kl = klEstimate(x.own, x.before, x.weights);
    return { kl, d: gradients(sum(kl), [x.own])[0] };
  });
  expect(out.kl[0]).toBeCloseTo(Math.exp(20) - 200, -3);
  expect(out.kl[1]).toBeCloseTo(Math.exp(-0.5) - 0.5, 6);
  expect(out.kl[2]).toBe(0);
  expect([...out.d].every((d) => Number.isFinite(d))).toBe(true);
});

const responses = (seed: number, count: number): Compared[] => {
  const r = new RandomStream(seed, "responses");
  return Array.from({ length: count }, (_, i) => {
    const ids = randomIds(r, 1 + r.int(7));
    const normal = (mean: number) => Float32Array.from(ids, () => mean + 0.3 * r.normal());
    const completion: Completion = {
      ids,
      logProbs: ids.map(() => 0),
      finishReason: i % 3 ? "stop" : "length",
    };
    return {
      prompt: { ids: [], text: "" },
      completion,
      entropy: 0,
      reward: 0,
      rewards: {},
      score: 0,
      sequence: promptCompletion(randomIds(r, 1 + r.int(5)), ids),
      advantage: r.normal(),
      logProbs: normal(-4),
      referenceLogProbs: normal(-4),
    };
  });
};

describe("an update", () => {
  const config = (changes: Partial<GrpoConfig>) =>
    grpoSchema.parse({ maxNewTokens: 8, beta: 0.1, temperature: 0.9, ...changes });
  async function update(rows: Compared[], changes: Partial<GrpoConfig>) {
    const policy = await trainer.of(smallLora(runtime, BASE));
    const metrics = await updateOnce(policy, rows, 40, config(changes), PAD, 1e-3);
    return { gradient: [...memoryOf(policy.gradients.flat)], metrics: Object.values(metrics) };
  }

  test.each(["grpo", "dr_grpo", "bnpo", "dapo"] as const)(
    "is the same whatever the size of a micro-batch and the layout: %s",
    async (lossType) => {
      for (const maskTruncated of [false, true]) {
        const rows = responses(7, 7);
        const whole = await update(rows, { lossType, maskTruncated, microBatchSize: 8, packing: "never" });
        expect(whole.gradient.some((g) => g !== 0)).toBe(true);
        for (const [microBatchSize, packing] of [
          [1, "never"],
          [3, "never"],
          [4, "always"],
        ] as const) {
          const parts = await update(rows, { lossType, maskTruncated, microBatchSize, packing });
          expect(relativeError(parts.gradient, whole.gradient)).toBeLessThan(1e-5);
          expect(relativeError(parts.metrics, whole.metrics)).toBeLessThan(1e-5);
        }
      }
    },
  );

  test("learns nothing from responses that were cut off, when that is asked for", async () => {
    const rows = responses(8, 6);
    const changed = rows.map((r) =>
      r.completion.finishReason === "length" ? { ...r, advantage: 100 * r.advantage } : r,
    );
    const masked = await update(rows, { maskTruncated: true });
    expect(await update(changed, { maskTruncated: true })).toEqual(masked);
    const all = rows.map((r) => ({ ...r, completion: { ...r.completion, finishReason: "length" as const } }));
    expect((await update(all, { maskTruncated: true })).gradient.every((g) => g === 0)).toBe(true);
    expect((await update(changed, {})).gradient).not.toEqual((await update(rows, {})).gradient);
  });
});

const prompts = Array.from({ length: 6 }, (_, i) => {
  const ids = randomIds(new RandomStream(i, "prompt"), 1 + i);
  return { ids, text: letters.decode(ids) };
});

/** Answers that differ within a group, except to prompts of the given lengths. */
async function run(changes: Partial<GrpoConfig>, silent: readonly number[] = []) {
  const config = grpoSchema.parse({
    iterations: 2,
    batchSize: 8,
    groupSize: 4,
    microBatchSize: 3,
    maxNewTokens: 9,
    packing: "never",
    seed: 3,
    learningRate: 1e-3,
    ...changes,
  });
  const asked: { prompts: readonly (readonly number[])[]; firstRow: number | undefined }[] = [];
  const generate = async (
    rows: readonly (readonly number[])[],
    _: unknown,
    options?: { firstRow?: number },
  ) => {
    asked.push({ prompts: rows, firstRow: options?.firstRow });
    return rows.map((ids, i): Completion => {
      const own = randomIds(
        new RandomStream(ids.length, "answer"),
        2 + (silent.includes(ids.length) ? 0 : i % 4),
      );
      return { ids: own, logProbs: own.map(() => -3), finishReason: "stop", text: letters.decode(own) };
    });
  };
  const setup = {
    reference: REFERENCE,
    prompts,
    padId: PAD,
    generator: { generate },
    policy: await trainer.of(smallLora(runtime, BASE)),
    rewards: [functionReward("length", 0.5, (inputs) => inputs.map(({ ids }) => ids.length))],
  };
  const state = { iteration: 0, batches: 0 };
  const steps: Step<Compared>[] = [];
  for await (const step of grpo(setup, config, state)) steps.push(step);
  return { steps, asked, state };
}

describe("an iteration", () => {
  test("asks each prompt for a group of responses, with draws of its own", async () => {
    const { asked, state } = await run({});
    expect(asked.map(({ firstRow }) => firstRow)).toEqual([0, 8]);
    const lengths = asked.flatMap((one) => one.prompts.map((ids) => ids.length));
    for (let g = 0; g < 16; g += 4) expect(new Set(lengths.slice(g, g + 4)).size).toBe(1);
    expect(new Set(lengths).size).toBe(4);
    expect(state).toEqual({ iteration: 2, batches: 2 });
  });

  test("starts from the sampling policy: ratio 1, nothing clipped, loss the KL's alone", async () => {
    const { steps } = await run({ iterations: 1, beta: 0 });
    const [{ metrics, rollouts = [], tokens }] = steps;
    expect(metrics["first/ratio"]).toBeCloseTo(1, 6);
    expect(metrics["first/clipfrac"]).toBe(0);
    expect(metrics.loss).toBeCloseTo(0, 5); // advantages of a group add up to nothing
    expect(metrics["objective/scores"]).toBeCloseTo(0.5 * 3.5, 9);
    expect(metrics["rewards/length"]).toBeCloseTo(3.5, 9);
    expect(metrics.frac_reward_zero_std).toBe(0);
    expect(tokens).toBe(28);
    expect(rollouts.map(({ advantage }) => advantage)).toEqual(
      groupAdvantages(
        rollouts.map(({ score }) => score),
        4,
        "group",
      ),
    );
  });

  test("samples anew in the place of groups without signal, up to a limit, and says how many there were", async () => {
    const dull = [1, 2, 3, 4];
    const plain = await run({ iterations: 3 }, dull);
    const shares = plain.steps.map(({ metrics }) => metrics.frac_reward_zero_std);
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(2, 9); // four of six groups in three batches of two
    expect(plain.asked.length).toBe(3);

    const dynamic = await run({ iterations: 1, maxSamplings: 3 }, dull);
    const [{ metrics, rollouts = [], tokens }] = dynamic.steps;
    expect(new Set(rollouts.map(({ prompt }) => prompt.ids.length))).toEqual(new Set([5, 6]));
    expect(rollouts.length).toBe(8);
    expect(metrics.samplings).toBe(dynamic.asked.length);
    expect(dynamic.state.batches).toBe(dynamic.asked.length);
    expect(tokens).toBeGreaterThan(rollouts.reduce((n, { completion }) => n + completion.ids.length, 0));

    const lively = await run({ iterations: 2, maxSamplings: 5 });
    expect(lively.steps.map((step) => step.metrics.samplings)).toEqual([1, 1]);
    expect(lively.asked.length).toBe(2);

    const all = await run({ iterations: 1, maxSamplings: 2 }, [1, 2, 3, 4, 5, 6]);
    expect(all.asked.length).toBe(2);
    expect(all.steps[0].rollouts?.length).toBe(8);
    expect(all.steps[0].metrics.frac_reward_zero_std).toBe(1);
    expect(all.steps[0].metrics["first/ratio"]).toBeCloseTo(1, 6);
  });

  test("counts excess length in what is compared, not in the reward that is reported", async () => {
    const { steps } = await run({ iterations: 1, maxNewTokens: 5, overlongBuffer: 2 });
    const [{ metrics, rollouts = [] }] = steps;
    for (const r of rollouts)
      expect((r.score ?? Number.NaN) - (r.reward ?? Number.NaN)).toBeCloseTo(
        [0, 0, -0.5, -1][r.completion.ids.length - 2],
        9,
      );
    expect(metrics["objective/scores"]).toBeCloseTo(0.5 * 3.5, 9);
  });

  test("refuses groups that do not divide the batch", async () => {
    await expect(run({ batchSize: 10 })).rejects.toThrow(PlumbError);
    await expect(run({ batchSize: 10 })).rejects.toThrow("batchSize / groupSize: 10 is not a multiple of 4");
  });
});

/** Of the policy, which is the same for all seeds. */
let generator: Generator | undefined;

/** Mean reward of a run's first iterations and of its last, paid for vowels. */
async function learned(seed: number, changes: Partial<GrpoConfig>): Promise<number> {
  const r = new RandomStream(seed, "learning");
  const asked = Array.from({ length: 16 }, () => randomIds(r, 1 + r.int(5))).map((ids) => ({
    ids,
    text: letters.decode(ids),
  }));
  const policy = await trainer.of(smallLora(runtime, BASE));
  const vowels = functionReward("vowels", 1, (inputs) =>
    inputs.map(({ response }) => response.replace(/[^aeiou]/g, "").length),
  );
  generator ??= new Generator(runtime, policy.network, PAD, letters);
  const setup = { policy, reference: REFERENCE, generator, rewards: [vowels], prompts: asked, padId: PAD };
  const config = grpoSchema.parse({
    iterations: 20,
    batchSize: 32,
    groupSize: 8,
    microBatchSize: 16,
    maxNewTokens: 8,
    epochs: 2,
    learningRate: 5e-3,
    schedule: "constant",
    seed,
    ...changes,
  });
  const rewards: number[] = [];
  for await (const { metrics } of grpo(setup, config, { iteration: 0, batches: 0 }))
    rewards.push(metrics["objective/scores"]);
  const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  return mean(rewards.slice(-4)) - mean(rewards.slice(0, 4));
}

const VARIANTS: [name: string, changes: Partial<GrpoConfig>][] = [
  ["grpo", {}],
  ["Dr. GRPO", { lossType: "dr_grpo", scaleRewards: "none" }],
  ["DAPO", { lossType: "dapo", epsilonHigh: 0.28, beta: 0, maxSamplings: 3 }],
];

test.each(spread("grpo", VARIANTS, 1, [VARIANTS[0]]))(
  "%s raises the reward, over five seeds",
  async (_name, changes) => {
    const gains: number[] = [];
    for (const seed of [1, 2, 3, 4, 5]) gains.push(await learned(seed, changes));
    const mean = gains.reduce((a, b) => a + b, 0) / gains.length;
    const variance = gains.reduce((a, g) => a + (g - mean) ** 2, 0) / (gains.length - 1);
    // Student's t of four degrees of freedom: p < 0.01 on one side.
    expect(mean / Math.sqrt(variance / gains.length)).toBeGreaterThan(3.75);
    expect(mean).toBeGreaterThan(0.3);
  },
);
