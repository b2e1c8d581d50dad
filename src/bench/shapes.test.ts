import { expect, test } from "vitest";
import { matrixElements, SMOLLM2_135M, trainingFlopsPerToken, weightBytes } from "./shapes.js";

test("the shape has as many parameters as SmolLM2-135M", () => {
  expect(weightBytes(SMOLLM2_135M) / 4).toBe(134_515_008);
});

test("operations of a training step: 6 a matrix element in full, 4 with a frozen base, and the causal half of attention", () => {
  const matrices = matrixElements(SMOLLM2_135M);
  const attention = 30 * 9 * 64 * 4 * (129 / 2);
  expect(trainingFlopsPerToken(SMOLLM2_135M, 128, null)).toBe(6 * matrices + 3 * attention);
  expect(trainingFlopsPerToken(SMOLLM2_135M, 128, 1000)).toBe(4 * matrices + 6000 + 3 * attention);
});
