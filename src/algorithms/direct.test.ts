import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { relativeError } from "../../test/evaluate.js";
import { SameTrainer } from "../../test/same-trainer.js";
import { spread } from "../../test/spread.js";
import { PAD, randomIds, smallConfig, smallFull, smallLora, smallWeights } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { promptCompletion } from "../model/batch.js";
import { frozenNetwork } from "../model/create.js";
import { copiedNetwork, FollowingNetwork } from "../model/following-network.js";
import type { Network } from "../model/network.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { type AnswerPair, cutPair, type LabelledAnswer, tokensReadOf } from "./answers.js";
import {
  checkDpo,
  type DpoConfig,
  type DpoPair,
  dpo,
  dpoSchema,
  implicitRewards,
  pairLogProbs,
  readsNoise,
} from "./dpo.js";
import { type KtoConfig, klPoint, kto, ktoSchema, labelledSequence, mismatched } from "./kto.js";
import { type OrpoConfig, orpo, orpoSchema } from "./orpo.js";
import { sumOf } from "./statistics.js";

const runtime = new OrtRuntime({ threads: 1 });
const adam = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: null };
const base = smallWeights(runtime, smallConfig(), 3);
const trainer = new SameTrainer(runtime, adam);

/** An adapter whose matrices are no longer zero. */
function adapter(): Network {
  const made = smallLora(runtime, base);
  for (const [name, buffer] of made.trainable.byName)
    if (name.endsWith("lora_B.weight")) new RandomStream(4, name).fillNormal(memoryOf(buffer), 0.1);
  return made;
}
const reference = new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), base));

/** Pairs of ragged lengths: some share nothing but one token, some have an answer of one token. */
const r = new RandomStream(31, "direct");
const bare = Array.from({ length: 8 }, (): AnswerPair => {
  const prompt = randomIds(r, 1 + r.int(6));
  const side = () => promptCompletion(prompt, randomIds(r, 1 + r.int(9)));
  return { chosen: side(), rejected: side(), noise: 0.4 * r.uniform(), weight: 0.5 + r.uniform() };
});
const LAYOUT = { microBatchSize: 8, packing: "never" } as const;
const known = await pairLogProbs(reference, bare, PAD, LAYOUT);
const pairs = bare.map((pair, i): DpoPair => ({ ...pair, reference: known[i] }));
const answers = bare.flatMap(({ chosen, rejected }): LabelledAnswer[] =>
  [chosen, rejected].slice(0, 1 + r.int(2)).map(({ ids, lossMask }, side) => {
    const first = lossMask.indexOf(true);
    return { prompt: ids.slice(0, first), completion: ids.slice(first), label: side === 0, weight: 1 };
  }),
);

interface Done {
  loss: number;
  gradient: Float32Array;
  metrics: Record<string, number>;
}
async function first(
  network: Network,
  run: (policy: NetworkTrainer) => AsyncGenerator<{ metrics: Record<string, number> }>,
): Promise<Done> {
  const policy = await trainer.of(network);
  for await (const { metrics } of run(policy))
    return { loss: metrics.loss, gradient: Float32Array.from(memoryOf(policy.gradients.flat)), metrics };
  throw new Error("no step");
}
const NO_NOISE = pairs.map(({ noise: _, ...pair }) => pair);
const dpoOnce = (changes: Partial<DpoConfig>, network = adapter(), data = pairs) => {
  const config = dpoSchema.parse({ batchSize: data.length, ...LAYOUT, ...changes });
  return first(network, (policy) => dpo({ policy, pairs: data, padId: PAD }, config));
};
const ktoOnce = async (changes: Partial<KtoConfig>, network = adapter(), data = answers) => {
  const config = ktoSchema.parse({ batchSize: data.length, ...LAYOUT, ...changes });
  const score = (sequences: ReturnType<typeof mismatched>) =>
    sequenceLogProbs(reference, sequences, { rows: 8, padId: PAD, packing: "never" });
  const own = await score(data.map((one) => labelledSequence(one.prompt, one.completion, config.maxLength)));
  const others = await score(mismatched(data, 0, config));
  const setup = { answers: data, reference: { answers: own, mismatched: [others] }, padId: PAD };
  return first(network, (policy) => kto({ policy, ...setup }, config));
};
const orpoOnce = (changes: Partial<OrpoConfig>, network = adapter(), data: readonly AnswerPair[] = bare) => {
  const config = orpoSchema.parse({ batchSize: data.length, ...LAYOUT, ...changes });
  return first(network, (policy) => orpo({ policy, pairs: data, padId: PAD }, config));
};

