/** RLOO, REINFORCE++, online DPO and rejection sampling: their maths by hand, iterations over completions that are given, and that they learn. */
import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { relativeError } from "../../test/evaluate.js";
import { SameTrainer } from "../../test/same-trainer.js";
import { spread } from "../../test/spread.js";
import { letters, PAD, randomIds, smallConfig, smallLora, smallWeights } from "../../test/tiny-network.js";
import { PlumbError } from "../base/errors.js";
import { RandomStream } from "../base/random.js";
import { type Completion, Generator } from "../generate/index.js";
import { chunks, promptCompletion } from "../model/batch.js";
import { frozenNetwork } from "../model/create.js";
import { NetworkRunner } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { bestOf, isSilent } from "./groups.js";
import {
  bestAndWorst,
  type OnlineDpoConfig,
  onlineDpo,
  onlineDpoSchema,
  type Paired,
  updateOnce as updateOnPairs,
} from "./online-dpo.js";
import { advantagesAndReturns } from "./ppo.js";
import {
  discountedReturns,
  lessGroupMean,
  normalizedReturns,
  type ReinforceConfig,
  type Returned,
  reinforce,
  reinforceSchema,
  updateOnce as updateByReturns,
} from "./reinforce.js";
import {
  type Candidate,
  type RejectionConfig,
  rejectionSampling,
  rejectionSchema,
  updateOnce as updateOnBest,
} from "./rejection-sampling.js";
import { functionReward, type RewardFunction } from "./reward-sources.js";
import {
  type LeftOut,
  leaveOneOutAdvantages,
  type RlooConfig,
  rloo,
  rlooSchema,
  updateOnce as updateByResponses,
} from "./rloo.js";
import type { Rollout } from "./rollout.js";
import { sequenceKl } from "./rollout-metrics.js";
import { moments } from "./statistics.js";
import type { Step } from "./step.js";

const runtime = new OrtRuntime({ threads: 1 });
const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: null };
const BASE = smallWeights(runtime, smallConfig());
const REFERENCE = new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), BASE));
/** The policy of every test, each time as new. */
const trainer = new SameTrainer(runtime, ADAM);

describe("advantages", () => {
  test("leave one out: the others of the group are the baseline", () => {
    expect(leaveOneOutAdvantages([1, 3, 8, 10, 10, 10], 3)).toEqual([1 - 5.5, 3 - 4.5, 8 - 2, 0, 0, 0]);
    expect(leaveOneOutAdvantages([1, 4], 2)).toEqual([-3, 3]);
  });

  test("of a response that cannot be scored is 0, and it is in no baseline", () => {
    expect(leaveOneOutAdvantages([1, null, 4], 3)).toEqual([-3, 0, 3]);
    expect(leaveOneOutAdvantages([1, null, 4, null], 2)).toEqual([0, 0, 0, 0]);
    expect(lessGroupMean([1, null, 4, null, null, null], 3)).toEqual([-1.5, null, 1.5, null, null, null]);
    const rows = [null, 2, 0].map((score) => ({
      score,
      logProbs: Float32Array.of(-1, -2),
      referenceLogProbs: Float32Array.of(-1, -2),
    }));
    const [none, good, bad] = normalizedReturns(rows, { klCoefficient: 0.1, gamma: 1 });
    expect([...none]).toEqual([0, 0]);
    expect(good[0]).toBeGreaterThan(0.5);
    expect(bad[0]).toBeCloseTo(-good[0], 9);
  });

  test("returns are PPO's where values are 0 and lambda is 1, and normalised over all tokens", () => {
    const rewards = [0.5, -1, 0.25, 2];
    const { returns } = advantagesAndReturns(rewards, new Float64Array(4), 0.9, 1);
    expect(relativeError(discountedReturns(rewards, 0.9), [...returns])).toBeLessThan(1e-12);
    const r = new RandomStream(1, "returns");
    const rows = [5, 1, 3].map((length) => ({
      score: r.normal(),
      logProbs: Float32Array.from({ length }, () => -2 + r.normal()),
      referenceLogProbs: Float32Array.from({ length }, () => -2 + r.normal()),
    }));
    const { mean, variance } = moments(normalizedReturns(rows, { klCoefficient: 0.3, gamma: 0.95 }));
    expect(mean).toBeCloseTo(0, 12);
    expect(variance).toBeCloseTo(1, 6);
  });

  test("of a group whose known rewards are equal teach nothing", () => {
    expect(
      [
        [1, 1],
        [1, null, 1],
        [null, null],
        [2, null],
      ].map(isSilent),
    ).toEqual([true, true, true, true]);
    expect(isSilent([1, null, 2])).toBe(false);
  });
});

