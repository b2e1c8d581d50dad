import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as t from "./index.js";
import {
  broadcastShapes,
  type Dim,
  evaluateDim,
  multiplyDims,
  type Shape,
  ShapeError,
  type Tensor,
  trace,
} from "./index.js";

const dim = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom("B", "T", "S"));
const values = new Map([
  ["B", 2],
  ["T", 3],
  ["S", 7],
]);
const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

describe("symbolic dimensions", () => {
  test("a product does not depend on order or grouping, and evaluates to the product", () => {
    fc.assert(
      fc.property(fc.array(dim, { maxLength: 6 }), fc.nat(6), (dims, cut) => {
        const whole = multiplyDims(...dims);
        expect(multiplyDims(...[...dims].reverse())).toBe(whole);
        expect(multiplyDims(multiplyDims(...dims.slice(0, cut)), multiplyDims(...dims.slice(cut)))).toBe(
          whole,
        );
        expect(evaluateDim(whole, values)).toBe(product(dims.map((d) => evaluateDim(d, values))));
      }),
      { seed: 5 },
    );
  });

  test("canonical form", () => {
    expect(multiplyDims()).toBe(1);
    expect(multiplyDims(2, 3)).toBe(6);
    expect(multiplyDims("T", 2, "B", 3)).toBe("6*B*T");
    expect(multiplyDims("B", 1)).toBe("B");
    expect(multiplyDims("B", 0)).toBe(0);
    expect(() => evaluateDim("2*N", values)).toThrow('the dimension "N" has no value');
    expect(() => t.sizeOf(["B", 2], "constant")).toThrow("constant: needs a static shape (shapes: [B, 2])");
  });

  test("broadcasting is NumPy's: symmetric, 1 stretches, all else must be equal", () => {
    const shape = fc.array(dim, { maxLength: 4 });
    fc.assert(
      fc.property(shape, shape, (a, b) => {
        const at = (s: Shape, i: number): Dim => s[s.length - 1 - i] ?? 1;
        const length = Math.max(a.length, b.length);
        const fits = Array.from({ length }, (_, i) => i).every(
          (i) => at(a, i) === 1 || at(b, i) === 1 || at(a, i) === at(b, i),
        );
        if (!fits) {
          expect(() => broadcastShapes("add", a, b)).toThrow("add: these shapes do not broadcast");
          return;
        }
        const out = broadcastShapes("add", a, b);
        expect(out).toEqual(broadcastShapes("add", b, a));
        for (let i = 0; i < length; i++) expect(at(out, i)).toBe(at(a, i) === 1 ? at(b, i) : at(a, i));
      }),
      { seed: 5 },
    );
  });
});

/** Inputs of one program, for calls that must fail while it is traced. */
const inputs = {
  s: { shape: [], dtype: "f32" },
  v: { shape: [3], dtype: "f32" },
  m: { shape: [2, 3], dtype: "f32" },
  n: { shape: [4, 5], dtype: "f32" },
  q: { shape: [2, 2, 3, 4], dtype: "f32" },
  i: { shape: [2], dtype: "i64" },
  p: { shape: [2, 3], dtype: "i64" },
  c: { shape: [2, 3], dtype: "i32" },
  b: { shape: ["B", 3], dtype: "f32" },
  cos: { shape: [6, 2], dtype: "f32" },
  wide: { shape: [6, 3], dtype: "f32" },
  cache: { shape: [2, 1, 8, 4], dtype: "f32" },
} as const;
type Inputs = Record<keyof typeof inputs, Tensor>;