/** Every loss: its name, and a first step with some settings on some network. */
const LOSSES: [string, (changes?: Partial<DpoConfig & KtoConfig>, network?: Network) => Promise<Done>][] = [
  ...(["sigmoid", "sigmoid-norm", "hinge", "ipo", "cdpo", "robust", "simpo"] as const).map(
    (lossType): (typeof LOSSES)[number] => [
      lossType,
      (changes = {}, network = adapter()) =>
        dpoOnce({ lossType, sftWeight: lossType === "robust" ? 0.3 : 0, ...changes }, network),
    ],
  ),
  ["kto", (changes = {}, network = adapter()) => ktoOnce(changes as Partial<KtoConfig>, network)],
  [
    "orpo",
    (changes = {}, network = adapter()) => orpoOnce({ ...(changes as object), promptLoss: true }, network),
  ],
];

describe.each(
  spread(
    "direct",
    LOSSES,
    4,
    LOSSES.filter(([name]) => ["robust", "kto", "orpo"].includes(name)),
  ),
)("%s", (_, once) => {
  test("micro-batches, even or not, and packed rows change neither loss nor gradient", async () => {
    const whole = await once();
    for (const changes of [
      { microBatchSize: 1 },
      { microBatchSize: 4 },
      { microBatchSize: 3 },
      { packing: "always" as const },
    ]) {
      const other = await once(changes);
      expect(Math.abs(other.loss / whole.loss - 1)).toBeLessThan(1e-6);
      expect(relativeError(other.gradient, whole.gradient)).toBeLessThan(1e-6);
    }
  });
});

describe.each(LOSSES)("%s", (_, once) => {
  test("the gradient is what finite differences say", async () => {
    const { gradient } = await once();
    const along = new Float32Array(gradient.length);
    new RandomStream(6, "direction").fillNormal(along, 1);
    // Half of the direction is the gradient's own, so that the slope is not small.
    const norm = Math.hypot(...gradient);
    for (let i = 0; i < along.length; i++) along[i] = along[i] / Math.sqrt(along.length) + gradient[i] / norm;
    const at = async (step: number): Promise<number> => {
      const network = adapter();
      const flat = memoryOf(network.trainable.flat);
      for (let i = 0; i < along.length; i++) flat[i] += step * along[i];
      return (await once({}, network)).loss;
    };
    const slope = gradient.reduce((total, g, i) => total + g * along[i], 0);
    const step = 2e-3;
    expect(((await at(step)) - (await at(-step))) / (2 * step) / slope).toBeCloseTo(1, 2);
  });
});

test("where the policy is the reference, the loss is log 2, or what each loss is at 0", async () => {
  const start = () => smallLora(runtime, base);
  for (const [lossType, want] of [
    ["sigmoid", Math.LN2],
    ["hinge", 1],
    ["ipo", 25],
  ] as const) {
    const { loss, metrics } = await dpoOnce(
      { lossType },
      start(),
      NO_NOISE.map(({ weight: _, ...pair }) => pair),
    );
    expect(Math.abs(loss / want - 1)).toBeLessThan(1e-6);
    expect(Math.abs(metrics["rewards/chosen"])).toBeLessThan(1e-5);
    expect(metrics["rewards/accuracies"]).toBe(0.5);
  }
  const { loss, metrics } = await ktoOnce({}, start());
  expect(Math.abs(loss - 0.5)).toBeLessThan(1e-6);
  expect(metrics.kl).toBeLessThan(1e-5);
});

