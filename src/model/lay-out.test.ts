import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { relativeError } from "../../test/evaluate.js";
import { PAD, randomIds, smallConfig, smallWeights } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { concat, mul, sum } from "../tensor/index.js";
import { type Batch, promptCompletion, type Sequence } from "./batch.js";
import type { ModelConfig } from "./config.js";
import { fullNetwork } from "./create.js";
import { layOut, layOutInRuns, type Packing } from "./lay-out.js";
import { collatePacked } from "./packing.js";
import { NetworkTrainer } from "./runner.js";
import { sequenceLogProbs, sequenceScores, sequenceValues } from "./score.js";
import { lastScores } from "./sequence-programs.js";
import { tokenReadings } from "./token-readings.js";
import { lastTokens, tokensRead, vector } from "./values.js";

const runtime = new OrtRuntime({ threads: 1 });
const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: null };

const CONFIGS: Record<string, ModelConfig> = {
  llama: smallConfig(),
  gemma: smallConfig({
    slidingWindow: 7,
    windowedLayers: [true, false],
    localRopeTheta: 1000,
    attentionSoftCap: 5,
    blockNorms: "sandwich",
  }),
  "wide gemma": smallConfig({ slidingWindow: 64, windowedLayers: [true, false], localRopeTheta: 1000 }),
  gpt2: smallConfig({ ropeTheta: undefined, learnedPositions: true, maxPositions: 24 }),
};

const trainerOf = (config: ModelConfig, recompute = false): NetworkTrainer =>
  new NetworkTrainer(runtime, fullNetwork(runtime, config, smallWeights(runtime, config), 3, "random"), {
    ...ADAM,
    recompute,
  });

/** Pairs after each other, answers after common prompts, and texts of their own, up to `longest` tokens. */
function texts(seed: number, prompts: number, longest = 24): Sequence[] {
  const r = new RandomStream(seed, "texts");
  return Array.from({ length: prompts }, () => {
    const prompt = randomIds(r, 1 + r.int(longest / 2));
    const answers = 1 + r.int(3);
    return Array.from({ length: answers }, () =>
      promptCompletion(prompt, randomIds(r, 1 + r.int(longest / 2))),
    );
  }).flat();
}

const optionsOf = ({ slidingWindow: window }: ModelConfig, rows: number, packing: Packing) =>
  ({ padId: PAD, rows, packing, window }) as const;

/** Log-probabilities and scores, and the gradients of a weighted sum of them, by sequence. */
async function outcome(trainer: NetworkTrainer, batch: Batch, count: number) {
  const r = new RandomStream(9, "weights");
  const own = r.fillNormal(new Float32Array(batch.count));
  const weights = new Float32Array(batch.targets.length);
  weights.set(own);
  const lasts = new Float32Array(batch.last.length);
  lasts.set(r.fillNormal(new Float32Array(count)));
  const out = await trainer.differentiate(
    (p, x) => {
      const { logProbs } = tokenReadings(p, x, { differentiable: true });
      const scores = lastScores(p, x);
      return { loss: sum(concat([mul(logProbs, x.weights), mul(scores, x.lasts)], 0)), logProbs, scores };
    },
    { ...tokensRead(batch), ...lastTokens(batch), weights: vector(weights), lasts: vector(lasts) },
    {},
  );
  return {
    loss: out.loss[0] as number,
    logProbs: (out.logProbs as Float32Array).slice(0, batch.count),
    scores: (out.scores as Float32Array).slice(0, count),
    gradient: Float32Array.from(memoryOf(trainer.gradients.flat)),
  };
}

const expectSame = (a: Awaited<ReturnType<typeof outcome>>, b: typeof a): void => {
  expect(Math.abs(a.loss - b.loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(b.loss)));
  for (const key of ["logProbs", "scores", "gradient"] as const)
    expect(relativeError(a[key], b[key]), key).toBeLessThan(1e-5);
};

describe.each(Object.entries(CONFIGS))("%s", (_name, config) => {
  test("packed rows give the values and gradients of rows of their own", async () => {
    for (const seed of [1, 2]) {
      const sequences = texts(seed, 5);
      const rows = sequences.length;
      const groups = [[0, 1], sequences.slice(2).map((_, i) => i + 2)];
      const packed = layOut(sequences, { ...optionsOf(config, rows, "always"), groups });
      const padded = layOut(sequences, optionsOf(config, rows, "never"));
      expect(packed.mask).toBeDefined();
      expect(packed.rows * packed.columns).toBeLessThan(0.8 * padded.rows * padded.columns);
      const [a, b] = [
        await outcome(trainerOf(config), packed, rows),
        await outcome(trainerOf(config), padded, rows),
      ];
      expectSame(a, b);
    }
  });

  test("scoring gives the same, in the order of the input", async () => {
    const trainer = trainerOf(config);
    const sequences = texts(3, 12);
    const all = async (packing: Packing): Promise<number[]> => {
      const batching = { rows: 4, padId: PAD, packing };
      const lists = [
        await sequenceLogProbs(trainer, sequences, batching),
        await sequenceValues(trainer, sequences, batching),
      ];
      return [
        ...(await sequenceScores(trainer, sequences, batching)),
        ...lists.flat().flatMap((list) => [...list]),
      ];
    };
    expect(relativeError(await all("always"), await all("never"))).toBeLessThan(1e-5);
  });
});