describe("an operation that does not fit names itself and every shape", () => {
  const wrong: [string, (x: Inputs) => unknown, RegExp][] = [
    ["add", (x) => t.add(x.m, x.n), /^add: .*\[2, 3\], \[4, 5\]/],
    ["add of types", (x) => t.add(x.m, x.c), /^add: types differ: f32, i32.*\[2, 3\], \[2, 3\]/],
    ["where", (x) => t.where(x.m, x.m, x.m), /^where: the condition must be bool.*\[2, 3\]/],
    ["where of types", (x) => t.where(t.less(x.m, 0), x.m, x.c), /^where: types differ: f32, i32/],
    ["where of shapes", (x) => t.where(t.less(x.m, 0), x.n, 0), /^where: .*\[2, 3\], \[4, 5\]/],
    ["expand", (x) => t.expand(x.m, [2, 1]), /^expand: .*\[2, 3\], \[2, 1\]/],
    ["expand to another size", (x) => t.expand(x.v, [2, 4]), /^expand: .*\[3\], \[2, 4\]/],
    ["constant", () => t.constant(new Float32Array(3), [2, 2]), /^constant: 3 values.*\[2, 2\]/],
    ["matmul", (x) => t.matmul(x.m, x.n), /^matmul: a has 3 columns, b has 4 rows.*\[2, 3\], \[4, 5\]/],
    [
      "matmul transposed",
      (x) => t.matmul(x.m, x.m, { transA: true, transB: true }),
      /^matmul: aᵀ has 2 columns, bᵀ has 3 rows/,
    ],
    ["matmul of vectors", (x) => t.matmul(x.m, x.v), /^matmul: both factors need two axes.*\[2, 3\], \[3\]/],
    [
      "matmul of integers",
      (x) => t.matmul(x.p, x.p, { transB: true }),
      /^matmul: needs f32, got i64 and i64/,
    ],
    [
      "matmul of batches",
      (x) => t.matmul(x.q, t.reshape(x.q, [4, 1, 4, 3])),
      /^matmul: these shapes do not broadcast/,
    ],
    ["reshape", (x) => t.reshape(x.m, [4]), /^reshape: the number of elements differs.*\[2, 3\], \[4\]/],
    [
      "reshape to negatives",
      (x) => t.reshape(x.m, [-2, -3]),
      /^reshape: every dimension must be a whole number/,
    ],
    [
      "reshape to fractions",
      (x) => t.reshape(x.m, [1.5, 4]),
      /^reshape: every dimension must be a whole number/,
    ],
    ["reshape of symbols", (x) => t.reshape(x.b, ["B"]), /^reshape: .*\[B, 3\], \[B\]/],
    ["transpose", (x) => t.transpose(x.m, [0, 0]), /^transpose: order \[0, 0\] is not a perm.*\[2, 3\]/],
    ["transpose of too few axes", (x) => t.transpose(x.m, [0]), /^transpose: order \[0\] is not a perm/],
    ["concat", (x) => t.concat([x.m, x.n], 0), /^concat: .*\[2, 3\], \[4, 5\]/],
    ["concat of types", (x) => t.concat([x.m, x.c], 0), /^concat: types/],
    ["concat along a missing axis", (x) => t.concat([x.m, x.m], 2), /^concat: axis 2 is outside.*\[2, 3\]/],
    ["slice", (x) => t.slice(x.m, 1, 2, 4), /^slice: \[2, 4\) is outside axis 1.*\[2, 3\]/],
    ["an empty slice", (x) => t.slice(x.m, 1, 2, 2), /^slice: /],
    ["slice of a symbol", (x) => t.slice(x.b, 0, 0, 1), /^slice: .*\[B, 3\]/],
    ["sum", (x) => t.sum(x.m, [2]), /^sum: axis 2 is outside.*\[2, 3\]/],
    ["sum over an axis twice", (x) => t.sum(x.m, [1, -1]), /^sum: axes \[1, -1\] repeat.*\[2, 3\]/],
    ["mean over a symbol", (x) => t.mean(x.b, [0]), /^mean: needs a static shape/],
    ["reduceMax", (x) => t.reduceMax(x.m, -3), /^reduceMax: axis -3/],
    ["cumulativeSum", (x) => t.cumulativeSum(x.v, 1), /^cumulativeSum: axis 1/],
    ["sumTo", (x) => t.sumTo(x.m, [3, 2]), /^sumTo: .*\[3, 2\], \[2, 3\]/],
    ["sumTo of a higher rank", (x) => t.sumTo(x.v, [1, 3]), /^sumTo: /],
    ["argmax", (x) => t.argmax(x.s), /^argmax: needs an axis.*\[\]/],
    ["softmax", (x) => t.softmax(x.s), /^softmax: needs an axis.*\[\]/],
    ["logSoftmax", (x) => t.logSoftmax(x.p), /^logSoftmax: .*i64.*\[2, 3\]/],
    ["tokenLogProbs", (x) => t.tokenLogProbs(x.n, x.i), /^tokenLogProbs: .*\[4, 5\], \[2\]/],
    [
      "tokenLogProbs by numbers",
      (x) => t.tokenLogProbs(t.reshape(x.v, [1, 3]), t.sum(x.v, [0], true)),
      /^tokenLogProbs: .*f32/,
    ],
    [
      "withRowGradient",
      (x) => t.withRowGradient(x.v, x.n, x.n),
      /^withRowGradient: .*\[3\], \[4, 5\], \[4, 5\]/,
    ],
    ["rmsNorm", (x) => t.rmsNorm(x.n, x.v, 1e-5), /^rmsNorm: .*\[4, 5\], \[3\]/],
    ["gatherRows", (x) => t.gatherRows(x.m, x.v), /^gatherRows: indices must be i32 or i64, not f32.*\[3\]/],
    ["gatherRows of a scalar", (x) => t.gatherRows(x.s, x.i), /^gatherRows: the table needs an axis/],
    [
      "scatterAddRows",
      (x) => t.scatterAddRows(x.n, x.i, x.m),
      /^scatterAddRows: .*\[4, 5\], \[2\], \[2, 3\]/,
    ],
    ["pick", (x) => t.pick(x.n, x.i), /^pick: .*\[4, 5\], \[2\]/],
    [
      "scatterAddPicked",
      (x) => t.scatterAddPicked(x.m, x.i, x.v),
      /^scatterAddPicked: .*\[2, 3\], \[2\], \[3\]/,
    ],
    ["rotary", (x) => t.rotary(x.m, x.p, x.cos, x.cos), /^rotary: .*\[2, 3\]/],
    ["rotary with other tables", (x) => t.rotary(x.q, x.p, x.wide, x.wide), /^rotary: .*\[6, 3\]/],
    [
      "rotary with two kinds of table",
      (x) => t.rotary(x.q, x.p, x.cos, x.wide),
      /^rotary: .*\[6, 2\], \[6, 3\]/,
    ],
    ["rotary by i32", (x) => t.rotary(x.q, x.c, x.cos, x.cos), /^rotary: positions must be i64/],
    [
      "cachedAttention",
      (x) => attend(x, { q: t.reshape(x.q, [2, 3, 8]), heads: 3 }),
      /^cachedAttention: .*\[2, 3, 8\].*\[2, 1, 8, 4\]/,
    ],
    ["cachedAttention in groups", (x) => attend(x, { kvHeads: 3 }), /^cachedAttention: /],
    [
      "cachedAttention with tables",
      (x) => attend(x, { cos: x.wide, sin: x.wide }),
      /^cachedAttention: the tables/,
    ],
  ];
  const attend = (x: Inputs, changes: Partial<t.CachedAttention>): unknown => {
    const key = t.slice(t.reshape(x.q, [2, 3, 8]), 2, 0, 4);
    const lengths = { lastIndex: t.cast(x.i, "i32"), longest: t.constant(Int32Array.of(3), [1], "i32") };
    const whole = {
      q: t.reshape(x.q, [2, 3, 8]),
      k: key,
      v: key,
      pastKey: x.cache,
      pastValue: x.cache,
      ...lengths,
    };
    return t.cachedAttention({ ...whole, cos: x.cos, sin: x.cos, heads: 2, kvHeads: 1, ...changes });
  };

  test.each(wrong)("%s", (_name, call, message) => {
    trace("wrong", inputs, (x) => {
      let error: unknown;
      try {
        call(x as Inputs);
      } catch (e) {
        error = e;
      }
      expect(error).toBeInstanceOf(ShapeError);
      expect((error as Error).message).toMatch(message);
      return { s: x.s };
    });
  });

  test("the right call of the same helper passes", () => {
    trace("right", inputs, (x) => {
      expect(() => attend(x as Inputs, {})).not.toThrow();
      return { s: x.s };
    });
  });

  test("an input with an impossible shape, an update of another type", () => {
    expect(() => trace("zero", { x: { shape: [0, 2], dtype: "f32" } }, (x) => x)).toThrow(
      /^input: every dimension/,
    );
    expect(() => trace("update", { x: { shape: [2], dtype: "f32" } }, ({ x }) => ({ x: t.sum(x) }))).toThrow(
      'program update: output "x" is sum:f32[], but it updates an input of type f32[2]',
    );
  });
});

describe("traced shapes are what the runtime computes", () => {
  test("unused inputs are dropped", () => {
    const program = trace(
      "unused",
      { a: { shape: [2], dtype: "f32" }, b: { shape: [2], dtype: "f32", frozen: true } },
      ({ a }) => ({
        y: t.neg(a),
      }),
    );
    expect([...program.inputs.keys()]).toEqual(["a"]);
    expect(program.frozen.size).toBe(0);
  });
});
