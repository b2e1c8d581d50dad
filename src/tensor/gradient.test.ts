import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bool, compiled, dtypeOf, f32, type Given, i32, i64, sizeOfShape } from "../../test/evaluate.js";
import { RandomStream } from "../base/random.js";
import { LOWERINGS } from "../runtime/onnx/lower.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import * as t from "./index.js";
import { gradients, type Tensor, topologicalOrder, trace } from "./index.js";

/**
 * Every gradient against central differences of fourth order: for a random probe w and a random direction d,
 * sum(w f(x + h d)) is differentiated in h, with f in f32 and the sums in f64.
 */
const STEP = 0.03;
const TOLERANCE = 5e-4;
const RUNS = 12;
const runtime = new OrtRuntime({ threads: 1 });

interface Case {
  /** Differentiated inputs. */
  x: Record<string, Given>;
  /** Inputs that are not: indices, conditions. */
  other?: Record<string, Given>;
  build: (x: Record<string, Tensor>) => Tensor;
}

/** Operations met in the forward graphs of the cases that were checked. */
const checked = new Set<string>();

async function check({ x, other = {}, build }: Case, seed: number): Promise<void> {
  const random = new RandomStream(seed, "direction");
  const names = Object.keys(x);
  let shape: number[] = [];
  const types = Object.fromEntries(Object.entries({ ...x, ...other }).map(([k, g]) => [k, typeOf(g)]));
  trace("shape", types, (inputs) => {
    const y = build(inputs);
    shape = [...(y.shape as number[])];
    for (const node of topologicalOrder([y])) checked.add(node.op.name);
    return { y };
  });
  const w = f32(
    shape,
    Array.from({ length: sizeOfShape(shape) }, () => random.normal()),
  );
  const run = compiled(runtime, { ...x, ...other, w } as Record<string, Given>, (inputs) => {
    const y = build(inputs);
    const found = gradients(
      t.sum(t.mul(y, inputs.w)),
      names.map((name) => inputs[name]),
    );
    return { result: y, ...Object.fromEntries(found.map((g, i) => [`d.${names[i]}`, g])) };
  });
  const at = await run();
  for (const name of names) {
    const data = x[name].data as Float32Array;
    const direction = Float64Array.from(data, () => 2 * random.uniform() - 1);
    const value = async (h: number): Promise<number> => {
      const moved = Float32Array.from(data, (v, i) => v + h * direction[i]);
      const { result } = await run({ [name]: moved });
      return (w.data as Float32Array).reduce((total, weight, i) => total + weight * (result[i] as number), 0);
    };
    const near = (await value(STEP)) - (await value(-STEP));
    const far = (await value(2 * STEP)) - (await value(-2 * STEP));
    const numeric = (8 * near - far) / (12 * STEP);
    const terms = Array.from(at[`d.${name}`] as Float32Array, (g, i) => g * direction[i]);
    const analytic = terms.reduce((a, b) => a + b, 0);
    const scale = Math.max(
      1e-2,
      Math.abs(numeric),
      terms.reduce((a, b) => a + Math.abs(b), 0),
    );
    expect(
      Math.abs(analytic - numeric) / scale,
      `d ${name}: ${analytic}, by differences ${numeric}`,
    ).toBeLessThan(TOLERANCE);
  }
}

const typeOf = ({ shape, data }: Given): t.TensorType => ({ shape, dtype: dtypeOf(data) });

/** Checks generated cases; `make` gets a source of random numbers. */
function gradientTest(name: string, make: (random: RandomStream) => Case, runs = RUNS): void {
  test(name, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), async (seed) =>
        check(make(new RandomStream(seed, "case")), seed),
      ),
      { numRuns: runs, seed: 7, endOnFailure: true },
    );
  });
}

const anyShape = (r: RandomStream, minRank = 0, maxRank = 4): number[] =>
  Array.from({ length: minRank + r.int(maxRank - minRank + 1) }, () => 1 + r.int(4));
const fill = (shape: readonly number[], draw: () => number): Given =>
  f32(shape, Array.from({ length: sizeOfShape(shape) }, draw));
