import { describe, expect, test } from "vitest";
import { add, exp, matmul, reshape, trace } from "../tensor/index.js";
import { programCost } from "./program-cost.js";

const matrix = (n: number, frozen = false) => ({ shape: [n, n], dtype: "f32", frozen }) as const;
const SIZE = 4 * 8 * 8;

describe("programCost", () => {
  test("counts what is alive at once: not inputs, not outputs, and a sum is written over its term", () => {
    const program = trace("p", { x: matrix(8) }, ({ x }) => {
      const a = exp(x);
      const b = matmul(a, a); // a and b
      return { y: matmul(exp(add(b, 1)), x) };
    });
    expect(programCost(program).activationBytes).toBe(2 * SIZE);
  });

  test("a reshape takes no memory and keeps what it shows", () => {
    const program = trace("p", { x: matrix(8) }, ({ x }) => {
      const flat = reshape(exp(x), [64]);
      const b = matmul(x, x);
      return { y: add(reshape(flat, [8, 8]), exp(matmul(b, x))) };
    });
    expect(programCost(program).activationBytes).toBe(3 * SIZE);
  });

  test("counts operations, and a packed copy for each way that a frozen matrix is multiplied", () => {
    const program = trace("p", { x: matrix(8), w: matrix(8, true) }, ({ x, w }) => ({
      y: matmul(matmul(matmul(x, w), w, { transB: true }), w),
    }));
    const { flops, packed } = programCost(program);
    expect(flops).toBe(3 * 2 * 8 ** 3);
    expect([...packed.values()]).toEqual([SIZE, SIZE]);
  });
});
