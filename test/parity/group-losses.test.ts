import { describe, expect, test } from "vitest";
import { policyLoss } from "../../src/algorithms/ppo.js";
import { lessGroupMean, normalizedReturns } from "../../src/algorithms/reinforce.js";
import { leaveOneOutAdvantages, rlooLoss } from "../../src/algorithms/rloo.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { gradients, mul } from "../../src/tensor/index.js";
import { evaluate, f32, type Given, i64, relativeError } from "../evaluate.js";
import { readFixture } from "../fixtures.js";

/** RLOO and REINFORCE++ as plain formulas in f64: scripts/reference/group_losses.py. */
type Rows = number[][];
interface Fixture {
  groupSize: number;
  epsilon: number;
  rewards: number[];
  unscorable: number;
  inputs: Record<"old" | "logProbs" | "reference", Rows>;
  rloo: {
    klCoefficient: number;
    epsilonHigh: number;
    unscorable: boolean;
    advantages: number[];
    loss: number;
    gradient: Rows;
    ratio: number;
    clippedLow: number;
    clippedHigh: number;
  }[];
  reinforce: {
    klCoefficient: number;
    gamma: number;
    baseline: "none" | "group";
    unscorable: boolean;
    advantages: Rows;
    loss: number;
    gradient: Rows;
    approxKl: number;
    ratio: number;
    clipped: number;
  }[];
  others: Record<"rlooOfTokens" | "whitenedOverN", number>;
}
const { groupSize, epsilon, rewards, inputs, others, ...cases } = readFixture<Fixture>("group_losses.json");
const F32 = 1e-5;
const runtime = new OrtRuntime({ threads: 1 });
const N = rewards.length;
const M = inputs.old.flat().length;

/** Two tokens of padding, whose log-probabilities must not matter. */
const padded = (values: readonly number[], padding: readonly number[] = [-7, -9]): Given =>
  f32([M + 2], [...values, ...padding]);
const TOKENS = {
  logProbs: padded(inputs.logProbs.flat()),
  old: padded(inputs.old.flat()),
  weights: padded(new Array(M).fill(1), [0, 0]),
};
/** The rewards, without one that is not known. */
const known = (unscorable: boolean): (number | null)[] =>
  rewards.map((reward, i) => (unscorable && i === cases.unscorable ? null : reward));
const kl = inputs.old.map((own, i) => own.reduce((sum, x, t) => sum + x - inputs.reference[i][t], 0));
const responses = (scores: readonly (number | null)[]) =>
  scores.map((score, i) => ({
    score,
    logProbs: Float32Array.from(inputs.old[i]),
    referenceLogProbs: Float32Array.from(inputs.reference[i]),
  }));

describe.each(cases.rloo)(
  "RLOO, beta $klCoefficient, epsilonHigh $epsilonHigh, unscorable $unscorable",
  (want) => {
    test("advantages, loss, gradient and clip fractions", async () => {
      const scores = known(want.unscorable).map((r, i) =>
        r === null ? null : r - want.klCoefficient * kl[i],
      );
      const advantages = leaveOneOutAdvantages(scores, groupSize);
      expect(relativeError(advantages, want.advantages)).toBeLessThan(1e-8);
      const given = {
        ...TOKENS,
        sequence: i64([M + 2], [...inputs.old.flatMap((own, i) => own.map(() => i)), 0, 0]),
        // Two places that are left, as in the last micro-batch of a batch.
        advantages: f32([N + 2], [...advantages, 0, 0]),
        share: f32([N + 2], [...advantages.map(() => 1 / N), 0, 0]),
      };
      const out = await evaluate(runtime, given, (x) => {
        const terms = rlooLoss(x, { epsilon, epsilonHigh: want.epsilonHigh });
        return { ...terms, d: gradients(terms.loss, [x.logProbs])[0] };
      });
      expect(relativeError(out.loss, [want.loss])).toBeLessThan(F32);
      expect(relativeError(out.d, [...want.gradient.flat(), 0, 0])).toBeLessThan(F32);
      for (const key of ["ratio", "clippedLow", "clippedHigh"] as const)
        expect(out[key][0]).toBeCloseTo(want[key], 5);
    });
  },
);

describe.each(cases.reinforce)(
  "REINFORCE++, beta $klCoefficient, gamma $gamma, baseline $baseline, unscorable $unscorable",
  (want) => {
    test("advantages, loss, gradient and clip fraction", async () => {
      const given = known(want.unscorable);
      const scores = want.baseline === "group" ? lessGroupMean(given, groupSize) : given;
      const advantages = normalizedReturns(responses(scores), want).map((own) => [...own]);
      expect(relativeError(advantages.flat(), want.advantages.flat())).toBeLessThan(F32); // log-probabilities are f32
      const values = { ...TOKENS, advantages: padded(advantages.flat(), [3, -3]) };
      const out = await evaluate(runtime, values, (x) => {
        const { loss, ...terms } = policyLoss(x.logProbs, x.old, x.advantages, x.weights, epsilon);
        const mean = mul(loss, 1 / M);
        return { ...terms, loss: mean, d: gradients(mean, [x.logProbs])[0] };
      });
      // Normalised advantages add up to 0, so that the loss may be small beside its terms, which are about 1.
      expect(Math.abs((out.loss[0] as number) - want.loss)).toBeLessThan(
        F32 * Math.max(Math.abs(want.loss), 0.1),
      );
      expect(relativeError(out.d, [...want.gradient.flat(), 0, 0])).toBeLessThan(F32);
      for (const key of ["approxKl", "ratio", "clipped"] as const)
        expect((out[key][0] as number) / M).toBeCloseTo(want[key], 5);
    });
  },
);

test("the cases clip on both sides, and other systems' values are others", () => {
  expect(cases.rloo.some(({ clippedLow }) => clippedLow > 0)).toBe(true);
  expect(cases.rloo.some(({ clippedHigh }) => clippedHigh > 0)).toBe(true);
  expect(cases.reinforce.every(({ clipped }) => clipped > 0)).toBe(true);
  // OpenRLHF's: RLOO by tokens, and a deviation over n.
  const [, ours] = cases.rloo;
  expect(Math.abs(others.rlooOfTokens - ours.loss)).toBeGreaterThan(1e-2);
  expect(Math.abs(others.whitenedOverN / cases.reinforce[0].loss - 1)).toBeGreaterThan(1e-3);
});
