import fc from "fast-check";
import { expect, test } from "vitest";
import { relativeError } from "../../../test/evaluate.js";
import { RandomStream } from "../../base/random.js";
import { OrtRuntime } from "../../runtime/ort/index.js";
import { rotatedRows, spreadingRotation } from "./rotation.js";

const runtime = new OrtRuntime({ threads: 1 });

/** x R, in f64. */
const rotated = (x: ArrayLike<number>, rotation: Float32Array): number[] => {
  const size = x.length;
  return Array.from({ length: size }, (_, k) => {
    let total = 0;
    for (let i = 0; i < size; i++) total += x[i] * rotation[i * size + k];
    return total;
  });
};

test("of any size it is orthogonal, and no entry is large", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90 }), (size) => {
      const rotation = spreadingRotation(size);
      for (const entry of rotation) expect(Math.abs(entry)).toBeLessThanOrEqual(Math.sqrt(2 / size) + 1e-6);
      for (let i = 0; i < size; i++)
        for (let j = 0; j <= i; j++) {
          let dot = 0;
          for (let k = 0; k < size; k++) dot += rotation[i * size + k] * rotation[j * size + k];
          expect(Math.abs(dot - Number(i === j))).toBeLessThan(1e-5);
        }
    }),
    { numRuns: 30, seed: 5 },
  );
});

test("an outlier channel is spread: the largest of a row falls from 40 deviations to a few", () => {
  const x = new RandomStream(1, "row").fillNormal(new Float32Array(576), 1);
  x[17] = 40;
  const spread = rotated(x, spreadingRotation(576));
  const deviation = Math.sqrt(spread.reduce((total, value) => total + value * value, 0) / 576);
  expect(Math.max(...spread.map(Math.abs)) / deviation).toBeLessThan(5);
});

test("products stay what they were when both sides are rotated", async () => {
  const random = new RandomStream(2, "matrix");
  const [V, D] = [23, 36];
  const matrix = random.fillNormal(new Float32Array(V * D), 1);
  const x = random.fillNormal(new Float32Array(D), 1);
  const rotation = spreadingRotation(D);
  const turned = await rotatedRows(runtime, matrix, rotation);
  const xTurned = rotated(x, rotation);
  const product = (row: ArrayLike<number>, of: Float32Array): number[] =>
    Array.from({ length: V }, (_, v) => {
      let total = 0;
      for (let k = 0; k < D; k++) total += row[k] * of[v * D + k];
      return total;
    });
  expect(relativeError(product(xTurned, turned), product(x, matrix))).toBeLessThan(1e-5);
});