const r = new RandomStream(7, "responses");
const answers = Array.from({ length: 8 }, () => ({
  before: randomIds(r, 1 + r.int(5)),
  ids: randomIds(r, 1 + r.int(7)),
}));
const sequences = answers.map(({ before, ids }) => promptCompletion(before, ids));
const known = await sequenceLogProbs(REFERENCE, sequences, { rows: 8, padId: PAD }, 0.9);
/** Responses of ragged lengths with advantages, sampled by a policy close to the one that learns. */
const RESPONSES = answers.map(({ ids }, i) => {
  const completion: Completion = { ids, logProbs: ids.map(() => 0), finishReason: "stop" };
  return {
    ...{
      prompt: { ids: [], text: "" },
      sequence: sequences[i],
      completion,
      entropy: 0,
      reward: 0,
      rewards: {},
      score: 0,
    },
    advantage: r.normal(),
    advantages: Float64Array.from(ids, () => r.normal()),
    logProbs: known[i].map((own) => own + 0.1 * r.normal()),
    referenceLogProbs: known[i],
  };
});

type Changes = Partial<RlooConfig & ReinforceConfig & RejectionConfig & Omit<OnlineDpoConfig, "lossType">>;
type Name = "rloo" | "reinforce" | "rejection-sampling" | "online-dpo";
const METHODS = [
  [
    "RLOO",
    (policy: Awaited<ReturnType<typeof trainer.of>>, rows: LeftOut[], changes: Changes) =>
      updateByResponses(policy, rows, rlooSchema.parse({ temperature: 0.9, ...changes }), PAD, 0),
  ],
  [
    "online DPO",
    (policy: Awaited<ReturnType<typeof trainer.of>>, rows: Rollout[], changes: Changes) => {
      const pairs = chunks(rows, 2).map(([chosen, rejected]) => ({
        ...{ chosen: chosen.sequence, rejected: rejected.sequence },
        reference: { chosen: chosen.referenceLogProbs, rejected: rejected.referenceLogProbs },
      }));
      return updateOnPairs(
        policy,
        pairs,
        onlineDpoSchema.parse({ temperature: 0.9, beta: 1, ...changes }),
        PAD,
        0,
      );
    },
  ],
  [
    "rejection sampling",
    (policy: Awaited<ReturnType<typeof trainer.of>>, rows: Rollout[], changes: Changes) =>
      updateOnBest(policy, rows, rejectionSchema.parse(changes), PAD, 0),
  ],
  [
    "REINFORCE++",
    (policy: Awaited<ReturnType<typeof trainer.of>>, rows: Returned[], changes: Changes) =>
      updateByReturns(policy, rows, reinforceSchema.parse({ temperature: 0.9, ...changes }), PAD, 0),
  ],
] as const;

describe.each(METHODS)("an update of %s", (_, updateOnce) => {
  async function update(changes: Changes, moved?: (flat: Float32Array) => void) {
    const network = smallLora(runtime, BASE);
    for (const [name, buffer] of network.trainable.byName)
      if (name.endsWith("lora_B.weight")) new RandomStream(4, name).fillNormal(memoryOf(buffer), 0.05);
    moved?.(memoryOf(network.trainable.flat));
    const policy = await trainer.of(network);
    const { gradNorm: _norm, ...metrics } = await updateOnce(policy, RESPONSES, {
      packing: "never",
      ...changes,
    });
    return { metrics, gradient: Float32Array.from(memoryOf(policy.gradients.flat)) };
  }

  test("is the same in micro-batches of 8, 1, 2 and, unevenly, 3, and in packed rows", async () => {
    const whole = await update({ microBatchSize: 8 });
    expect(whole.gradient.some((g) => g !== 0)).toBe(true);
    for (const changes of [
      { microBatchSize: 1 },
      { microBatchSize: 2 },
      { microBatchSize: 3 },
      { microBatchSize: 4, packing: "always" },
    ] as const) {
      const parts = await update(changes);
      expect(relativeError(parts.gradient, whole.gradient)).toBeLessThan(1e-6);
      expect(relativeError(Object.values(parts.metrics), Object.values(whole.metrics))).toBeLessThan(1e-6);
    }
  });

  test("has the gradient that finite differences say", async () => {
    const { gradient } = await update({});
    const along = new Float32Array(gradient.length);
    new RandomStream(6, "direction").fillNormal(along, 1);
    // Half of the direction is the gradient's own, so that the slope is not small.
    const norm = Math.hypot(...gradient);
    for (let i = 0; i < along.length; i++) along[i] = along[i] / Math.sqrt(along.length) + gradient[i] / norm;
    const at = async (step: number): Promise<number> => {
      const { metrics } = await update({}, (flat) => {
        for (let i = 0; i < along.length; i++) flat[i] += step * along[i];
      });
      return metrics.loss;
    };
    const slope = gradient.reduce((total, g, i) => total + g * along[i], 0);
    const step = 1e-3;
    expect(((await at(step)) - (await at(-step))) / (2 * step) / slope).toBeCloseTo(1, 2);
  });
});