test("long rows, in blocks, with and without recomputing", async () => {
  const config = smallConfig({ maxPositions: 1024 });
  const r = new RandomStream(4, "long");
  const prompt = randomIds(r, 300);
  const sequences = [200, 150, 250].map((n) => promptCompletion(prompt, randomIds(r, n)));
  const groups = [[0, 1, 2]];
  const packed = layOut(sequences, { ...optionsOf(config, 3, "always"), groups });
  expect([packed.rows, packed.columns]).toEqual([2, 768]);
  const padded = layOut(sequences, optionsOf(config, 3, "never"));
  const plain = await outcome(trainerOf(config), padded, 3);
  expectSame(await outcome(trainerOf(config), packed, 3), plain);
  expectSame(await outcome(trainerOf(config, true), packed, 3), plain);
});

test("no token sees another document: with one changed, the outputs of the others are the same bits", async () => {
  const trainer = trainerOf(smallConfig());
  const r = new RandomStream(5, "documents");
  const [trunk, before, changed, beside, after] = [6, 5, 6, 4, 7].map((n) => randomIds(r, n));
  const outputs = async (middle: readonly number[]) => {
    const ids = [before, [...trunk, ...middle], [...trunk, ...beside], after];
    const sequences = ids.map((row): Sequence => ({ ids: row, lossMask: row.map(() => true) }));
    const batch = collatePacked(sequences, [[0, 1, 2, 3]], PAD, { rows: 1, columns: 32, share: true });
    const { logProbs, scores } = await outcome(trainer, batch, 4);
    const of = (i: number): number[] => [...logProbs.slice(batch.starts[i], batch.starts[i + 1]), scores[i]];
    return { others: [0, 2, 3].map(of), own: of(1) };
  };
  const [a, b] = [await outputs(changed), await outputs(changed.map((id) => (id === 40 ? 41 : 40)))];
  expect(b.others).toEqual(a.others);
  expect(b.own).not.toEqual(a.own);
});

describe("what is chosen", () => {
  const lengths = (...list: number[]): Sequence[] =>
    list.map((n, i) => ({
      ids: Array.from({ length: n }, (_, t) => 1000 * i + t),
      lossMask: Array(n).fill(false),
    }));
  const shape = (sequences: Sequence[], rows: number, packing: Packing): [number, number, boolean] => {
    const batch = layOut(sequences, { padId: PAD, rows, packing, window: undefined });
    return [batch.rows, batch.columns, batch.mask !== undefined];
  };

  test("auto packs where that saves a tenth", () => {
    expect(shape(lengths(64, 64, 64, 60), 4, "auto")).toEqual([4, 64, false]);
    expect(shape(lengths(64, 64, 64, 60), 4, "always")).toEqual([4, 64, true]);
    expect(shape(lengths(64, 40, 24, 20), 4, "auto")).toEqual([3, 64, true]);
    expect(shape(lengths(64, 40, 24, 20), 4, "never")).toEqual([4, 64, false]);
    expect(shape(lengths(64), 4, "auto")).toEqual([1, 64, true]);
  });

  test("a window counts columns: rows longer than it hold no trees", () => {
    const sequences = texts(6, 8);
    const alone = sequences.reduce((n, { ids }) => n + ids.length, 0);
    const tokens = (window: number): number => {
      const { mask, ids } = layOut(sequences, { padId: -1, rows: 16, packing: "always", window });
      expect(mask).toBeDefined();
      return ids.filter((id) => id >= 0n).length;
    };
    expect(tokens(7)).toBe(alone);
    expect(tokens(512)).toBeLessThan(alone);
  });

  test("a run of a list has no more positions than its padded rows would have", () => {
    const sequences = texts(7, 60);
    const seen = new Set<number>();
    const shapes = new Set<string>();
    for (const { indices, batch } of layOutInRuns(sequences, optionsOf(smallConfig(), 6, "always"))) {
      expect(batch.rows * batch.columns).toBeLessThanOrEqual(6 * 24);
      shapes.add(`${batch.rows} ${batch.columns}`);
      for (const i of indices) seen.add(i);
    }
    expect(seen.size).toBe(sequences.length);
    expect(shapes.size).toBe(1);
  });
});
