import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compiled, f32, i8, relativeError } from "../../../test/evaluate.js";
import { int8IsExact } from "../../../test/int8-support.js";
import { RandomStream } from "../../base/random.js";
import { quantizeColumns, transposed } from "../../model/int8/quantize.js";
import { OrtRuntime } from "../../runtime/ort/index.js";
import {
  type ActivationBits,
  EXPECTATION_STEP,
  gradients,
  int8Expectation,
  int8Matmul,
  mul,
  sum,
  type Tensor,
  trace,
} from "../index.js";

const runtime = new OrtRuntime({ threads: 1 });

interface Drawn {
  N: number;
  K: number;
  M: number;
  x: Float32Array;
  weight: Float32Array;
}

/** x with rows of very different size, one of them zero. */
function draw(seed: number, [N, K, M]: readonly number[]): Drawn {
  const random = new RandomStream(seed, "int8");
  const x = random.fillNormal(new Float32Array(N * K), 1);
  for (let n = 0; n < N; n++) for (let k = 0; k < K; k++) x[n * K + k] *= n === 1 ? 0 : 10 ** (n - 2);
  return { N, K, M, x, weight: random.fillNormal(new Float32Array(K * M), 0.5) };
}

/** x W in f64. */
const product = (x: ArrayLike<number>, w: ArrayLike<number>, N: number, K: number, M: number): number[] =>
  Array.from({ length: N * M }, (_, i) => {
    const [n, m] = [Math.floor(i / M), i % M];
    let total = 0;
    for (let k = 0; k < K; k++) total += x[n * K + k] * w[k * M + m];
    return total;
  });

const dequantized = (values: Int8Array, scales: Float32Array): Float32Array =>
  Float32Array.from(values, (v, i) => v * scales[i % scales.length]);

/** x in whole steps of its row's largest magnitude / 127 (or, with 16 bits, of that / 254). */
function roundedRows(x: Float32Array, K: number, bits: ActivationBits): Float32Array {
  return x.map((value, i) => {
    const row = x.subarray(Math.floor(i / K) * K, (Math.floor(i / K) + 1) * K);
    const step = row.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-20) / 127;
    const coarse = Math.round(value / step) * step;
    return bits === 8 ? coarse : coarse + Math.round((value - coarse) / (step / 254)) * (step / 254);
  });
}

const shapes = fc.tuple(
  fc.integer({ min: 2, max: 5 }),
  fc.integer({ min: 1, max: 70 }),
  fc.integer({ min: 1, max: 40 }),
);

describe.each([8, 16] as const)("int8Matmul with %d-bit activations", (bits) => {
  test.skipIf(!int8IsExact)("is the product of the rounded factors, row by row", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), shapes, async (seed, shape) => {
        const { N, K, M, x, weight } = draw(seed, shape);
        const { values, scales } = quantizeColumns(weight, K, M);
        const run = compiled(
          runtime,
          { x: f32([N, K], x), w: i8([K, M], [...values]), s: f32([M], scales) },
          ({ x, w, s }) => ({ y: int8Matmul(x, { values: w, scales: s }, { bits }) }),
        );
        const y = (await run()).y as Float32Array;
        const want = product(roundedRows(x, K, bits), dequantized(values, scales), N, K, M);
        const exact = product(x, weight, N, K, M);
        for (let n = 0; n < N; n++) {
          // A value half-way between two steps may go to either: one step of one channel.
          const row = x.subarray(n * K, (n + 1) * K);
          const step = row.reduce((a, b) => Math.max(a, Math.abs(b)), 0) / (bits === 8 ? 127 : 127 * 254);
          for (let m = 0; m < M; m++) {
            const slack = step * scales[m] * 127 + 1e-5 * Math.abs(want[n * M + m]) + 1e-12;
            expect(Math.abs(y[n * M + m] - want[n * M + m])).toBeLessThanOrEqual(slack);
          }
          const size = (values: ArrayLike<number>): number =>
            Math.hypot(...Array.from(values).slice(n * M, (n + 1) * M));
          const off = size(exact.map((value, i) => value - y[i]));
          if (K > 8 && M > 8 && n !== 1) expect(off / size(exact)).toBeLessThan(bits === 8 ? 0.04 : 0.02);
        }
      }),
      { numRuns: 20, seed: 3 },
    );
  });

  test.skipIf(!int8IsExact)("its gradient is the product with the adjoint", async () => {
    const { N, K, M, x, weight } = draw(7, [4, 33, 20]);
    const forward = quantizeColumns(weight, K, M);
    const adjoint = quantizeColumns(transposed(weight, K, M), M, K);
    const probe = new RandomStream(9, "probe").fillNormal(new Float32Array(N * M), 1);
    const given = {
      x: f32([N, K], x),
      w: i8([K, M], [...forward.values]),
      s: f32([M], forward.scales),
      wT: i8([M, K], [...adjoint.values]),
      sT: f32([K], adjoint.scales),
      probe: f32([N, M], probe),
    };
    const run = compiled(runtime, given, (g) => {
      const y = int8Matmul(
        g.x,
        { values: g.w, scales: g.s },
        { bits, adjoint: { values: g.wT, scales: g.sT } },
      );
      return { dx: gradients(sum(mul(y, g.probe)), [g.x])[0] };
    });
    expect(
      relativeError((await run()).dx as Float32Array, product(probe, transposed(weight, K, M), N, M, K)),
    ).toBeLessThan(0.03);
  });
});

