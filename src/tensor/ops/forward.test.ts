import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bool,
  evaluate,
  f32,
  type Given,
  i32,
  i64,
  relativeError,
  sizeOfShape,
} from "../../../test/evaluate.js";
import { RandomStream } from "../../base/random.js";
import { OrtRuntime } from "../../runtime/ort/index.js";
import * as t from "../index.js";

const runtime = new OrtRuntime({ threads: 1 });

/** The value of one expression. */
async function value<K extends string>(
  given: Record<K, Given>,
  build: (x: Record<K, t.Tensor>) => t.Tensor,
): Promise<number[]> {
  const { out } = await evaluate(runtime, given, (x) => ({ out: build(x) }));
  return Array.from(out as Float32Array, Number);
}
const random = (seed: number, shape: readonly number[]): Given => {
  const r = new RandomStream(seed, "forward");
  return f32(
    shape,
    Array.from({ length: sizeOfShape(shape) }, () => 3 * r.normal()),
  );
};
const rows = ({ shape, data }: Given): number[][] => {
  const n = shape[shape.length - 1];
  return Array.from({ length: data.length / n }, (_, i) =>
    Array.from(data.slice(i * n, (i + 1) * n) as Float32Array),
  );
};
const logSoftmaxOf = (row: readonly number[]): number[] => {
  const top = Math.max(...row);
  const log = top + Math.log(row.reduce((a, v) => a + Math.exp(v - top), 0));
  return row.map((v) => v - log);
};
const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
const overShapes = (check: (x: Given, seed: number) => Promise<void>): Promise<void> =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(1e6), (shape, seed) => check(random(seed, shape), seed)),
    { numRuns: 10, seed: 3 },
  );