const normal = (r: RandomStream, shape: readonly number[]): Given => fill(shape, () => r.normal());
const positive = (r: RandomStream, shape: readonly number[]): Given =>
  fill(shape, () => 0.6 + 1.4 * r.uniform());
const awayFromZero = (r: RandomStream, shape: readonly number[]): Given =>
  fill(shape, () => (r.bernoulli(0.5) ? 1 : -1) * (0.6 + 1.4 * r.uniform()));
/** Within 0.1 of integers (shift 0) or of halves (shift 0.5): far from each other and, for halves, from integers. */
const lattice = (r: RandomStream, shape: readonly number[], shift: number): Given =>
  fill(shape, () => r.int(5) - 2 + shift + 0.1 * (2 * r.uniform() - 1));
const indices = (r: RandomStream, shape: readonly number[], below: number, small = r.bernoulli(0.5)): Given =>
  (small ? i32 : i64)(
    shape,
    Array.from({ length: sizeOfShape(shape) }, () => r.int(below)),
  );

/** Two shapes that broadcast to one: leading axes dropped, others stretched from 1. */
function broadcastPair(r: RandomStream): [number[], number[]] {
  const full = anyShape(r);
  const narrow = (): number[] => full.slice(r.int(full.length + 1)).map((n) => (r.bernoulli(0.3) ? 1 : n));
  return r.bernoulli(0.5) ? [full, narrow()] : [narrow(), full];
}
const permutation = (r: RandomStream, rank: number): number[] =>
  r.shuffled(Array.from({ length: rank }, (_, i) => i));
const someAxes = (r: RandomStream, rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => i)
    .filter(() => r.bernoulli(0.5))
    .map((axis) => (r.bernoulli(0.5) ? axis : axis - rank));

type Draw = (r: RandomStream, shape: readonly number[]) => Given;
const near =
  (shift: number): Draw =>
  (r, shape) =>
    lattice(r, shape, shift);

describe("element-wise, broadcast", () => {
  const ops: [string, (a: Tensor, b: Tensor) => Tensor, Draw, Draw][] = [
    ["add", t.add, normal, normal],
    ["sub", t.sub, normal, normal],
    ["mul", t.mul, normal, normal],
    ["div", t.div, normal, awayFromZero],
    ["maximum", t.maximum, near(0), near(0.5)],
    ["minimum", t.minimum, near(0), near(0.5)],
  ];
  for (const [name, op, drawA, drawB] of ops) {
    gradientTest(name, (r) => {
      const [a, b] = broadcastPair(r);
      return { x: { a: drawA(r, a), b: drawB(r, b) }, build: (x) => op(x.a, x.b) };
    });
  }
  gradientTest("with numbers", (r) => ({
    x: { a: awayFromZero(r, anyShape(r)) },
    build: ({ a }) => t.sub(t.div(2, a), t.mul(t.add(a, 3), 0.5)),
  }));
  gradientTest("where", (r) => {
    const [a, b] = broadcastPair(r);
    const c = broadcastPair(r)[0];
    const condition = r.bernoulli(0.5) ? a : c.map(() => 1);
    const given = bool(
      condition,
      Array.from({ length: sizeOfShape(condition) }, () => r.bernoulli(0.5)),
    );
    return {
      x: { a: normal(r, a), b: normal(r, b) },
      other: { given },
      build: (x) => t.where(x.given, x.a, x.b),
    };
  });
});