describe("dpo", () => {
  test("without noise robust and cdpo are sigmoid; labelSmoothing is the noise of pairs that have none", async () => {
    const plain = await dpoOnce({}, adapter(), NO_NOISE);
    const robust = await dpoOnce({ lossType: "robust" }, adapter(), NO_NOISE);
    expect(Math.abs(robust.loss / plain.loss - 1)).toBeLessThan(1e-6);
    const smoothed = await dpoOnce({ lossType: "cdpo", labelSmoothing: 0.2 }, adapter(), NO_NOISE);
    const given = await dpoOnce(
      { lossType: "cdpo" },
      adapter(),
      NO_NOISE.map((pair) => ({ ...pair, noise: 0.2 })),
    );
    expect(smoothed.loss).toBe(given.loss);
    expect(Math.abs(smoothed.loss - plain.loss)).toBeGreaterThan(1e-3);
    expect(
      ["sigmoid", "cdpo", "robust"].map((lossType) => readsNoise(dpoSchema.parse({ lossType }))),
    ).toEqual([false, true, true]);
  });

  test("rewards are those of the whole answers, as the held-out figures count them", async () => {
    const { metrics } = await dpoOnce({});
    const own = await pairLogProbs(new NetworkRunner(runtime, adapter()), pairs, PAD, LAYOUT);
    const config = dpoSchema.parse({});
    const rewards = own.map((logProbs, i) => implicitRewards(logProbs, known[i], config));
    const mean = (side: "chosen" | "rejected") =>
      rewards.reduce((n, one) => n + one[side], 0) / rewards.length;
    expect(metrics["rewards/chosen"]).toBeCloseTo(mean("chosen"), 5);
    expect(metrics["rewards/margins"]).toBeCloseTo(mean("chosen") - mean("rejected"), 5);
    const right = rewards.filter(({ chosen, rejected }) => chosen > rejected).length;
    expect(metrics["rewards/accuracies"]).toBeCloseTo(right / rewards.length, 6);
  });

  test("a reference that follows is the policy's start, then the policy; its loss goes back to log 2", async () => {
    const network = adapter();
    const policy = new NetworkTrainer(runtime, network, adam);
    const moving = new FollowingNetwork(runtime, network, await copiedNetwork(runtime, network));
    const config = dpoSchema.parse({
      ...LAYOUT,
      batchSize: 8,
      epochs: 4,
      learningRate: 1e-2,
      warmupRatio: 0,
      syncEvery: 2,
    });
    const plain = NO_NOISE.map(({ weight: _, reference: __, ...pair }) => pair);
    const losses: number[] = [];
    for await (const { metrics } of dpo({ policy, pairs: plain, padId: PAD, moving }, config))
      losses.push(metrics.loss);
    expect(losses[0]).toBeCloseTo(Math.LN2, 6);
    expect(losses[1]).toBeLessThan(Math.LN2 - 0.01);
    expect(losses[2]).toBeCloseTo(Math.LN2, 6);
    expect(losses[3]).toBeLessThan(Math.LN2 - 0.001);
  });

  test("a share of the policy moves the reference by that share", async () => {
    const [leader, own] = [smallFull(runtime, 1), smallFull(runtime, 2)];
    const before = Float32Array.from(memoryOf(own.trainable.flat));
    await new FollowingNetwork(runtime, leader, own).sync(0.6);
    const other = memoryOf(leader.trainable.flat);
    const want = before.map((value, i) => 0.4 * value + 0.6 * other[i]);
    expect(relativeError(memoryOf(own.trainable.flat), want)).toBeLessThan(1e-6);
  });

  test.each([
    [{ labelSmoothing: 0.1 }, "lossType sigmoid does not read labelSmoothing"],
    [{ gamma: 1 }, "lossType sigmoid has no gamma"],
    [{ lossType: "simpo", syncEvery: 5 }, "no reference that could move: lossType simpo has none"],
    [{ referenceFree: true, syncEvery: 5 }, "referenceFree is set"],
    [{ syncShare: 0.6 }, "syncShare has no effect without syncEvery"],
    [{ syncEvery: 5, syncShare: 0.6, lora: {} }, "syncShare must be 1 with lora"],
  ])("refuses settings without an effect: %j", (given, message) => {
    expect(() => checkDpo(dpoSchema.parse(given))).toThrow(message);
  });
});

describe("kto", () => {
  test("z is of the whole batch: each prompt with the answer after its own, clamped at 0", async () => {
    const config = ktoSchema.parse({ batchSize: answers.length });
    const others = mismatched(answers, 0, config);
    const policy = new NetworkRunner(runtime, adapter());
    const batching = { rows: 8, padId: PAD, packing: "never" as const };
    const [own, ref] = [
      await sequenceLogProbs(policy, others, batching),
      await sequenceLogProbs(reference, others, batching),
    ];
    const ratios = own.map((logProbs, i) => logProbs.reduce((n, x, t) => n + x - ref[i][t], 0));
    const { metrics } = await ktoOnce({ microBatchSize: 3 });
    expect(metrics.kl).toBeCloseTo(klPoint(ratios), 5);
    expect(klPoint([-3, 1])).toBe(0);
    const prompts = new Set(others.map(({ ids, lossMask }) => ids.slice(0, lossMask.indexOf(true)).join()));
    expect(prompts).toEqual(new Set(answers.map(({ prompt }) => prompt.join())));
  });

  test("no prompt keeps its own answer, and each answer is used once", () => {
    const rows = [3, 4, 5, 6, 7].map((id) => ({ prompt: [id], completion: [10 * id], label: true }));
    const made = mismatched(rows, 0, ktoSchema.parse({ batchSize: 5 })).map(({ ids }) => ids);
    expect(made.map(([prompt]) => prompt).sort()).toEqual([3, 4, 5, 6, 7]);
    expect(made.map(([, answer]) => answer).sort()).toEqual([30, 40, 50, 60, 70]);
    for (const [prompt, answer] of made) expect(answer).not.toBe(10 * prompt);
  });

  test("weights of labels weigh the loss; a batch of one answer is refused by name", async () => {
    const plain = await ktoOnce({});
    const [good, bad] = [await ktoOnce({ undesirableWeight: 0 }), await ktoOnce({ desirableWeight: 0 })];
    expect(good.loss + bad.loss).toBeCloseTo(plain.loss, 6);
    const allBad = answers.map((answer) => ({ ...answer, label: false }));
    expect((await ktoOnce({ undesirableWeight: 0 }, adapter(), allBad)).loss).toBe(0);
    await expect(ktoOnce({ batchSize: 1 })).rejects.toThrow("batchSize is 1, and KTO estimates its KL");
    await expect(ktoOnce({ batchSize: 2 }, adapter(), answers.slice(0, 1))).rejects.toThrow(
      "at least two answers",
    );
  });

  test("where the policy is the reference, a good answer pulls it exactly as a bad one pushes it", async () => {
    const of = (label: boolean) =>
      ktoOnce(
        {},
        smallLora(runtime, base),
        answers.map((answer) => ({ ...answer, label })),
      );
    const [good, bad] = [await of(true), await of(false)];
    expect(
      relativeError(
        good.gradient,
        bad.gradient.map((g) => -g),
      ),
    ).toBeLessThan(1e-5);
    expect(good.gradient.some((g) => g !== 0)).toBe(true);
  });

  test("a long prompt loses its start, and a long answer its end", () => {
    expect(labelledSequence([1, 2, 3], [4, 5], 4).ids).toEqual([2, 3, 4, 5]);
    expect(labelledSequence([1, 2, 3], [4, 5, 6, 7], 3).ids).toEqual([3, 4, 5]);
  });
});

