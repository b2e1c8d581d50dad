import { expect, test } from "vitest";
import { add, matmul, recomputed, type Tensor, trace } from "../../tensor/index.js";
import { constantWeights } from "./packing.js";

/** Products of `many` with 600 rows, of `few` with 8, of `both` with either. */
const program = (wrap: (build: () => Tensor) => Tensor) => {
  const f32 = (...shape: number[]) => ({ shape, dtype: "f32" as const });
  const weight = { ...f32(4, 4), frozen: true };
  const inputs = { long: f32(600, 4), short: f32(8, 4), many: weight, few: weight, both: weight };
  return trace("products", inputs, ({ long, short, many, few, both }) => ({
    y: wrap(() => add(matmul(long, many), matmul(long, both))),
    z: wrap(() => add(matmul(short, few), matmul(short, both))),
  }));
};

test("every frozen matrix is a constant, packed for its products", () => {
  expect([...constantWeights(program((build) => build()))].sort()).toEqual(["both", "few", "many"]);
});

test("where layers are recomputed, matrices that only many rows are multiplied with are not", () => {
  expect([...constantWeights(program(recomputed))].sort()).toEqual(["both", "few"]);
});