describe("element-wise", () => {
  const ops: [string, (x: Tensor) => Tensor, Draw][] = [
    ["neg", t.neg, normal],
    ["exp", t.exp, normal],
    ["log", t.log, positive],
    ["sqrt", t.sqrt, positive],
    ["reciprocal", t.reciprocal, awayFromZero],
    ["abs", t.abs, awayFromZero],
    ["sign", t.sign, awayFromZero],
    ["sigmoid", t.sigmoid, normal],
    ["tanh", t.tanh, normal],
    ["softplus", t.softplus, normal],
    ["logSigmoid", t.logSigmoid, normal],
    ["square", t.square, normal],
    ["silu", t.silu, normal],
    ["erf", t.erf, normal],
    ["gelu", t.gelu, normal],
    ["geluTanh", t.geluTanh, normal],
    ["clip", (x) => t.clip(x, -1, 1), near(0.5)],
    ["cast", (x) => t.cast(x, "f32"), normal],
    ["fillLike", (x) => t.add(t.fillLike(x, 3), t.mul(x, t.onesLike(x))), normal],
  ];
  for (const [name, op, draw] of ops)
    gradientTest(name, (r) => ({ x: { x: draw(r, anyShape(r)) }, build: ({ x }) => op(x) }));

  test("stopGradient stops", async () => {
    const run = compiled(runtime, { x: f32([2], [3, 4]) }, ({ x }) => {
      const y = t.sum(t.mul(x, t.stopGradient(x)));
      return { d: gradients(y, [x])[0] };
    });
    expect((await run()).d).toEqual(Float32Array.of(3, 4)); // not 6, 8
    checked.add("stopGradient");
  });

  gradientTest("controlDependency, sequenced and recomputed", (r) => {
    const shape = anyShape(r, 1);
    return {
      x: { x: normal(r, shape), y: normal(r, shape) },
      build: ({ x, y }) => {
        const [first, again] = t.sequenced(
          t.recomputed(() => t.mul(t.controlDependency(x, [t.exp(y)]), t.tanh(y))),
          y,
        );
        return t.mul(first, again);
      },
    };
  });
});

describe("layout", () => {
  gradientTest("expand", (r) => {
    const [a, b] = broadcastPair(r);
    const [from, to] = sizeOfShape(a) < sizeOfShape(b) ? [a, b] : [b, a];
    return { x: { x: normal(r, from) }, build: ({ x }) => t.expand(x, t.broadcastShapes("test", from, to)) };
  });
  gradientTest("reshape", (r) => {
    const shape = anyShape(r);
    const to = r.choice([[sizeOfShape(shape)], [...shape, 1], [1, ...shape], [...shape].reverse()]);
    return { x: { x: normal(r, shape) }, build: ({ x }) => t.reshape(x, to) };
  });
  gradientTest("transpose", (r) => {
    const shape = anyShape(r, 1);
    const order = permutation(r, shape.length);
    return { x: { x: normal(r, shape) }, build: ({ x }) => t.transpose(x, order) };
  });
  gradientTest("concat", (r) => {
    const shape = anyShape(r, 1);
    const axis = r.int(shape.length);
    const part = (): Given =>
      normal(
        r,
        shape.map((n, i) => (i === axis ? 1 + r.int(3) : n)),
      );
    const at = r.bernoulli(0.5) ? axis : axis - shape.length;
    return { x: { a: part(), b: part(), c: part() }, build: ({ a, b, c }) => t.concat([a, b, c], at) };
  });
  gradientTest("split", (r) => {
    const shape = anyShape(r, 1);
    const axis = r.int(shape.length);
    const sizes = [1, 2, 1 + r.int(3)];
    const whole = shape.map((n, i) => (i === axis ? sizes[0] + sizes[1] + sizes[2] : n));
    const at = r.bernoulli(0.5) ? axis : axis - shape.length;
    const unused = r.bernoulli(0.5);
    return {
      x: { x: normal(r, whole) },
      build: ({ x }) => {
        const [first, second, third] = t.split(x, at, sizes);
        return t.concat(unused ? [t.mul(third, 2), first] : [t.square(second), third, first], at);
      },
    };
  });
  gradientTest("slice", (r) => {
    const shape = anyShape(r, 1);
    const axis = r.int(shape.length);
    const start = r.int(shape[axis]);
    const end = start + 1 + r.int(shape[axis] - start);
    const at = r.bernoulli(0.5) ? axis : axis - shape.length;
    return { x: { x: normal(r, shape) }, build: ({ x }) => t.slice(x, at, start, end) };
  });
});

