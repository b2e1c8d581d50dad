import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { relativeError } from "../../test/evaluate.js";
import { SameTrainer } from "../../test/same-trainer.js";
import { PAD, randomIds, smallConfig, smallFull, smallLora, smallWeights } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { promptCompletion, type Sequence } from "../model/batch.js";
import { frozenNetwork } from "../model/create.js";
import type { Packing } from "../model/lay-out.js";
import type { Network } from "../model/network.js";
import { packSequences } from "../model/packing.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { sequenceLogProbs, sequenceScores, sequenceValues } from "../model/score.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { type PpoConfig, ppoSchema, type Trajectory, updateOnce } from "./ppo.js";
import { type RewardConfig, reward, rewardSchema, type TokenPair } from "./reward.js";
import { type SftConfig, sft, sftSchema } from "./sft.js";

const runtime = new OrtRuntime({ threads: 1 });
const adam = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: null };
const TOLERANCE = 1e-5;

interface Step {
  loss: number;
  gradient: Float32Array;
}

/** Whose gradients: all weights, or an adapter with matrices that are no longer zero, and a head. */
function network(kind: "full" | "lora"): Network {
  const made =
    kind === "full"
      ? smallFull(runtime, 3, "random")
      : smallLora(runtime, smallWeights(runtime, smallConfig(), 3), "random");
  for (const [name, buffer] of made.trainable.byName) {
    if (name.endsWith("lora_B.weight")) new RandomStream(4, name).fillNormal(memoryOf(buffer), 0.2);
  }
  return made;
}
/** Trainers of a kind: one for what is trained alone and for policies, and one for values. */
const trainers = { full: [0, 1].map(trainerOf), lora: [0, 1].map(trainerOf) };
function trainerOf(): SameTrainer {
  return new SameTrainer(runtime, adam);
}
const gradientOf = (trainer: NetworkTrainer): Float32Array =>
  Float32Array.from(memoryOf(trainer.gradients.flat));

function examples(seed: number, count: number): Sequence[] {
  const r = new RandomStream(seed, "examples");
  return Array.from({ length: count }, () =>
    promptCompletion(randomIds(r, 1 + r.int(6)), randomIds(r, 1 + r.int(9))),
  );
}

async function sftStep(
  kind: "full" | "lora",
  data: Sequence[],
  changes: Partial<SftConfig>,
  padId = PAD,
): Promise<Step> {
  const trainer = await trainers[kind][0].of(network(kind));
  const config = sftSchema.parse({ batchSize: data.length, maxLength: 24, learningRate: 1e-3, ...changes });
  for await (const { metrics } of sft(trainer, data, padId, config))
    return { loss: metrics.loss, gradient: gradientOf(trainer) };
  throw new Error("no step");
}

async function rewardStep(
  kind: "full" | "lora",
  pairs: TokenPair[],
  changes: Partial<RewardConfig>,
  padId = PAD,
): Promise<Step> {
  const trainer = await trainers[kind][0].of(network(kind));
  const config = rewardSchema.parse({ batchSize: pairs.length, centering: 0.01, ...changes });
  for await (const { metrics } of reward(trainer, pairs, padId, config))
    return { loss: metrics.loss, gradient: gradientOf(trainer) };
  throw new Error("no step");
}

const policyConfig = (changes: Partial<PpoConfig>): PpoConfig => ({
  ...ppoSchema.parse({ maxGradNorm: null }),
  temperature: 0.8,
  ...changes,
});

/** Trajectories with everything but log-probabilities made up. */
function trajectories(seed: number, count: number): Trajectory[] {
  const r = new RandomStream(seed, "trajectories");
  return examples(seed, count).map((sequence): Trajectory => {
    const n = sequence.lossMask.filter(Boolean).length;
    const normal = (std: number): Float32Array => r.fillNormal(new Float32Array(n), std);
    const wide = (): Float64Array => Float64Array.from(normal(1));
    const completion = { ids: sequence.ids.slice(-n), logProbs: [], finishReason: "length" as const };
    const logProbs = normal(0.3).map((v) => v - 4);
    const rest = { entropy: 0, score: 0, tokenRewards: wide(), advantages: wide(), returns: wide() };
    const given = { prompt: { ids: [], text: "" }, reward: 0, rewards: {} };
    return {
      sequence,
      completion,
      logProbs,
      referenceLogProbs: normal(1),
      values: normal(1),
      ...rest,
      ...given,
    };
  });
}

