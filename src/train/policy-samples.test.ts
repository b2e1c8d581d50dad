import { describe, expect, it } from "vitest";
import novelty from "../../recipes/novelty.mjs";
import { comparePolicies, type PolicySample } from "./policy-samples.js";

const sample = (model: number, brevity: number, ids: number[]): PolicySample => ({
  ids,
  text: "",
  reward: 2 * model + brevity,
  rewards: { model, brevity },
  finishReason: "stop",
});

describe("comparePolicies", () => {
  const prompts = ["a", "b"].map((text) => ({ text, ids: [1] }));
  const before = [sample(0, 4, [1, 2, 3, 4]), sample(2, 4, [5, 6, 7, 8])];
  const after = [sample(3, 4, [1, 2, 3]), sample(5, 0, [1, 2, 3])];
  const figures = comparePolicies(prompts, before, after, [1, 3]);

  it("gives the gain of the sum and of each source, in deviations of the start", () => {
    expect(figures.rewardStd).toBeCloseTo(Math.sqrt(8), 12);
    expect(figures.gain.estimate).toBeCloseTo((6 + 2) / 2 / Math.sqrt(8), 12);
    expect(figures.gains.model.estimate).toBeCloseTo(3 / Math.sqrt(2), 12);
    expect(figures.gains.brevity.estimate).toBe(-2);
  });

  it("counts three-token sequences that occur once", () => {
    expect(figures.distinct3).toEqual({ before: 1, after: 0.5, ratio: 0.5 });
    expect(figures.length).toEqual({ before: 4, after: 3 });
    expect(figures.klPerResponse.estimate).toBe(2);
  });
});

describe("recipes/novelty.mjs", () => {
  it("is minus the share of sequences that another response has", () => {
    const ids = [
      [1, 2, 3, 4],
      [0, 1, 2, 3],
      [7, 7, 7, 7, 7],
      [1, 2],
    ];
    expect(novelty(ids.map((own) => ({ ids: own })))).toEqual([-0.5, -0.5, -0, -0]);
  });
});