const prompts = Array.from({ length: 6 }, (_, i) => {
  const ids = randomIds(new RandomStream(i, "prompt"), 1 + i);
  return { ids, text: letters.decode(ids) };
});
const LENGTH: RewardFunction = (inputs) => inputs.map(({ ids }) => ids.length);

function started(method: Name, setup: Parameters<typeof rloo>[0], settings: object): AsyncGenerator<Step> {
  if (method === "rloo") return rloo(setup, rlooSchema.parse(settings));
  if (method === "reinforce") return reinforce(setup, reinforceSchema.parse(settings));
  if (method === "online-dpo") return onlineDpo(setup, onlineDpoSchema.parse(settings));
  return rejectionSampling(setup, rejectionSchema.parse(settings));
}

/** Two iterations on given answers, of 2 to 5 tokens within each group. */
async function run<R extends Rollout>(method: Name, changes: Changes, reward = LENGTH) {
  const asked: { prompts: readonly (readonly number[])[]; firstRow: number | undefined }[] = [];
  const generate = async (
    rows: readonly (readonly number[])[],
    _: unknown,
    options?: { firstRow?: number },
  ) => {
    asked.push({ prompts: rows, firstRow: options?.firstRow });
    return rows.map((ids, i): Completion => {
      const own = randomIds(new RandomStream(ids.length, "answer"), 2 + (i % 4));
      return { ids: own, logProbs: own.map(() => -3), finishReason: "stop", text: letters.decode(own) };
    });
  };
  const setup = {
    ...{ reference: REFERENCE, prompts, padId: PAD, generator: { generate } },
    policy: await trainer.of(smallLora(runtime, BASE)),
    rewards: [functionReward("length", 0.5, reward)],
  };
  const settings = {
    ...{ iterations: 2, batchSize: 8, groupSize: 4, microBatchSize: 3, maxNewTokens: 9, packing: "never" },
    ...{ seed: 3, learningRate: 1e-3, ...changes },
  };
  const steps = started(method, setup, settings);
  const done: Step<R>[] = [];
  for await (const step of steps) done.push(step as unknown as Step<R>);
  return { steps: done, asked };
}

