/** ONNX Runtime against the reference runtime: each operation, then whole networks that train and decode. */
import { describe, expect, it } from "vitest";
import {
  bool,
  evaluate,
  f32,
  type Given,
  i8,
  i32,
  i64,
  relativeError,
  sizeOfShape,
} from "../../../test/evaluate.js";
import { sft, sftSchema } from "../../algorithms/sft.js";
import { RandomStream } from "../../base/random.js";
import { Generator, UNFILTERED } from "../../generate/index.js";
import type { ModelConfig } from "../../model/config.js";
import { fullNetwork, loraNetwork, randomWeights } from "../../model/create.js";
import { NetworkTrainer } from "../../model/runner.js";
import { sequenceLogProbs } from "../../model/score.js";
import * as t from "../../tensor/index.js";
import type { OpName } from "../../tensor/op-names.js";
import { OrtRuntime } from "../ort/index.js";
import type { Runtime } from "../runtime.js";
import { ReferenceRuntime } from "./index.js";
import { erf } from "./kernels.js";

const ort = new OrtRuntime({ threads: 1 });
const reference = new ReferenceRuntime();
const TOLERANCE = 2e-6;

type Case = [given: Record<string, Given>, build: (x: Record<string, t.Tensor>) => Record<string, t.Tensor>];

const draws = new RandomStream(7, "reference");
const normal = (shape: readonly number[], scale = 1): Given =>
  f32(
    shape,
    Array.from({ length: sizeOfShape(shape) }, () => scale * draws.normal()),
  );
const positive = (shape: readonly number[]): Given =>
  f32(
    shape,
    Array.from({ length: sizeOfShape(shape) }, () => 0.1 + Math.abs(draws.normal())),
  );
const bits = (shape: readonly number[]): Given =>
  bool(
    shape,
    Array.from({ length: sizeOfShape(shape) }, () => draws.bernoulli(0.5)),
  );

const one = (shape: readonly number[], of: (x: t.Tensor) => t.Tensor): Case => [
  { x: normal(shape, 2) },
  ({ x }) => ({ y: of(x) }),
];
const ofPositive = (of: (x: t.Tensor) => t.Tensor): Case => [
  { x: positive([3, 4]) },
  ({ x }) => ({ y: of(x) }),
];
/** Two factors of which one is broadcast to the other. */
const two = (of: (a: t.Tensor, b: t.Tensor) => t.Tensor): Case => [
  { a: normal([2, 3, 4]), b: normal([3, 1]) },
  ({ a, b }) => ({ y: of(a, b), z: of(b, a) }),
];
const comparison = (of: (a: t.Tensor, b: t.Tensor) => t.Tensor): Case => [
  { a: i32([2, 3], [1, 2, 3, 3, 2, 1]), b: i32([3], [2, 2, 2]) },
  ({ a, b }) => ({ y: t.cast(of(a, b), "f32") }),
];
const tables = (positions: number, half: number): Record<"cos" | "sin", Given> => {
  const angle = Array.from(
    { length: positions * half },
    (_, i) => Math.floor(i / half) / 10 ** ((i % half) / half),
  );
  return {
    cos: f32([positions, half], angle.map(Math.cos)),
    sin: f32([positions, half], angle.map(Math.sin)),
  };
};
/** Whole numbers up to 60: processors without 8-bit products add pairs of them in 16 bits, which larger ones overflow. */
const int8 = (bits: 8 | 16): Case => [
  {
    x: normal([3, 8]),
    values: i8(
      [8, 5],
      Array.from({ length: 40 }, (_, i) => ((i * 37) % 121) - 60),
    ),
    scales: positive([5]),
  },
  ({ x, values, scales }) => ({ y: t.int8Matmul(x, { values, scales }, { bits }) }),
];
/** Rows that decode one token each, over a cache that is partly full. */
const attention = (changes: Partial<t.CachedAttention> = {}, more: Case[0] = {}): Case => [
  {
    q: normal([2, 1, 64]),
    k: normal([2, 1, 32]),
    v: normal([2, 1, 32]),
    pastKey: normal([2, 2, 8, 16]),
    pastValue: normal([2, 2, 8, 16]),
    lastIndex: i32([2], [5, 3]),
    longest: i32([1], [6]),
    ...tables(8, 8),
    ...more,
  },
  (x) => {
    const [y] = t.cachedAttention({ ...(x as never as t.CachedAttention), heads: 4, kvHeads: 2, ...changes });
    return { y };
  },
];