describe("sums", () => {
  gradientTest("sum", (r) => {
    const shape = anyShape(r);
    const axes = someAxes(r, shape.length);
    const keep = r.bernoulli(0.5);
    return { x: { x: normal(r, shape) }, build: ({ x }) => t.sum(x, axes, keep) };
  });
  gradientTest("mean", (r) => {
    const shape = anyShape(r);
    const axes = someAxes(r, shape.length);
    const keep = r.bernoulli(0.5);
    return { x: { x: normal(r, shape) }, build: ({ x }) => t.mean(x, axes, keep) };
  });
  gradientTest("sumTo", (r) => {
    const [a, b] = broadcastPair(r);
    return { x: { x: normal(r, a), y: normal(r, b) }, build: ({ x, y }) => t.sumTo(t.mul(x, y), b) };
  });
  gradientTest("cumulativeSum", (r) => {
    const shape = anyShape(r, 1);
    const axis = r.int(shape.length) - (r.bernoulli(0.5) ? shape.length : 0);
    const reverse = r.bernoulli(0.5);
    return { x: { x: normal(r, shape) }, build: ({ x }) => t.cumulativeSum(x, axis, reverse) };
  });
});

describe("products", () => {
  gradientTest(
    "matmul",
    (r) => {
      const [m, k, n] = [1 + r.int(4), 1 + r.int(4), 1 + r.int(4)];
      const full = anyShape(r, 0, 2);
      const narrow = (): number[] =>
        full.slice(r.int(full.length + 1)).map((d) => (r.bernoulli(0.4) ? 1 : d));
      const [left, right] = r.choice([
        [full, full],
        [full, narrow()],
        [narrow(), full],
      ]);
      const options = { transA: r.bernoulli(0.5), transB: r.bernoulli(0.5), alpha: r.choice([1, 0.25, -2]) };
      const a = [...left, ...(options.transA ? [k, m] : [m, k])];
      const b = [...right, ...(options.transB ? [n, k] : [k, n])];
      return { x: { a: normal(r, a), b: normal(r, b) }, build: (x) => t.matmul(x.a, x.b, options) };
    },
    40,
  );
});

describe("rows and indices", () => {
  gradientTest("gatherRows", (r) => {
    const shape = anyShape(r, 1);
    return {
      x: { table: normal(r, shape) },
      other: { at: indices(r, anyShape(r, 0, 2), shape[0]) },
      build: ({ table, at }) => t.gatherRows(table, at),
    };
  });
  gradientTest("scatterAddRows", (r) => {
    const shape = anyShape(r, 1);
    const n = 1 + r.int(6); // often more rows than places
    return {
      x: { base: normal(r, shape), rows: normal(r, [n, ...shape.slice(1)]) },
      other: { at: indices(r, [n], shape[0]) },
      build: ({ base, at, rows }) => t.scatterAddRows(base, at, rows),
    };
  });
  gradientTest("pick", (r) => {
    const shape = anyShape(r, 1);
    return {
      x: { x: normal(r, shape) },
      other: { at: indices(r, shape.slice(0, -1), shape[shape.length - 1]) },
      build: ({ x, at }) => t.pick(x, at),
    };
  });
  gradientTest("scatterAddPicked", (r) => {
    const shape = anyShape(r, 1);
    return {
      x: { base: normal(r, shape), values: normal(r, shape.slice(0, -1)) },
      other: { at: indices(r, shape.slice(0, -1), shape[shape.length - 1]) },
      build: ({ base, at, values }) => t.scatterAddPicked(base, at, values),
    };
  });
  gradientTest("tokenLogProbs", (r) => {
    const shape = anyShape(r, 1);
    return {
      x: { logits: normal(r, shape) },
      other: { ids: indices(r, shape.slice(0, -1), shape[shape.length - 1]) },
      build: ({ logits, ids }) => t.tokenLogProbs(logits, ids),
    };
  });
});

