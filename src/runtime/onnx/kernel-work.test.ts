import { expect, test } from "vitest";
import { kernelWork } from "./kernel-work.js";

const float = (...shape: number[]) => ({ float: shape });

test.each([
  ["Gemm", [float(1024, 576), float(16, 576)], [float(1024, 16)], "1024x576x16", 1024 * 576 * 16],
  [
    "Gemm, first factor transposed",
    [float(1024, 16), float(1024, 576)],
    [float(16, 576)],
    "16x1024x576",
    16 * 1024 * 576,
  ],
  [
    "MatMul, weights packed away",
    [float(2, 64, 576)],
    [float(2, 64, 96)],
    "2 of 64x576x96",
    2 * 64 * 576 * 96,
  ],
  [
    "FusedMatMul",
    [float(8, 3, 384, 64), float(8, 3, 128, 64)],
    [float(8, 3, 384, 128)],
    "24 of 384x64x128",
    24 * 384 * 64 * 128,
  ],
  ["MatMulIntegerToFloat", [{ uint8: [1024, 576] }], [float(1024, 1536)], "1024x576x1536", 1024 * 576 * 1536],
])("the work of %s", (name, inputs, outputs, size, products) => {
  const work = kernelWork(name.split(",")[0], inputs, outputs);
  expect(work.size).toBe(size);
  expect(work.flops).toBe(2 * products);
  if (name === "MatMulIntegerToFloat") expect(work.bytes).toBe(1024 * 576 + 576 * 1536 + 4 * 1024 * 1536);
  if (name === "Gemm") expect(work.bytes).toBe(4 * (1024 * 576 + 576 * 16 + 1024 * 16));
});

test("others are counted by what they read and write", () => {
  expect(kernelWork("Add", [float(4, 8), float(4, 8)], [float(4, 8)])).toEqual({
    flops: 0,
    bytes: 384,
    size: "",
  });
  expect(
    kernelWork("QuantizeLinear", [float(4, 8), float(4), { uint8: [4] }], [{ uint8: [4, 8] }]).bytes,
  ).toBe(180);
  expect(kernelWork("Gather", [float(49152, 576), { int64: [2] }], [float(2, 576)]).bytes).toBe(2 * 4 * 1152);
  expect(kernelWork("Reshape", [float(4, 8), { int64: [1] }], [float(32)]).bytes).toBe(0);
});