const CASES: Record<Exclude<OpName, "input">, Case[]> = {
  constant: [[{ x: normal([2]) }, ({ x }) => ({ y: t.add(x, t.constant(Float32Array.of(1, 2), [2])) })]],
  add: [two(t.add)],
  sub: [two(t.sub)],
  mul: [two(t.mul)],
  div: [[{ a: normal([2, 3]), b: positive([3]) }, ({ a, b }) => ({ y: t.div(a, b) })]],
  maximum: [two(t.maximum)],
  minimum: [two(t.minimum)],
  less: [comparison(t.less)],
  lessOrEqual: [comparison(t.lessOrEqual)],
  equal: [comparison(t.equal)],
  and: [[{ a: bits([6]), b: bits([6]) }, ({ a, b }) => ({ y: t.cast(t.and(a, b), "f32") })]],
  neg: [one([5], t.neg)],
  exp: [one([3, 4], t.exp)],
  log: [ofPositive(t.log)],
  sqrt: [ofPositive(t.sqrt)],
  reciprocal: [ofPositive(t.reciprocal)],
  abs: [one([5], t.abs)],
  sign: [one([5], t.sign)],
  sigmoid: [one([3, 4], t.sigmoid)],
  tanh: [one([3, 4], t.tanh)],
  softplus: [one([3, 4], t.softplus)],
  erf: [one([3, 40], t.erf)],
  silu: [one([3, 4], t.silu)],
  gelu: [one([3, 4], t.gelu)],
  geluTanh: [one([3, 4], t.geluTanh)],
  clip: [one([3, 4], (x) => t.clip(x, -0.5, 0.8))],
  cast: [
    one([3, 4], (x) => t.cast(x, "i32")),
    [{ x: i64([3], [-2, 0, 9]) }, ({ x }) => ({ y: t.cast(x, "f32"), z: t.cast(x, "bool") })],
  ],
  where: [
    [{ c: bits([2, 1]), a: normal([2, 3]), b: normal([3]) }, ({ c, a, b }) => ({ y: t.where(c, a, b) })],
  ],
  fillLike: [one([2, 3], (x) => t.add(x, t.fillLike(x, 3)))],
  expand: [one([2, 1, 3], (x) => t.expand(x, [2, 4, 3]))],
  reshape: [one([2, 6], (x) => t.reshape(x, [3, 4]))],
  transpose: [one([2, 3, 4], (x) => t.transpose(x, [2, 0, 1]))],
  concat: [[{ a: normal([2, 3]), b: normal([2, 2]) }, ({ a, b }) => ({ y: t.concat([a, b, a], 1) })]],
  slice: [one([3, 5, 2], (x) => t.slice(x, 1, 1, 4))],
  split: [
    [
      { x: normal([2, 5]) },
      ({ x }) => {
        const [y, z] = t.split(x, -1, [2, 3]);
        return { y, z };
      },
    ],
  ],
  sum: [one([2, 3, 4], (x) => t.sum(x, [0, -1])), one([2, 3], (x) => t.sum(x, [1], true))],
  reduceMax: [one([2, 3, 4], (x) => t.reduceMax(x, 1))],
  cumulativeSum: [
    one([3, 4], (x) => t.cumulativeSum(x, 0)),
    one([3, 4], (x) => t.cumulativeSum(x, -1, true)),
  ],
  argmax: [one([4, 5], (x) => t.argmax(x)), [{ x: f32([1, 3], [2, 5, 5]) }, ({ x }) => ({ y: t.argmax(x) })]],
  softmax: [one([3, 7], t.softmax)],
  logSoftmax: [one([3, 7], t.logSoftmax)],
  rmsNorm: [[{ x: normal([3, 8]), w: normal([8]) }, ({ x, w }) => ({ y: t.rmsNorm(x, w, 1e-5) })]],
  layerNorm: [
    [
      { x: normal([3, 8]), w: normal([8]), b: normal([8]) },
      ({ x, w, b }) => ({ y: t.layerNorm(x, w, b, 1e-5) }),
    ],
  ],
  matmul: [
    [
      { a: normal([4, 3]), b: normal([5, 3]) },
      ({ a, b }) => ({ y: t.matmul(a, b, { transB: true, alpha: 0.5 }) }),
    ],
    [
      { a: normal([2, 3, 4, 5]), b: normal([3, 4, 6]) },
      ({ a, b }) => ({ y: t.matmul(a, b, { transA: true }) }),
    ],
  ],
  int8Matmul: [int8(8), int8(16)],
  int8Expectation: [
    [
      {
        q: f32([2, 4], [0.1, 0.2, 0.3, 0.4, 0.69, 0.09, 0.11, 0.11]),
        values: i8([4, 3], [1, -2, 3, 4, 5, -6, 60, -60, 0, 9, 8, 7]),
        scales: positive([3]),
        dither: f32([1, 4], [0.001, -0.001, 0.0005, 0]),
      },
      ({ q, values, scales, dither }) => ({ y: t.int8Expectation(q, { values, scales }, dither) }),
    ],
  ],
  gatherRows: [
    [{ x: normal([5, 2]), i: i64([2, 2], [4, 0, 4, 1]) }, ({ x, i }) => ({ y: t.gatherRows(x, i) })],
  ],
  scatterAddRows: [
    [
      { base: normal([4, 2]), i: i64([3], [1, 3, 1]), rows: normal([3, 2]) },
      ({ base, i, rows }) => ({ y: t.scatterAddRows(base, i, rows) }),
    ],
  ],
  pick: [[{ x: normal([2, 3, 4]), i: i64([2, 3], [0, 3, 1, 2, 2, 0]) }, ({ x, i }) => ({ y: t.pick(x, i) })]],
  scatterAddPicked: [
    [
      { base: normal([3, 4]), i: i64([3], [1, 3, 0]), v: normal([3]) },
      ({ base, i, v }) => ({ y: t.scatterAddPicked(base, i, v) }),
    ],
  ],
  tokenLogProbs: [
    [{ x: normal([3, 6]), i: i64([3], [5, 0, 2]) }, ({ x, i }) => ({ y: t.tokenLogProbs(x, i) })],
  ],
  rotary: [
    [
      { x: normal([2, 3, 4, 16]), p: i64([2, 4], [0, 1, 2, 3, 4, 5, 6, 7]), ...tables(8, 8) },
      ({ x, p, cos, sin }) => ({ y: t.rotary(x, p, cos, sin) }),
    ],
    [
      { x: normal([1, 2, 3, 16]), p: i64([1, 3], [2, 0, 1]), ...tables(4, 4) },
      ({ x, p, cos, sin }) => ({ y: t.rotary(x, p, cos, sin) }),
    ],
  ],
  cachedAttention: [
    ...[attention(), attention({ slidingWindow: 3 }), attention({ scale: 0.2, softCap: 4 })],
    ...[attention({}, { sinks: normal([4]) }), attention({ slidingWindow: 3 }, { sinks: normal([4]) })],
  ],
  stopGradient: [one([4], (x) => t.stopGradient(t.exp(x)))],
  withRowGradient: [
    [
      { y: normal([3]), x: normal([3, 2]), g: normal([3, 2]) },
      ({ y, x, g }) => ({ out: t.mul(t.withRowGradient(y, x, g), 2) }),
    ],
  ],
  recomputed: [one([3], (x) => t.recomputed(() => t.exp(t.mul(x, x))))],
  controlDependency: [
    [
      { x: normal([3]), z: normal([2]) },
      ({ x, z }) => ({ y: t.mul(t.controlDependency(x, [t.exp(z)]), 2), w: t.neg(z) }),
    ],
  ],
  sequenced: [
    [
      { x: normal([3]), z: normal([2]) },
      ({ x, z }) => {
        const [y, next] = t.sequenced(t.exp(x), z);
        return { y: t.neg(y), w: t.neg(next) };
      },
    ],
  ],
};