test("a row's weight weighs its loss, and the mean is over rows, not weights", async () => {
  const weighted = <R extends object>(rows: readonly R[], weight: number) =>
    rows.map((row) => ({ ...row, weight }));
  for (const once of [
    async (weight: number) => dpoOnce({}, adapter(), weighted(pairs, weight)),
    async (weight: number) => ktoOnce({}, adapter(), weighted(answers, weight)),
    async (weight: number) => orpoOnce({}, adapter(), weighted(bare, weight)),
  ]) {
    const [one, three] = [await once(1), await once(3)];
    expect(three.loss / one.loss).toBeCloseTo(3, 5);
  }
});

test("orpo: the first term is that of the answer alone, or of the prompt with it", async () => {
  const [alone, whole] = [await orpoOnce({}), await orpoOnce({ promptLoss: true })];
  expect(Math.abs(alone.metrics.nll_loss - whole.metrics.nll_loss)).toBeGreaterThan(1e-3);
  const texts = bare.map(({ chosen: { ids } }) => ({ ids, lossMask: ids.map(() => true) }));
  const policy = new NetworkRunner(runtime, adapter());
  const read = await sequenceLogProbs(policy, texts, { rows: 8, padId: PAD, packing: "never" });
  const means = read.map((logProbs, i) => ((bare[i].weight ?? 1) * sumOf(logProbs)) / logProbs.length);
  expect(whole.metrics.nll_loss).toBeCloseTo(-sumOf(means) / means.length, 5);
  expect(whole.metrics.log_odds_ratio).toBeCloseTo(alone.metrics.log_odds_ratio, 5);
  expect(whole.metrics["logps/chosen"]).toBeCloseTo(alone.metrics["logps/chosen"], 5);
});

describe("cutPair", () => {
  const pair = (chosen: number[], rejected: number[], prompt = [1, 2, 3, 4]): AnswerPair => ({
    chosen: promptCompletion(prompt, chosen),
    rejected: promptCompletion(prompt, rejected),
  });
  test("takes the same tokens of the prompt's start from both sides, then the answers' ends", () => {
    const cut = cutPair(pair([5, 6], [7]), 4);
    expect([cut.chosen.ids, cut.rejected.ids]).toEqual([
      [3, 4, 5, 6],
      [3, 4, 7],
    ]);
    const hard = cutPair(pair([5, 6, 8, 9], [7]), 3);
    expect([hard.chosen.ids, hard.rejected.ids]).toEqual([
      [4, 5, 6],
      [4, 7],
    ]);
    expect(tokensReadOf(hard.chosen)).toBe(2);
    expect(tokensReadOf(promptCompletion([], [5, 6]))).toBe(1);
    const fitting = pair([5], [6]);
    expect(cutPair(fitting, 5)).toBe(fitting);
  });
  test("takes the prompt's start also where an answer is not read at all", () => {
    const silent = { ids: [1, 2, 3, 4, 5], lossMask: Array(5).fill(false) };
    const unread = { chosen: silent, rejected: promptCompletion([1, 2, 3, 4], [6]) };
    expect(cutPair(unread, 4).chosen.ids).toEqual([2, 3, 4, 5]);
  });
  test("never takes what the sides do not have in common", () => {
    const apart = { chosen: promptCompletion([1, 2, 3], [4]), rejected: promptCompletion([1, 9, 3], [5]) };
    expect(cutPair(apart, 3).chosen.ids).toEqual([1, 2, 3]);
  });
});
