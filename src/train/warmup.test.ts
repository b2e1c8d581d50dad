import { expect, test } from "vitest";
import { learningRate, warmupSteps } from "../optim/index.js";
import { doubtOfWarmup } from "./warmup.js";

test("a run of one step learns nothing in its warm-up, and that is said", () => {
  const warmup = warmupSteps(1, { warmupRatio: 0.03 });
  expect(learningRate(0, 1, "linear", warmup, 1)).toBe(0);
  expect(doubtOfWarmup(1, warmup, "steps")).toMatch(/only step .* learning rate of 0: nothing is learned/);
});

test("a warm-up of all steps ends below the peak, at the rate that is named", () => {
  const warmup = warmupSteps(4, { warmupRatio: 1 });
  expect(learningRate(3, 1, "constant", warmup, 4)).toBe(0.75);
  expect(doubtOfWarmup(4, warmup, "iterations")).toMatch(/all 4 iterations: .* 75% of its peak/);
});

test("a shorter warm-up, or none, is not doubted", () => {
  expect(doubtOfWarmup(1, warmupSteps(1, { warmupRatio: 0 }), "steps")).toBeUndefined();
  expect(doubtOfWarmup(2, warmupSteps(2, { warmupRatio: 0.03 }), "steps")).toBeUndefined();
  expect(doubtOfWarmup(4, warmupSteps(4, { warmupRatio: 0.75 }), "steps")).toBeUndefined();
});