describe("each operation comes to the same on both runtimes", () => {
  it.each(Object.entries(CASES))("%s", async (_name, cases) => {
    for (const [given, build] of cases) {
      const [there, here] = [await evaluate(ort, given, build), await evaluate(reference, given, build)];
      expect(Object.keys(there).length).toBeGreaterThan(0);
      for (const key of Object.keys(there)) {
        expect(there[key].constructor).toBe(here[key].constructor);
        expect(relativeError(there[key] as never, Array.from(here[key] as never, Number))).toBeLessThan(
          TOLERANCE,
        );
      }
    }
  });

  it("erf has the tabled values (Abramowitz and Stegun, table 7.1)", () => {
    expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
    expect(erf(1)).toBeCloseTo(0.8427007929, 10);
    expect(erf(-2)).toBeCloseTo(-0.995322265, 9);
    expect(erf(3)).toBeCloseTo(0.9999779095, 10);
  });

  it("an index outside of the table fails the run on both", async () => {
    const given = { x: normal([2, 2]), i: i64([1], [2]) };
    const build = ({ x, i }: Record<string, t.Tensor>) => ({ y: t.gatherRows(x, i) });
    await expect(evaluate(ort, given, build)).rejects.toThrow();
    await expect(evaluate(reference, given, build)).rejects.toThrow("index 2 is outside of 2 rows");
  });
});