describe.each(["rloo", "reinforce"] as const)("an iteration of %s", (method) => {
  test("asks each prompt for a group of responses, and starts from the sampling policy", async () => {
    const { steps, asked } = await run(method, {});
    expect(asked.map(({ firstRow }) => firstRow)).toEqual([0, 8]);
    const lengths = asked.flatMap((one) => one.prompts.map((ids) => ids.length));
    for (let g = 0; g < 16; g += 4) expect(new Set(lengths.slice(g, g + 4)).size).toBe(1);
    const [{ metrics, tokens }] = steps;
    expect(metrics["first/ratio"]).toBeCloseTo(1, 6);
    expect(metrics["first/clipfrac"]).toBe(0);
    expect(metrics["objective/scores"]).toBeCloseTo(0.5 * 3.5, 9);
    expect(metrics["objective/rlhf_reward"]).toBeCloseTo(0.5 * 3.5 - 0.05 * metrics["objective/kl"], 9);
    expect(tokens).toBe(28);
    expect("response/unscorable" in metrics).toBe(false);
  });

  test("counts responses that cannot be scored, and learns nothing from them", async () => {
    const some: RewardFunction = (inputs) => inputs.map(({ ids }) => (ids.length === 3 ? null : ids.length));
    const { steps } = await run<LeftOut & Returned>(method, {}, some);
    const [{ metrics, rollouts = [] }] = steps;
    expect(metrics["response/unscorable"]).toBe(2);
    expect(metrics["objective/scores"]).toBeCloseTo((0.5 * (2 + 4 + 5)) / 3, 9);
    const left = rollouts.filter(({ reward }) => reward === null);
    expect(left.length).toBe(2);
    for (const one of left)
      expect(method === "rloo" ? one.advantage : [...one.advantages]).toEqual(
        method === "rloo" ? 0 : [0, 0, 0],
      );
    expect(left.every(({ score }) => score === null)).toBe(true);
    await expect(run(method, {}, (inputs) => inputs.map(() => null))).rejects.toThrow(
      "none of the 8 responses could be scored",
    );
  });

  test("refuses groups that do not divide the batch, and rewards that are no numbers", async () => {
    await expect(run(method, { batchSize: 10 })).rejects.toThrow(PlumbError);
    await expect(run(method, { batchSize: 10 })).rejects.toThrow(
      "batchSize / groupSize: 10 is not a multiple of 4",
    );
    await expect(run(method, {}, (inputs) => inputs.map(() => Number.NaN))).rejects.toThrow(
      '"length" gave NaN',
    );
  });
});

test("RLOO's score is the reward less the KL, against the others'", async () => {
  const { steps } = await run<LeftOut>("rloo", { klCoefficient: 0.3, learningRate: 0.05 });
  const { rollouts = [] } = steps[1];
  expect(rollouts.some((r) => Math.abs(sequenceKl(r)) > 1e-3)).toBe(true);
  const scores = rollouts.map((r) => (r.reward ?? Number.NaN) - 0.3 * sequenceKl(r));
  expect(rollouts.map(({ score }) => score)).toEqual(scores);
  expect(rollouts.map(({ advantage }) => advantage)).toEqual(leaveOneOutAdvantages(scores, 4));
});

describe("rejection sampling", () => {
  test("keeps the highest reward, of equal ones the first", () => {
    expect([[1, 3, 2], [2, 2], [null, -1, null], [null]].map(bestOf)).toEqual([1, 0, 1, undefined]);
  });

  test("learns the best response to each prompt, and nothing of groups that cannot be scored", async () => {
    const { steps } = await run<Candidate>("rejection-sampling", {});
    const [{ metrics, rollouts = [] }] = steps;
    const best = rollouts.filter((one) => one.best);
    expect(best.map(({ completion }) => completion.ids.length)).toEqual([5, 5]);
    expect(metrics["objective/best_scores"]).toBeCloseTo(2.5, 9);
    expect(metrics["objective/scores"]).toBeCloseTo(0.5 * 3.5, 9);
    const one = await updateOnBest(
      await trainer.of(smallLora(runtime, BASE)),
      best,
      rejectionSchema.parse({}),
      PAD,
      0,
    );
    expect(metrics.loss).toBeCloseTo(one.loss, 6);
    const own = await sequenceLogProbs(
      REFERENCE,
      best.map(({ sequence }) => sequence),
      { rows: 8, padId: PAD },
    );
    expect(one.loss).toBeCloseTo(-own.flatMap((row) => [...row]).reduce((a, b) => a + b, 0) / 10, 5);

    const [scored] = [...new Set(rollouts.map(({ prompt }) => prompt.text))];
    const some: RewardFunction = (inputs) =>
      inputs.map(({ prompt, ids }) => (prompt === scored ? ids.length : null));
    const { steps: partly } = await run<Candidate>(
      "rejection-sampling",
      { iterations: 1, miniBatches: 2 },
      some,
    );
    expect(partly[0].metrics.updates).toBe(1);
    expect(partly[0].metrics["response/unscorable"]).toBe(4);
    expect(partly[0].rollouts?.filter((each) => each.best).length).toBe(1);
  });

  test("refuses mini-batches that do not divide the prompts", async () => {
    await expect(run("rejection-sampling", { miniBatches: 4 })).rejects.toThrow(
      "prompts of an iteration (batchSize 8 / groupSize 4) / miniBatches: 2 is not a multiple of 4",
    );
  });
});

