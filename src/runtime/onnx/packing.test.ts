import { expect, test } from "vitest";
import { gatherRows, matmul, mul, recomputed, reshape, type Tensor, trace } from "../../tensor/index.js";
import { encodeProgram } from "./encode.js";
import { constantWeights } from "./packing.js";

const weight = { shape: [16, 16], dtype: "f32", frozen: true } as const;
const rows = (n: number | string) => ({ shape: [n, 16], dtype: "f32" }) as const;

test.each([
  ["many rows", [512], []],
  ["few rows", [511], ["w"]],
  ["both", [2048, 8], ["w"]],
  ["both, the other way round", [8, 2048], ["w"]],
  ["rows unknown before the run", ["n"], ["w"]],
])("a weight that is multiplied with %s", (_name, counts, constants) => {
  const inputs = Object.fromEntries(counts.map((n, i) => [`x${i}`, rows(n)]));
  const program = trace("p", { ...inputs, w: weight }, (x) =>
    Object.fromEntries(counts.map((_, i) => [`y${i}`, matmul(x[`x${i}`], x.w, { transB: true })])),
  );
  expect([...constantWeights(program)]).toEqual(constants);
});

test("a weight that is not multiplied stays a constant", () => {
  const ids = { shape: [600], dtype: "i64" } as const;
  const program = trace("p", { ids, w: weight }, ({ ids, w }) => ({ y: gatherRows(w, ids) }));
  expect([...constantWeights(program)]).toEqual(["w"]);
});

test("shapes are hidden from the plan of buffers where a program recomputes, and only there", () => {
  const program = (wrap: (build: () => Tensor) => Tensor) =>
    trace("p", { x: rows(4) }, ({ x }) => ({ y: wrap(() => reshape(mul(x, x), [64])) }));
  expect(encodeProgram(program(recomputed)).hasHidden).toBe(true);
  expect(encodeProgram(program((build) => build())).hasHidden).toBe(false);
});
