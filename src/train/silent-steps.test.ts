import { describe, expect, it } from "vitest";
import { silenceOf, silenceOfRun } from "./silent-steps.js";

const PPO = { batchSize: 8, missingEosPenalty: null, missingEosScore: null };
const GRPO = { batchSize: 8, maskTruncated: false };
const metrics = (std: number, others: Record<string, number> = {}) => ({
  "objective/scores_std": std,
  "response/truncated": 0,
  ...others,
});

describe("an iteration of PPO", () => {
  it("is silent where all rewards are equal", () => {
    expect(silenceOf(metrics(0), PPO)).toContain("objective/scores_std 0");
    expect(silenceOf(metrics(0.1), PPO)).toBeUndefined();
    expect(silenceOf(metrics(0), { ...PPO, batchSize: 1 })).toBeUndefined();
  });

  it("is not where the scores differ by the end of the response", () => {
    const some = metrics(0, { "response/truncated": 0.5 });
    expect(silenceOf(some, PPO)).toBeDefined();
    expect(silenceOf(some, { ...PPO, missingEosPenalty: 1 })).toBeUndefined();
    expect(silenceOf(some, { ...PPO, missingEosScore: 0 })).toBeUndefined();
    expect(
      silenceOf(metrics(0, { "response/truncated": 1 }), { ...PPO, missingEosPenalty: 1 }),
    ).toBeDefined();
  });
});

describe("an iteration of GRPO", () => {
  it("is silent where the rewards of every group are equal, whatever they are between groups", () => {
    expect(silenceOf(metrics(2, { frac_reward_zero_std: 1 }), GRPO)).toContain("frac_reward_zero_std 1");
    expect(silenceOf(metrics(0, { frac_reward_zero_std: 0.9 }), GRPO)).toBeUndefined();
  });

  it("is silent where every response is masked", () => {
    const cut = metrics(1, { "response/truncated": 1, frac_reward_zero_std: 0 });
    expect(silenceOf(cut, { ...GRPO, maskTruncated: true })).toContain("maskTruncated");
    expect(silenceOf(cut, GRPO)).toBeUndefined();
  });
});

it("a run says how many of its iterations were silent", () => {
  expect(silenceOfRun([metrics(1), metrics(1)], PPO)).toBeUndefined();
  expect(silenceOfRun([metrics(0), metrics(1)], PPO)).toMatch(
    /^1 of 2 iterations had nothing to learn from: all/,
  );
  expect(silenceOfRun([metrics(0), metrics(0)], PPO)).toMatch(
    /^none of the 2 iterations had anything to learn from: all/,
  );
});