async function ppoStep(
  kind: "full" | "lora",
  rows: Trajectory[],
  microBatchSize: number,
  padId = PAD,
  packing: Packing = "never",
): Promise<Step & { value: Float32Array; metrics: number[] }> {
  const [policy, value] = await Promise.all(trainers[kind].map((trainer) => trainer.of(network(kind))));
  const metrics = await updateOnce(
    policy,
    value,
    rows,
    policyConfig({ microBatchSize, batchSize: rows.length, packing }),
    padId,
    1e-3,
  );
  return {
    loss: metrics.policyLoss + metrics.valueLoss,
    gradient: gradientOf(policy),
    value: gradientOf(value),
    metrics: Object.values(metrics),
  };
}

const same = (a: Step, b: Step): void => {
  expect(Math.abs(a.loss - b.loss)).toBeLessThan(TOLERANCE * Math.max(0.1, Math.abs(b.loss)));
  expect(relativeError(a.gradient, b.gradient)).toBeLessThan(TOLERANCE);
  expect(b.gradient.some((g) => g !== 0)).toBe(true);
};

const pairsOf = (seed: number, count: number): TokenPair[] => {
  const r = new RandomStream(seed, "pairs");
  return Array.from({ length: count }, () => ({
    chosen: randomIds(r, 1 + r.int(12)),
    rejected: randomIds(r, 1 + r.int(12)),
    margin: r.uniform(),
    noise: 0.3 * r.uniform(),
  }));
};

describe.each(["full", "lora"] as const)(
  "the size of a micro-batch changes neither loss nor gradients: %s",
  (kind) => {
    const seeds = fc.integer({ min: 0, max: 1e6 });
    const over = (check: (seed: number, count: number, part: number) => Promise<void>): Promise<void> =>
      fc.assert(
        fc.asyncProperty(seeds, fc.integer({ min: 2, max: 7 }), fc.integer({ min: 1, max: 4 }), check),
        { numRuns: 3, seed: 1 },
      );

    test("sft, padded", () =>
      over(async (seed, count, part) => {
        const data = examples(seed, count);
        same(
          await sftStep(kind, data, { microBatchSize: part }),
          await sftStep(kind, data, { microBatchSize: count }),
        );
      }));

    test("sft, packed", () =>
      over(async (seed, _count, part) => {
        const data = examples(seed, 7);
        const packed = { packing: true, batchSize: 3 };
        same(
          await sftStep(kind, data, { ...packed, microBatchSize: part }),
          await sftStep(kind, data, { ...packed, microBatchSize: 3 }),
        );
      }));

    test.each(["never", "always"] as const)("reward, packing %s", (packing) =>
      over(async (seed, count, part) => {
        const pairs = pairsOf(seed, count);
        same(
          await rewardStep(kind, pairs, { microBatchSize: part, packing }),
          await rewardStep(kind, pairs, { microBatchSize: count, packing }),
        );
      }),
    );

    test.each(["never", "always"] as const)("ppo, packing %s", (packing) =>
      over(async (seed, count, part) => {
        const rows = trajectories(seed, count);
        const parts = await ppoStep(kind, rows, part, PAD, packing);
        const whole = await ppoStep(kind, rows, count, PAD, packing);
        same(parts, whole);
        expect(relativeError(parts.value, whole.value)).toBeLessThan(TOLERANCE);
        expect(relativeError(parts.metrics, whole.metrics)).toBeLessThan(TOLERANCE);
      }),
    );
  },
);

