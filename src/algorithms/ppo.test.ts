import { describe, expect, test } from "vitest";
import { PPO, ppoRun } from "../../test/golden/runs.js";
import { finalScore, ppoSchema } from "./ppo.js";
import type { Step } from "./step.js";

describe("what PPO must show", () => {
  test.each(["never", "always"] as const)(
    "the first update of every iteration starts from the sampling policy: ratio 1, nothing clipped; packing %s",
    async (packing) => {
      const steps: Step[] = [];
      await ppoRun(undefined, { packing }, (step) => steps.push(step));
      expect(steps.length).toBe(PPO.iterations);
      for (const { metrics } of steps) {
        expect(Math.abs(metrics["first/ratio"] - 1)).toBeLessThan(1e-5);
        expect(metrics["first/clipfrac"]).toBe(0);
        expect(metrics["first/approxkl"]).toBeLessThan(1e-5);
        expect(metrics["val/sampler_gap"]).toBeLessThan(1e-4);
        expect(metrics["policy/approxkl_avg"]).toBeGreaterThan(1e-5); // and then it moves
        // About the ratios' mean, which is about 1: twice the approximate KL, to second order.
        const spread = metrics["val/ratio_var"] / (2 * metrics["policy/approxkl_avg"]);
        expect(Math.abs(Math.log(spread))).toBeLessThan(Math.log(2));
        expect(metrics.updates).toBe(PPO.epochs * PPO.miniBatches);
      }
      expect(steps[0].metrics["objective/kl"]).toBeCloseTo(0, 4);
      expect(steps[4].metrics["objective/kl"]).toBeGreaterThan(0.01);
    },
  );

  test("the reward rises", async () => {
    const scores: number[] = [];
    const settings = {
      iterations: 20,
      batchSize: 24,
      learningRate: 5e-3,
      adaptiveKlTarget: null,
      klCoefficient: 0.01,
      missingEosPenalty: null,
    };
    await ppoRun(undefined, settings, ({ metrics }) => scores.push(metrics["objective/scores"]));
    const mean = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    expect(mean(scores.slice(-3))).toBeGreaterThan(2 * mean(scores.slice(0, 3)));
  });

  test("adaptive KL follows Ziegler's rule from iteration to iteration", async () => {
    const steps: Step[] = [];
    await ppoRun(undefined, {}, (step) => steps.push(step));
    for (const [i, { metrics }] of steps.slice(1).entries()) {
      const before = steps[i].metrics;
      const error = Math.min(0.2, Math.max(-0.2, before["objective/kl"] / 3 - 1));
      expect(metrics["objective/kl_coef"]).toBeCloseTo(
        before["objective/kl_coef"] * (1 + (error * PPO.batchSize) / PPO.klHorizon),
        9,
      );
    }
  });

  test("a budget stops the run and says why; a limit ends an iteration's updates", async () => {
    const steps: Step[] = [];
    await ppoRun(undefined, { learningRate: 0.02, klBudget: 0.05, iterations: 10 }, (step) =>
      steps.push(step),
    );
    expect(steps.length).toBeLessThan(10);
    expect(steps[steps.length - 1].stopped).toMatch(/^KL per response \d+\.\d+ exceeds the budget of 0\.05$/);
    const limited: Step[] = [];
    await ppoRun(undefined, { learningRate: 0.02, targetKl: 1e-6, iterations: 1 }, (step) =>
      limited.push(step),
    );
    expect(limited[0].metrics.updates).toBe(2); // the first one starts at 0
  });

  test("settings that contradict each other are errors", async () => {
    await expect(ppoRun(undefined, { miniBatches: 3 })).rejects.toThrow(
      "batchSize / miniBatches: 16 is not a multiple of 3",
    );
    await expect(ppoRun(undefined, { missingEosScore: -1 })).rejects.toThrow("exclude each other");
  });
});

describe("the final score", () => {
  const config = (changes: object) => ppoSchema.parse(changes);
  test.each([
    [2, true, {}, 2],
    [2, false, {}, 2],
    [2, false, { missingEosPenalty: 1 }, 1],
    [2, true, { missingEosPenalty: 1 }, 2],
    [2, false, { missingEosScore: -1 }, -1],
    [2, true, { missingEosScore: -1 }, 2],
    [9, true, { scoreClip: 5 }, 5],
    [-9, true, { scoreClip: 5 }, -5],
    [-4.5, false, { scoreClip: 5, missingEosPenalty: 1 }, -5],
  ])("of %d, ended: %s, with %j is %d", (score, ended, changes, want) => {
    expect(finalScore(score, ended, config(changes))).toBe(want);
  });
});
