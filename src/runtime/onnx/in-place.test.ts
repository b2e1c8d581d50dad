import { describe, expect, test } from "vitest";
import { RandomStream } from "../../base/random.js";
import {
  abs,
  add,
  div,
  exp,
  log,
  matmul,
  maximum,
  minimum,
  mul,
  neg,
  type Program,
  reciprocal,
  reshape,
  sigmoid,
  silu,
  softmax,
  softplus,
  sqrt,
  sub,
  sum,
  type Tensor,
  tanh,
  trace,
  transpose,
} from "../../tensor/index.js";
import { OrtRuntime } from "../ort/index.js";
import { encodeProgram } from "./encode.js";
import { WRITES_OVER_INPUT } from "./in-place.js";

const matrix = { shape: [3, 3], dtype: "f32" } as const;

/** A program that updates p, next to another input q. */
const updating = (build: (p: Tensor, q: Tensor) => Record<string, Tensor>): Program =>
  trace("update", { p: matrix, q: matrix }, ({ p, q }) => build(p, q));

describe("an input updated in place is read in one place only", () => {
  const refused: [string, RegExp, (p: Tensor, q: Tensor) => Record<string, Tensor>][] = [
    ["two readers", /"p".*several operations \(mul, exp\)/, (p, q) => ({ p: add(mul(p, q), exp(p)) })],
    [
      "a reader behind a reshape",
      /several operations/,
      (p, q) => ({ p: add(mul(p, q), reshape(exp(reshape(p, [9])), [3, 3])) }),
    ],
    ["a reader for another output", /several operations/, (p, q) => ({ p: add(p, q), s: sum(p) })],
    ["a reader the new value does not need", /does not depend/, (p, q) => ({ p: neg(q), s: sum(p) })],
    ["the old value as an output", /also the output "old"/, (p, q) => ({ p: add(p, q), old: p })],
    ["a swap", /also the output "q"/, (p, q) => ({ p: q, q: p })],
    ["a product over its factor", /matmul cannot write over/, (p, q) => ({ p: matmul(p, q) })],
    ["a transpose over itself", /transpose cannot write over/, (p) => ({ p: transpose(p, [1, 0]) })],
    ["a softmax over itself", /softmax cannot write over/, (p) => ({ p: softmax(p) })],
    ["silu, whose kernel reads its input again", /silu cannot write over/, (p) => ({ p: silu(p) })],
  ];
  test.each(refused)("refuses %s", (_name, message, build) => {
    expect(() => encodeProgram(updating(build))).toThrow(message);
  });

  test("refuses a frozen input", () => {
    const program = trace("frozen", { p: { ...matrix, frozen: true } }, ({ p }) => ({ p: neg(p) }));
    expect(() => encodeProgram(program)).toThrow(/"p" is updated in place, but it is frozen/);
  });

  const accepted: [string, (p: Tensor, q: Tensor) => Record<string, Tensor>][] = [
    ["one reader", (p, q) => ({ p: sub(mul(p, 0.9), q) })],
    ["both factors of one product", (p) => ({ p: mul(p, p) })],
    [
      "a reader whose result is used twice",
      (p, q) => {
        const s = add(p, q);
        return { p: mul(s, exp(s)) };
      },
    ],
    ["the input unchanged", (p) => ({ p })],
  ];
  test.each(accepted)("accepts %s", (_name, build) => {
    expect(encodeProgram(updating(build)).bytes.length).toBeGreaterThan(0);
  });
});

describe("what may write over its input does so correctly", () => {
  const pairs = { add, sub, mul, div, maximum, minimum };
  const singles = { neg, exp, log, sqrt, reciprocal, abs, sigmoid, tanh, softplus };

  test("every operation on the list is tried here (cachedAttention: with the attention tests)", () => {
    expect([...Object.keys(pairs), ...Object.keys(singles), "cachedAttention"].sort()).toEqual(
      [...WRITES_OVER_INPUT].sort(),
    );
  });

  const cases: [string, (p: Tensor, q: Tensor) => Tensor][] = [
    ...Object.entries(pairs).map(([name, op]): [string, (p: Tensor, q: Tensor) => Tensor] => [name, op]),
    ...Object.entries(pairs).map(([name, op]): [string, (p: Tensor, q: Tensor) => Tensor] => [
      `${name} reversed`,
      (p, q) => op(q, p),
    ]),
    ...Object.entries(singles).map(([name, op]): [string, (p: Tensor, q: Tensor) => Tensor] => [
      name,
      (p) => op(p),
    ]),
  ];
  const runtime = new OrtRuntime({ threads: 2 });
  test.each(cases)("%s", async (name, op) => {
    const length = 4099; // not a multiple of any vector width, and cut between threads
    const vector = { shape: [length], dtype: "f32" } as const;
    const random = new RandomStream(3, "in-place");
    const p0 = Float32Array.from({ length }, () => (0.5 + random.uniform()) * (name === "abs" ? -1 : 1));
    const q0 = Float32Array.from({ length }, () => 0.5 + random.uniform());
    const apart = trace("apart", { p: vector, q: vector }, ({ p, q }) => ({ out: op(p, q) }));
    const over = trace("over", { p: vector, q: vector }, ({ p, q }) => ({ p: op(p, q) }));
    const p = runtime.buffer("f32", [length], p0);
    const { out } = await runtime.compile(apart).run({ p: p0, q: q0 });
    await runtime.compile(over).run({ p, q: q0 });
    expect(await p.read()).toEqual(out);
    expect(await p.read()).not.toEqual(p0);
  });
});