describe("against plain TypeScript", () => {
  test("softmax, logSoftmax, argmax, reduceMax along the last axis", () =>
    overShapes(async (x) => {
      const out = await evaluate(runtime, { x }, ({ x }) => ({
        p: t.softmax(x),
        l: t.logSoftmax(x),
        at: t.argmax(x),
        top: t.reduceMax(x, -1),
      }));
      const logs = rows(x).map(logSoftmaxOf);
      expect(relativeError(out.p as Float32Array, logs.flat().map(Math.exp))).toBeLessThan(1e-6);
      expect(relativeError(out.l as Float32Array, logs.flat())).toBeLessThan(1e-6);
      expect(Array.from(out.at as BigInt64Array, Number)).toEqual(
        rows(x).map((row) => row.indexOf(Math.max(...row))),
      );
      expect(Array.from(out.top as Float32Array)).toEqual(rows(x).map((row) => Math.max(...row)));
    }));

  test("softmax of huge, equal and infinite scores", async () => {
    const x = f32([3, 2], [1e4, -1e4, 7, 7, Number.NEGATIVE_INFINITY, 0]);
    expect(await value({ x }, ({ x }) => t.softmax(x))).toEqual([1, 0, 0.5, 0.5, 0, 1]);
    expect((await value({ x }, ({ x }) => t.logSoftmax(x))).slice(0, 2)).toEqual([0, -2e4]);
  });

  test("tokenLogProbs and pick", () =>
    overShapes(async (x, seed) => {
      const n = x.shape[x.shape.length - 1];
      const ids = rows(x).map((_, i) => (seed + 7 * i) % n);
      const at = (seed % 2 ? i32 : i64)(x.shape.slice(0, -1), ids);
      const out = await evaluate(runtime, { x, at }, ({ x, at }) => ({
        l: t.tokenLogProbs(x, at),
        v: t.pick(x, at),
      }));
      expect(
        relativeError(
          out.l as Float32Array,
          rows(x).map((row, i) => logSoftmaxOf(row)[ids[i]]),
        ),
      ).toBeLessThan(2e-5);
      expect(Array.from(out.v as Float32Array)).toEqual(rows(x).map((row, i) => row[ids[i]]));
    }));

  test("rmsNorm", () =>
    overShapes(async (x, seed) => {
      const weight = random(seed + 1, [x.shape[x.shape.length - 1]]);
      const want = rows(x).flatMap((row) => {
        const scale = 1 / Math.sqrt(row.reduce((a, v) => a + v * v, 0) / row.length + 0.01);
        return row.map((v, i) => v * scale * (weight.data[i] as number));
      });
      expect(
        relativeError(await value({ x, weight }, (g) => t.rmsNorm(g.x, g.weight, 0.01)), want),
      ).toBeLessThan(1e-6);
    }));

  test("layerNorm", () =>
    overShapes(async (x, seed) => {
      const size = [x.shape[x.shape.length - 1]];
      const [weight, bias] = [random(seed + 1, size), random(seed + 2, size)];
      const want = rows(x).flatMap((row) => {
        const mean = row.reduce((a, v) => a + v, 0) / row.length;
        const scale = 1 / Math.sqrt(row.reduce((a, v) => a + (v - mean) ** 2, 0) / row.length + 0.01);
        return row.map((v, i) => (v - mean) * scale * (weight.data[i] as number) + (bias.data[i] as number));
      });
      const found = await value({ x, weight, bias }, (g) => t.layerNorm(g.x, g.weight, g.bias, 0.01));
      expect(relativeError(found, want)).toBeLessThan(1e-6);
    }));

  test("gelu and its approximation, by values of torch 2.15 in f64", async () => {
    const x = f32([7], [-6, -2, -0.5, 0, 0.3, 1, 4]);
    const exact = [-5.91953e-9, -0.04550026, -0.15426877, 0, 0.18537342, 0.84134475, 3.99987331];
    const tanh = [-8.43965e-11, -0.04540231, -0.154286, 0, 0.18537, 0.84119199, 3.99992975];
    expect(relativeError(await value({ x }, (g) => t.gelu(g.x)), exact)).toBeLessThan(1e-6);
    expect(relativeError(await value({ x }, (g) => t.geluTanh(g.x)), tanh)).toBeLessThan(1e-6);
    expect(
      relativeError(
        await value({ x }, (g) => t.erf(g.x)),
        [-1, -0.99532227, -0.52049988, 0, 0.32862676, 0.84270079, 1],
      ),
    ).toBeLessThan(1e-6);
  });

  test("cumulativeSum, both ways", () =>
    overShapes(async (x) => {
      const running = (row: number[]): number[] =>
        row.map((_, i) => row.slice(0, i + 1).reduce((a, b) => a + b, 0));
      const back = (row: number[]): number[] => running([...row].reverse()).reverse();
      expect(
        relativeError(await value({ x }, ({ x }) => t.cumulativeSum(x, -1)), rows(x).flatMap(running)),
      ).toBeLessThan(1e-5);
      expect(
        relativeError(await value({ x }, ({ x }) => t.cumulativeSum(x, -1, true)), rows(x).flatMap(back)),
      ).toBeLessThan(1e-5);
    }));

  test("cumulativeSum along another axis", async () => {
    const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(await value({ x }, ({ x }) => t.cumulativeSum(x, 0))).toEqual([1, 2, 3, 5, 7, 9]);
    expect(await value({ x }, ({ x }) => t.cumulativeSum(x, -2, true))).toEqual([5, 7, 9, 4, 5, 6]);
  });

  test("scatters add where indices repeat", async () => {
    const base = f32([3, 2], [100, 100, 200, 200, 300, 300]);
    const parts = f32([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
    const at = i64([4], [2, 0, 2, 2]);
    expect(await value({ base, at, parts }, (g) => t.scatterAddRows(g.base, g.at, g.parts))).toEqual([
      103, 104, 200, 200, 313, 316,
    ]);
    expect(
      await value({ base, at: i32([4], [2, 0, 2, 2]), parts }, (g) =>
        t.scatterAddRows(g.base, g.at, g.parts),
      ),
    ).toEqual([103, 104, 200, 200, 313, 316]);
    const values = f32([3], [1, 2, 3]);
    expect(
      await value({ base, at: i64([3], [1, 0, 1]), values }, (g) =>
        t.scatterAddPicked(g.base, g.at, g.values),
      ),
    ).toEqual([100, 101, 202, 200, 300, 303]);
  });

  test("gatherRows counts from the end for negative indices, and keeps the shape of the indices", async () => {
    const table = f32([3, 2], [0, 1, 2, 3, 4, 5]);
    expect(
      await value({ table, at: i64([2, 2], [2, 0, -1, 1]) }, (g) => t.gatherRows(g.table, g.at)),
    ).toEqual([4, 5, 0, 1, 4, 5, 2, 3]);
  });

  test("where, comparisons and casts", async () => {
    const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);
    const given = bool([2, 1], [true, false]);
    expect(await value({ x, given }, (g) => t.where(g.given, g.x, -1))).toEqual([1, 2, 3, -1, -1, -1]);
    expect(await value({ x }, (g) => t.cast(t.and(t.less(2, g.x), t.lessOrEqual(g.x, 5)), "f32"))).toEqual([
      0, 0, 1, 1, 1, 0,
    ]);
    expect(await value({ x }, (g) => t.cast(t.equal(g.x, 3), "i64"))).toEqual([0, 0, 1, 0, 0, 0]);
    expect(await value({ x: f32([3], [1.7, -1.7, 2]) }, (g) => t.cast(g.x, "i32"))).toEqual([1, -1, 2]);
  });

  test("clip, minimum, maximum, also with infinite limits", async () => {
    const x = f32([4], [-3, -1, 1, 3]);
    expect(await value({ x }, (g) => t.clip(g.x, -2, 2))).toEqual([-2, -1, 1, 2]);
    expect(await value({ x }, (g) => t.clip(g.x, Number.NEGATIVE_INFINITY, 0))).toEqual([-3, -1, 0, 0]);
    expect(await value({ x }, (g) => t.maximum(t.minimum(g.x, 2), -2))).toEqual([-2, -1, 1, 2]);
  });

  test("slice undoes concat, and transpose its inverse", () =>
    overShapes(async (x, seed) => {
      const axis = seed % x.shape.length;
      const n = x.shape[axis];
      const order = x.shape.map((_, i) => (i + 1) % x.shape.length);
      const inverse = order.map((_, i) => order.indexOf(i));
      const out = await evaluate(runtime, { x }, (g) => {
        const joined = t.concat([t.neg(g.x), g.x, g.x], axis);
        return {
          sliced: t.slice(joined, axis, n, 2 * n),
          turned: t.transpose(t.transpose(g.x, order), inverse),
        };
      });
      expect(out.sliced).toEqual(x.data);
      expect(out.turned).toEqual(x.data);
    }));

  test("transpose moves elements where it says", async () => {
    const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(await value({ x }, (g) => t.transpose(g.x, [1, 0]))).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test("matmul with both transposes, alpha and broadcast batches", async () => {
    const a = random(1, [2, 1, 4, 3]); // two batches of 3 x 4, transposed
    const b = random(2, [5, 2, 4]); // five of 4 x 2, transposed
    const out = await value({ a, b }, (g) => t.matmul(g.a, g.b, { transA: true, transB: true, alpha: -0.5 }));
    const want: number[] = [];
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 5; j++)
        for (let m = 0; m < 3; m++)
          for (let n = 0; n < 2; n++) {
            let total = 0;
            for (let k = 0; k < 4; k++)
              total += (a.data[i * 12 + k * 3 + m] as number) * (b.data[j * 8 + n * 4 + k] as number);
            want.push(-0.5 * total);
          }
    expect(relativeError(out, want)).toBeLessThan(1e-6);
  });

  test("rotary turns the pair (x_i, x_{i + D/2}) by its position's angle", async () => {
    const angle = [0, 0.3, 1.1, -0.7, 2, 0.1]; // [3 positions, D/2 = 2]
    const x = random(5, [1, 2, 3, 4]);
    const given = {
      x,
      at: i64([1, 3], [2, 0, 1]),
      cos: f32([3, 2], angle.map(Math.cos)),
      sin: f32([3, 2], angle.map(Math.sin)),
    };
    const want = rows(x).flatMap((row, r) => {
      const position = [2, 0, 1][r % 3];
      const pair = (i: number): [number, number] => {
        const a = angle[2 * position + i];
        const [u, v] = [row[i], row[i + 2]];
        return [u * Math.cos(a) - v * Math.sin(a), u * Math.sin(a) + v * Math.cos(a)];
      };
      const [first, second] = [pair(0), pair(1)];
      return [first[0], second[0], first[1], second[1]];
    });
    expect(relativeError(await value(given, (g) => t.rotary(g.x, g.at, g.cos, g.sin)), want)).toBeLessThan(
      1e-6,
    );
  });

  test("rotary leaves the end of a head as it is where the tables are narrower", async () => {
    const x = random(6, [2, 3, 2, 8]);
    const given = {
      x,
      at: i64([2, 2], [1, 0, 2, 1]),
      cos: f32([3, 2], [1, 1, 0.6, 0.8, -0.28, 0]),
      sin: f32([3, 2], [0, 0, 0.8, 0.6, 0.96, 1]),
    };
    const found = await evaluate(runtime, given, (g) => ({
      whole: t.rotary(g.x, g.at, g.cos, g.sin),
      apart: t.rotary(t.slice(g.x, 3, 0, 4), g.at, g.cos, g.sin),
    }));
    const [whole, apart] = [rows(f32(x.shape, found.whole as Float32Array)), found.apart as Float32Array];
    expect(whole.flatMap((row) => row.slice(0, 4))).toEqual(Array.from(apart));
    expect(whole.map((row) => row.slice(4))).toEqual(rows(x).map((row) => row.slice(4)));
  });

  test("log-sigmoid and softplus at large arguments", async () => {
    const x = f32([4], [-200, -1, 1, 200]);
    const want = [-200, -Math.log1p(Math.exp(1)), -Math.log1p(Math.exp(-1)), 0];
    expect(relativeError(await value({ x }, (g) => t.logSigmoid(g.x)), want)).toBeLessThan(1e-6);
    expect(
      relativeError(await value({ x }, (g) => t.silu(g.x)), [0, -0.26894142, 0.73105858, 200]),
    ).toBeLessThan(1e-6);
  });

  test("one tensor under two output names, an input as an output, constants of every type", async () => {
    const out = await evaluate(runtime, { x: f32([2], [1, 2]) }, ({ x }) => {
      const y = t.mul(x, 3);
      const long = t.constant(BigInt64Array.of(5n, -6n), [2], "i64");
      return {
        a: y,
        b: y,
        copy: x,
        long,
        bytes: t.constant(Uint8Array.of(1, 255), [2], "u8"),
        signed: t.constant(Int8Array.of(-1), [1], "i8"),
      };
    });
    expect(out).toEqual({
      a: Float32Array.of(3, 6),
      b: Float32Array.of(3, 6),
      copy: Float32Array.of(1, 2),
      long: BigInt64Array.of(5n, -6n),
      bytes: Uint8Array.of(1, 255),
      signed: Int8Array.of(-1),
    });
  });
});