describe("packing", () => {
  test.each(["full", "lora"] as const)(
    "gives the loss and the gradients of examples each in a row of its own: %s",
    async (kind) => {
      for (const seed of [1, 2, 3]) {
        const data = examples(seed, 8);
        const rows = 8;
        const [apart, packed] = [await sftStep(kind, data, { batchSize: rows }), await sftPacked(kind, data)];
        same(packed, apart);
      }
    },
  );

  test.each(["full", "lora"] as const)(
    "of pairs, with and without a prompt in common, does too: %s",
    async (kind) => {
      const r = new RandomStream(7, "prompts");
      const pairs = [...pairsOf(4, 3), ...pairsOf(5, 4).map((pair) => after(randomIds(r, 9), pair))];
      const step = (changes: Partial<RewardConfig>) =>
        rewardStep(kind, pairs, { microBatchSize: 4, ...changes });
      const apart = await step({ packing: "never" });
      same(await step({ packing: "always" }), apart);
      same(await step({ packing: "auto" }), apart);
      same(await step({ packing: "always", maxLength: 10 }), await step({ packing: "never", maxLength: 10 }));
    },
  );

  const after = (prompt: number[], pair: TokenPair): TokenPair => ({
    ...pair,
    chosen: [...prompt, ...pair.chosen],
    rejected: [...prompt, ...pair.rejected],
  });

  test.each(["full", "lora"] as const)("of responses does too: %s", async (kind) => {
    const rows = trajectories(6, 7);
    const [prompt, other] = [rows[0].sequence, rows[1].sequence];
    const own = other.lossMask.filter(Boolean).length;
    rows[1].sequence = promptCompletion(
      prompt.ids.slice(0, -prompt.lossMask.filter(Boolean).length),
      other.ids.slice(-own),
    );
    const apart = await ppoStep(kind, rows, 4);
    for (const packing of ["always", "auto"] as const) {
      const packed = await ppoStep(kind, rows, 4, PAD, packing);
      same(packed, apart);
      expect(relativeError(packed.value, apart.value)).toBeLessThan(TOLERANCE);
      expect(relativeError(packed.metrics, apart.metrics)).toBeLessThan(TOLERANCE);
    }
  });

  async function sftPacked(kind: "full" | "lora", data: Sequence[]): Promise<Step> {
    const rows = packSequences(data, 32);
    expect(rows.length).toBeLessThan(data.length / 2);
    return sftStep(kind, data, { packing: true, maxLength: 32, batchSize: rows.length });
  }

  test("every example is in exactly one row, in order, and rows keep to the length", async () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 16 }), { maxLength: 200 }), (lengths) => {
        const data = lengths.map(
          (n, i): Sequence => ({ ids: Array(n).fill(i), lossMask: Array(n).fill(true) }),
        );
        const rows = packSequences(data, 16);
        for (const row of rows) expect(row.reduce((n, s) => n + s.ids.length, 0)).toBeLessThanOrEqual(16);
        expect(
          rows
            .flat()
            .map((s) => s.ids[0])
            .sort((a, b) => a - b),
        ).toEqual(data.map((_, i) => i));
        for (const row of rows)
          expect(row.every((s, i) => i === 0 || s.ids[0] > row[i - 1].ids[0])).toBe(true);
      }),
      { seed: 1 },
    );
  });
});

describe("tokens of padding change nothing", () => {
  test("in gradients", async () => {
    const data = examples(11, 5);
    same(
      await sftStep("full", data, { microBatchSize: 2 }, 0),
      await sftStep("full", data, { microBatchSize: 2 }, 7),
    );
    const packed = { packing: true, microBatchSize: 2 };
    same(await sftStep("full", data, packed, 0), await sftStep("full", data, packed, 7));
    same(
      await rewardStep("full", pairsOf(11, 3), { microBatchSize: 2 }, 0),
      await rewardStep("full", pairsOf(11, 3), { microBatchSize: 2 }, 7),
    );
    same(await ppoStep("full", trajectories(11, 3), 2, 0), await ppoStep("full", trajectories(11, 3), 2, 7));
    const always = { microBatchSize: 2, packing: "always" } as const;
    same(
      await rewardStep("full", pairsOf(11, 3), always, 0),
      await rewardStep("full", pairsOf(11, 3), always, 7),
    );
  });

  test("in scores, values and log-probabilities, nor does the company of other rows", async () => {
    const runner = new NetworkRunner(runtime, network("full"));
    const data = examples(12, 6);
    const all = async (rows: number, padId: number): Promise<number[]> => {
      const batching = { rows, padId };
      const lists = [
        await sequenceLogProbs(runner, data, batching),
        await sequenceValues(runner, data, batching),
        await sequenceScores(runner, data, batching),
      ];
      return lists.flatMap((list) => list.flatMap((one) => (typeof one === "number" ? [one] : [...one])));
    };
    const alone = await all(1, 0);
    expect(relativeError(await all(4, 0), alone)).toBeLessThan(TOLERANCE);
    expect(relativeError(await all(6, 7), alone)).toBeLessThan(TOLERANCE);
  });
});