describe("online DPO", () => {
  test("pairs the highest with the lowest reward, where they differ", () => {
    const pairs = [[1, 3, 2], [2, 2], [null, -1, 4, null], [null, 1], [null]].map(bestAndWorst);
    expect(pairs).toEqual([
      { chosen: 1, rejected: 0 },
      undefined,
      { chosen: 2, rejected: 1 },
      undefined,
      undefined,
    ]);
  });

  test("starts at log 2, and learns from prompts whose responses differ alone", async () => {
    const { steps } = await run<Paired>("online-dpo", {});
    const [{ metrics, rollouts = [] }, second] = steps;
    expect(metrics["first/loss"]).toBeCloseTo(Math.LN2, 5);
    expect(metrics["rewards/accuracies"]).toBe(0.5);
    expect(metrics.pairs).toBe(2);
    for (const [side, length] of [
      ["chosen", 5],
      ["rejected", 2],
    ] as const)
      expect(rollouts.filter((r) => r.side === side).map(({ completion }) => completion.ids.length)).toEqual([
        length,
        length,
      ]);
    expect(second.metrics.updates).toBe(1);

    const [equal] = [...new Set(rollouts.map(({ prompt }) => prompt.text))];
    const some: RewardFunction = (inputs) =>
      inputs.map(({ prompt, ids }) => (prompt === equal ? 1 : ids.length));
    const { steps: partly } = await run<Paired>("online-dpo", { iterations: 1 }, some);
    expect(partly[0].metrics).toMatchObject({ pairs: 1, frac_reward_zero_std: 0.5, updates: 1 });
    const { steps: none } = await run<Paired>("online-dpo", { iterations: 1 }, (inputs) =>
      inputs.map(() => 1),
    );
    expect(none[0].metrics).toMatchObject({ pairs: 0, frac_reward_zero_std: 1, updates: 0 });
  });
});

test("REINFORCE++ has no groups unless they are its baseline, which needs two responses", async () => {
  const { steps } = await run<Returned>("reinforce", { groupSize: 1 });
  expect("frac_reward_zero_std" in steps[0].metrics).toBe(false);
  expect(steps[0].rollouts?.map(({ score }) => score)).toEqual(
    steps[0].rollouts?.map(({ reward }) => reward),
  );
  const compared = await run<Returned>("reinforce", { baseline: "group" });
  expect(compared.steps[0].metrics.frac_reward_zero_std).toBe(0);
  expect(
    compared.steps[0].rollouts?.slice(0, 4).reduce((sum, { score }) => sum + (score ?? 0), 0),
  ).toBeCloseTo(0, 12);
  await expect(run("reinforce", { baseline: "group", groupSize: 1 })).rejects.toThrow("but groupSize is 1");
});

/** Of the policy, which is the same for all seeds. */
let generator: Generator | undefined;

/** Mean reward of a run's last iterations less that of its first ones, paid for vowels. */
async function learned(method: Name, seed: number, changes: Changes): Promise<number> {
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
  const settings = {
    ...{ iterations: 16, batchSize: 32, microBatchSize: 16, maxNewTokens: 8, epochs: 2 },
    ...{ learningRate: 5e-3, schedule: "constant", seed, ...changes },
  };
  const steps = started(method, setup, settings);
  const rewards: number[] = [];
  for await (const { metrics } of steps) rewards.push(metrics["objective/scores"]);
  const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  return mean(rewards.slice(-4)) - mean(rewards.slice(0, 4));
}

const VARIANTS: [Name, Changes][] = [
  ["rloo", { groupSize: 8, klCoefficient: 0.01 }],
  ["reinforce", { klCoefficient: 0.01 }],
  ["rejection-sampling", { groupSize: 8 }],
  ["online-dpo", { groupSize: 4 }],
  ["reinforce", { baseline: "group", groupSize: 8, klCoefficient: 0.01 }],
];

test.each(spread("groups", VARIANTS, 2, VARIANTS.slice(0, 2)))(
  "%s with %o raises the reward, over five seeds",
  async (method, changes) => {
    const gains: number[] = [];
    for (const seed of [1, 2, 3, 4, 5]) gains.push(await learned(method, seed, changes));
    const mean = gains.reduce((a, b) => a + b, 0) / gains.length;
    const variance = gains.reduce((a, g) => a + (g - mean) ** 2, 0) / (gains.length - 1);
    // Student's t of four degrees of freedom: p < 0.01 on one side.
    expect(mean / Math.sqrt(variance / gains.length)).toBeGreaterThan(3.75);
    expect(mean).toBeGreaterThan(0.3);
  },
);