describe("normalisation and rotation", () => {
  gradientTest("withRowGradient", (r) => ({
    x: { x: normal(r, [1 + r.int(4), 1 + r.int(4)]) },
    build: ({ x }) => t.withRowGradient(t.sum(t.square(x), [1]), x, t.mul(x, 2)),
  }));
  gradientTest("softmax", (r) => ({ x: { x: normal(r, anyShape(r, 1)) }, build: ({ x }) => t.softmax(x) }));
  gradientTest("logSoftmax", (r) => ({
    x: { x: normal(r, anyShape(r, 1)) },
    build: ({ x }) => t.logSoftmax(x),
  }));
  gradientTest("rmsNorm", (r) => {
    const shape = anyShape(r, 1);
    const weight = normal(r, [shape[shape.length - 1]]);
    return { x: { x: awayFromZero(r, shape), weight }, build: (x) => t.rmsNorm(x.x, x.weight, 0.3) };
  });
  gradientTest("layerNorm", (r) => {
    const shape = anyShape(r, 1);
    const size = [shape[shape.length - 1]];
    return {
      x: { x: normal(r, shape), weight: normal(r, size), bias: normal(r, size) },
      build: (x) => t.layerNorm(x.x, x.weight, x.bias, 0.5),
    };
  });
  gradientTest("rotary", (r) => {
    const [B, H, T, half, length] = [1 + r.int(3), 1 + r.int(3), 1 + r.int(4), 1 + r.int(4), 6];
    const rest = 2 * r.int(3); // elements of a head that are not turned
    const angle = Array.from({ length: length * half }, () => 6 * r.uniform());
    return {
      x: { x: normal(r, [B, H, T, 2 * half + rest]) },
      other: {
        at: indices(r, [B, T], length, false),
        cos: f32([length, half], angle.map(Math.cos)),
        sin: f32([length, half], angle.map(Math.sin)),
      },
      build: ({ x, at, cos, sin }) => t.rotary(x, at, cos, sin),
    };
  });
});

describe("the rules", () => {
  /**
   * Operations whose results are not numbers to differentiate, or that serve decoding and metrics only; and the
   * rounding products: the gradient of one is by definition another one, the other has none (ops/int8.test.ts).
   */
  const NOT_DIFFERENTIATED = [
    "and",
    "argmax",
    "cachedAttention",
    "equal",
    "int8Expectation",
    "int8Matmul",
    "less",
    "lessOrEqual",
    "reduceMax",
  ];

  test("every operation that has a gradient was checked above", () => {
    const known = [
      ...Object.keys(LOWERINGS),
      "constant",
      "input",
      "recomputed",
      "stopGradient",
      "withRowGradient",
    ].sort();
    expect([...new Set([...checked, ...NOT_DIFFERENTIATED])].sort()).toEqual(known);
  });

  test("the loss must be a scalar", () => {
    trace("rules", { x: { shape: [2], dtype: "f32" } }, ({ x }) => {
      expect(() => gradients(x, [x])).toThrow("the loss must be an f32 scalar of shape [], got input:f32[2]");
      expect(() => gradients(t.sum(t.argmax(t.reshape(x, [1, 2]))), [x])).toThrow("must be an f32 scalar");
      return { x };
    });
  });

  test("an operation without a gradient on the way to the loss is an error that names it", () => {
    const cache = { shape: [1, 1, 8, 4], dtype: "f32" } as const;
    const inputs = { q: { shape: [1, 1, 4], dtype: "f32" }, pastKey: cache, pastValue: cache } as const;
    trace("rules", inputs, ({ q, pastKey, pastValue }) => {
      const table = t.constant(new Float32Array(16), [8, 2]);
      const count = t.constant(Int32Array.of(1), [1], "i32");
      const [y] = t.cachedAttention({
        q,
        k: q,
        v: q,
        pastKey,
        pastValue,
        lastIndex: count,
        longest: count,
        cos: table,
        sin: table,
        heads: 1,
        kvHeads: 1,
      });
      expect(() => gradients(t.sum(y), [q])).toThrow('"cachedAttention" has no gradient');
      return { y };
    });
  });

  test("tensors the loss does not depend on have zero gradients; repeated use adds up", async () => {
    const run = compiled(runtime, { x: f32([2], [1, 2]), y: f32([3], [1, 1, 1]) }, ({ x, y }) => {
      const loss = t.add(t.sum(t.mul(x, x)), t.sum(x));
      const [dx, dy] = gradients(loss, [x, y]);
      return { dx, dy };
    });
    expect(await run()).toEqual({ dx: Float32Array.of(3, 5), dy: new Float32Array(3) });
  });

  test("gradients of gradients", async () => {
    const run = compiled(runtime, { x: f32([3], [0.5, -1, 2]) }, ({ x }) => {
      const [first] = gradients(t.sum(t.mul(t.square(x), x)), [x]);
      return { second: gradients(t.sum(first), [x])[0] };
    });
    expect([...((await run()).second as Float32Array)]).toEqual([3, -6, 12]); // d2 x^3 = 6 x
  });
});