describe("LoRA", () => {
  test("a new adapter changes nothing; a trained one changes its own network only", async () => {
    const base = smallWeights(runtime, smallConfig(), 3);
    const adapted = smallLora(runtime, base);
    const data = examples(5, 4);
    const batching = { rows: 4, padId: PAD };
    const of = (n: Network): Promise<Float32Array[]> =>
      sequenceLogProbs(new NetworkRunner(runtime, n), data, batching);
    const plain = await of(frozenNetwork(runtime, smallConfig(), base));
    expect(await of(adapted)).toEqual(plain);
    const trainer = new NetworkTrainer(runtime, adapted, adam);
    const config = sftSchema.parse({ batchSize: 4, epochs: 3, learningRate: 1e-2 });
    for await (const { metrics } of sft(trainer, data, PAD, config)) expect(metrics.loss).toBeGreaterThan(0);
    expect(
      relativeError(
        (await of(adapted)).flatMap((x) => [...x]),
        plain.flatMap((x) => [...x]),
      ),
    ).toBeGreaterThan(1e-3);
    expect(await of(frozenNetwork(runtime, smallConfig(), base))).toEqual(plain);
  });
});

describe("a run that fails", () => {
  test("leaves nothing behind in the gradients of the next", async () => {
    const steps = async (bad: readonly Sequence[]): Promise<Float32Array> => {
      const trainer = new NetworkTrainer(runtime, network("full"), adam);
      const config = sftSchema.parse({ batchSize: 4, learningRate: 1e-3 });
      await sft(trainer, examples(8, 4), PAD, config).next();
      for (const sequence of bad) {
        await expect(sft(trainer, [sequence], PAD, config).next()).rejects.toThrow(/ONNX Runtime/);
      }
      await sft(trainer, examples(9, 4), PAD, config).next();
      return gradientOf(trainer);
    };
    const outside = promptCompletion([5, 6], [7, 1000]); // no such token
    expect(await steps([outside])).toEqual(await steps([]));
  });
});

describe("one runtime", () => {
  /** Parameters after a few steps of sft. */
  async function trained(runtime: OrtRuntime, seed: number): Promise<Float32Array> {
    const trainer = new NetworkTrainer(runtime, smallFull(runtime, seed), adam);
    const config = sftSchema.parse({ batchSize: 4, microBatchSize: 2, epochs: 2, learningRate: 1e-2 });
    for await (const { metrics } of sft(trainer, examples(seed, 8), PAD, config))
      expect(metrics.loss).toBeGreaterThan(0);
    return Float32Array.from(memoryOf(trainer.network.trainable.flat));
  }

  test("trains two networks at once as it does one after the other", async () => {
    const apart = [await trained(runtime, 1), await trained(runtime, 2)];
    expect(await Promise.all([trained(runtime, 1), trained(runtime, 2)])).toEqual(apart);
  });

  test("that keeps a single program in memory trains to the same bytes", async () => {
    const crowded = new OrtRuntime({ threads: 1, maxPrograms: 1 });
    expect(await trained(crowded, 1)).toEqual(await trained(runtime, 1));
    expect(crowded.statistics.compiled).toBeGreaterThan(8);
  });
});