test.each([8, 16] as const)(
  "with %d bits a program for any number of rows computes the same",
  async (bits) => {
    const { N, K, M, x, weight } = draw(11, [5, 64, 24]);
    const { values, scales } = quantizeColumns(weight, K, M);
    const y = async (rows: number | string): Promise<Float32Array> => {
      const types = {
        x: { shape: [rows, K], dtype: "f32" },
        w: { shape: [K, M], dtype: "i8" },
        s: { shape: [M], dtype: "f32" },
      } as const;
      const program = trace("rows", types, (t) => ({
        y: int8Matmul(t.x, { values: t.w, scales: t.s }, { bits }),
      }));
      return (await runtime.compile(program).run({ x, w: values, s: scales })).y as Float32Array;
    };
    const [any, known] = [await y("N"), await y(N)];
    // Rows of very different size: each against its own largest. A value half-way between two steps may go to either.
    for (let n = 0; n < N; n++)
      expect(
        relativeError(any.subarray(n * M, (n + 1) * M), known.subarray(n * M, (n + 1) * M)),
      ).toBeLessThan(0.01);
  },
);

describe("int8Expectation", () => {
  const [V, D, R] = [40, 6, 4];
  const random = new RandomStream(21, "table");
  const { values, scales } = quantizeColumns(random.fillNormal(new Float32Array(V * D), 1), V, D);
  const dither = Float32Array.from({ length: R * V }, () => (random.uniform() - 0.5) * EXPECTATION_STEP);

  /** Rows of probabilities, most of them far below a step. */
  const distributions = (N: number): Float32Array =>
    Float32Array.from({ length: N * V }, (_, i) => (i % V === 0 ? 0.9 : 0.1 / (V - 1)));
  const expectation = async (N: number, q = distributions(N), draws = dither): Promise<Float32Array> => {
    const given = {
      q: f32([N, V], q),
      w: i8([V, D], [...values]),
      s: f32([D], scales),
      u: f32([draws.length / V, V], draws),
    };
    const run = compiled(runtime, given, (x) => ({
      e: int8Expectation(x.q, { values: x.w, scales: x.s }, x.u),
    }));
    return (await run()).e as Float32Array;
  };

  test.each([3, 4, 8, 10])("is the product of %d rows rounded as the draws say, taken in turn", async (N) => {
    const q = distributions(N);
    const rounded = q.map(
      (p, i) =>
        Math.round((p + dither[(Math.floor(i / V) % R) * V + (i % V)]) / EXPECTATION_STEP) * EXPECTATION_STEP,
    );
    const want = product(rounded, dequantized(values, scales), N, V, D);
    expect(relativeError(await expectation(N), want)).toBeLessThan(1e-5);
  });

  test("is right on average, where rounding to the nearest step would lose the tail", async () => {
    const N = 4000;
    const draws = Float32Array.from({ length: N * V }, () => (random.uniform() - 0.5) * EXPECTATION_STEP);
    const q = Float32Array.from({ length: N * V }, () => 0.001); // a quarter of a step
    const found = await expectation(N, q, draws);
    const table = dequantized(values, scales);
    for (let d = 0; d < D; d++) {
      let [mean, want, spread] = [0, 0, 0];
      for (let n = 0; n < N; n++) mean += found[n * D + d] / N;
      for (let v = 0; v < V; v++) {
        want += 0.001 * table[v * D + d];
        spread += 0.001 * EXPECTATION_STEP * table[v * D + d] ** 2;
      }
      expect(Math.abs(mean - want)).toBeLessThan(4 * Math.sqrt(spread / N));
    }
    expect(Math.max(...(await expectation(4, q.subarray(0, 4 * V), new Float32Array(V))).map(Math.abs))).toBe(
      0,
    );
  });

  test("shapes that do not fit are named", () => {
    const types = {
      q: { shape: [2, 5], dtype: "f32" },
      w: { shape: [4, 3], dtype: "i8" },
      s: { shape: [3], dtype: "f32" },
      u: { shape: [2, 5], dtype: "f32" },
    } as const;
    expect(() =>
      trace("test", types, (x) => ({ e: int8Expectation(x.q, { values: x.w, scales: x.s }, x.u) })),
    ).toThrow(/int8Expectation: needs q f32 \[N, V\]/);
  });
});

test("a product without an adjoint cannot be differentiated, and says so", () => {
  const types = {
    x: { shape: [2, 3], dtype: "f32" },
    w: { shape: [3, 4], dtype: "i8" },
    s: { shape: [4], dtype: "f32" },
  } as const;
  const build = (x: Readonly<Record<string, Tensor>>) => ({
    dx: gradients(sum(int8Matmul(x.x, { values: x.w, scales: x.s })), [x.x])[0],
  });
  expect(() => trace("test", types, build)).toThrow(/int8Matmul: no adjoint was given/);
});

test("shapes that do not fit are named", () => {
  const types = {
    x: { shape: [2, 5], dtype: "f32" },
    w: { shape: [3, 4], dtype: "i8" },
    s: { shape: [4], dtype: "f32" },
  } as const;
  const build = (x: Readonly<Record<string, Tensor>>) => ({
    y: int8Matmul(x.x, { values: x.w, scales: x.s }),
  });
  expect(() => trace("test", types, build)).toThrow(
    /int8Matmul: needs x f32 \[N, K\].*\[2, 5\], \[3, 4\], \[4\]/,
  );
});