const config: ModelConfig = {
  architecture: "llama",
  vocabSize: 37,
  hiddenSize: 32,
  intermediateSize: 48,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 16,
  maxPositions: 32,
  rmsNormEps: 1e-5,
  ropeTheta: 10_000,
  eosIds: [1],
  padId: 0,
  tieWordEmbeddings: true,
  qkvBias: false,
  outputBias: false,
  mlpBias: false,
};
const examples = [4, 9, 6, 11, 5].map((n, i) => ({
  ids: Array.from({ length: n }, (_, j) => 2 + ((7 * i + 5 * j) % 35)),
  lossMask: Array.from({ length: n }, (_, j) => j > 1),
}));

it("what was read is spoilt once its part of the buffer changes, so that nobody relies on a view", async () => {
  const whole = reference.buffer("f32", [4], Float32Array.of(1, 2, 3, 4));
  const [first, second] = [whole.view([2], 0), whole.view([2], 2)];
  const [all, left, right] = [await whole.read(), await first.read(), await second.read()];
  await first.write(Float32Array.of(5, 6));
  expect(await whole.read()).toEqual(Float32Array.of(5, 6, 3, 4));
  expect(right).toEqual(Float32Array.of(3, 4));
  for (const spoilt of [all, left]) expect([...(spoilt as Float32Array)].every(Number.isNaN)).toBe(true);
  const { y } = await evaluate(reference, { x: f32([2], [1, 2]) }, ({ x }) => ({ y: t.add(x, x) }));
  expect(y).toEqual(Float32Array.of(2, 4));
});

describe("whole networks", () => {
  const networks = {
    "all weights": (runtime: Runtime) => fullNetwork(runtime, config, randomWeights(runtime, config, 3)),
    "a LoRA adapter": (runtime: Runtime) =>
      loraNetwork(
        runtime,
        config,
        randomWeights(runtime, config, 3),
        { r: 4, alpha: 8, targets: ["q_proj", "down_proj"] },
        5,
      ),
  };

  it.each(Object.entries(networks))("train alike: %s", async (_name, networkOf) => {
    const settings = sftSchema.parse({ epochs: 3, batchSize: 5, microBatchSize: 2, learningRate: 1e-2 });
    const run = async (runtime: Runtime) => {
      const trainer = new NetworkTrainer(runtime, networkOf(runtime), settings);
      const losses: number[] = [];
      for await (const { metrics } of sft(trainer, examples, 0, settings))
        losses.push(metrics.loss, metrics.grad_norm);
      const batching = { rows: 5, padId: 0 };
      return [...losses, ...(await sequenceLogProbs(trainer, examples, batching)).flatMap((row) => [...row])];
    };
    const [there, here] = [await run(ort), await run(reference)];
    expect(there.length).toBe(6 + 25);
    expect(relativeError(there, here)).toBeLessThan(2e-5);
  });

  it("decode alike, greedily and sampled", async () => {
    const prompts = [[2, 3, 4], [5, 6, 7, 8, 9], [10]];
    const run = async (runtime: Runtime, temperature: number) => {
      const generator = new Generator(runtime, networks["all weights"](runtime), 0);
      const sampling = { ...UNFILTERED, maxNewTokens: 8, temperature, seed: 4 };
      const completions = await generator.generate(prompts, sampling);
      generator.release();
      return completions;
    };
    for (const temperature of [0, 1]) {
      const [there, here] = [await run(ort, temperature), await run(reference, temperature)];
      expect(there.map(({ ids }) => ids)).toEqual(here.map(({ ids }) => ids));
      for (const [i, { logProbs }] of there.entries())
        expect(relativeError(logProbs, here[i].logProbs)).toBeLessThan(1e-4);
    }
  });
});
