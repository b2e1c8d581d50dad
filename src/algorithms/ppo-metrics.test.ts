/** What PPO reports, against its definitions, on numbers small enough to add up by hand. */
import { describe, expect, it } from "vitest";
import type { Completion } from "../generate/index.js";
import type { Trajectory } from "./ppo.js";
import { rolloutMetrics, sampleOf, type UpdateMetrics, updateMetrics } from "./ppo-metrics.js";
import { samplerGap, sequenceKl } from "./rollout-metrics.js";
import { meanOf, moments, sumOf } from "./statistics.js";

function trajectory(
  finishReason: Completion["finishReason"],
  numbers: Pick<Trajectory, "score" | "entropy" | "reward" | "rewards"> & {
    logProbs: number[];
    referenceLogProbs: number[];
    sampled: number[];
    values: number[];
    returns: number[];
    text?: string;
  },
): Trajectory {
  const { sampled, text, ...rest } = numbers;
  return {
    ...rest,
    sequence: { ids: [], lossMask: [] },
    completion: { ids: sampled.map((_, t) => t), logProbs: sampled, finishReason, text },
    logProbs: Float32Array.from(rest.logProbs),
    referenceLogProbs: Float32Array.from(rest.referenceLogProbs),
    values: Float32Array.from(rest.values),
    returns: Float64Array.from(rest.returns),
    prompt: { ids: [1], text: "say" },
    tokenRewards: new Float64Array(),
    advantages: new Float64Array(),
  };
}

const TWO: Trajectory[] = [
  trajectory("stop", {
    score: 3,
    entropy: 1.5,
    text: "ab",
    reward: 5,
    rewards: { kind: 5, brief: 0 },
    logProbs: [-1, -2],
    referenceLogProbs: [-1.5, -2.25],
    sampled: [-1, -2.5],
    values: [1, 2],
    returns: [2, 4],
  }),
  trajectory("length", {
    score: -1,
    entropy: 0.5,
    reward: 1,
    rewards: { kind: 3, brief: -2 },
    logProbs: [-4],
    referenceLogProbs: [-3.5],
    sampled: [-3.75],
    values: [0.5],
    returns: [0],
  }),
];

describe("the metrics of a batch of responses", () => {
  const metricsOf = () => rolloutMetrics(TWO, 0.2);

  it("are means over responses", () => {
    const metrics = metricsOf();
    // KL: (-3 + 3.75) and (-4 + 3.5): .75 and -.5, mean .125.
    expect(metrics).toMatchObject({
      "objective/kl": 0.125,
      "objective/entropy": 3.5,
      "objective/non_score_reward": -0.025,
      "objective/rlhf_reward": 1 - 0.025,
      "objective/scores": 3,
      "objective/kl_coef": 0.2,
      "policy/token_entropy": 1,
      "val/num_eos_tokens": 1,
      "response/length": 1.5,
      "response/truncated": 0.5,
      "rewards/kind": 4,
      "rewards/brief": -1,
    });
    expect(metrics["objective/scores_std"]).toBeCloseTo(Math.sqrt(8), 12); // of a sample: (4 + 4) / 1
  });

  it("count as truncated who reached the limit, not who ended", () => {
    const [ended, cut] = TWO;
    const metrics = rolloutMetrics([ended, ended, ended, cut], 0.2);
    expect(metrics).toMatchObject({ "response/truncated": 0.25, "val/num_eos_tokens": 3 });
  });

  it("say how much of the returns' variance the values explain", () => {
    // Errors 1, 2, -.5: mean 5/6. Returns 2, 4, 0: variance 4.
    const mean = 2.5 / 3;
    const variance = ((1 - mean) ** 2 + (2 - mean) ** 2 + (-0.5 - mean) ** 2) / 2;
    expect(metricsOf()["val/explained_variance"]).toBeCloseTo(1 - variance / 4, 12);
    const even = TWO.map((t) => ({ ...t, returns: t.returns.map(() => 7) }));
    expect(rolloutMetrics(even, 0.2)["val/explained_variance"]).toBe(0);
  });

  it("do not hang on which way the sampler's numbers err", () => {
    expect(samplerGap(TWO)).toBe(0.5); // the trainer's are .5 above, and .25 below
    const [first] = TWO;
    const below = { ...first, completion: { ...first.completion, logProbs: [-1, -1] } };
    expect(samplerGap([below])).toBe(1);
  });

  it("show a response with its own KL and score", () => {
    expect(sampleOf(TWO[0])).toEqual({
      prompt: "say",
      response: "ab",
      score: 3,
      kl: 0.75,
      tokens: 2,
      finishReason: "stop",
    });
    expect(sampleOf(TWO[1])).toMatchObject({ response: "", tokens: 1 });
    expect(sequenceKl(TWO[1])).toBe(-0.5);
  });
});

describe("the metrics of an iteration's updates", () => {
  const update = (by: number): UpdateMetrics => ({
    policyLoss: by,
    valueLoss: 2 * by,
    approxKl: 3 * by,
    clipFraction: 4 * by,
    valueClipFraction: 5 * by,
    entropy: 6 * by,
    ratio: 7 * by,
    ratioVariance: 8 * by,
    policyGradNorm: 9 * by,
    valueGradNorm: 10 * by,
  });

  it("are means, and what the first one said", () => {
    expect(updateMetrics([update(1), update(2), update(6)])).toEqual({
      "loss/policy_avg": 3,
      "loss/value_avg": 6,
      "policy/approxkl_avg": 9,
      "policy/clipfrac_avg": 12,
      "val/clipfrac_avg": 15,
      "policy/entropy_avg": 18,
      "val/ratio": 21,
      "val/ratio_var": 24,
      "policy/grad_norm": 27,
      "val/grad_norm": 30,
      updates: 3,
      "first/ratio": 7,
      "first/approxkl": 3,
      "first/clipfrac": 4,
    });
  });
});

describe("statistics", () => {
  it("are those of a sample, over all rows as one", () => {
    expect(sumOf([1, 2, 4])).toBe(7);
    expect(meanOf([1, 2, 6])).toBe(3);
    expect(meanOf([])).toBeNaN();
    expect(moments([[1, 2], [], [6]])).toEqual({ mean: 3, variance: 7, count: 3 });
    expect(moments([[4]])).toEqual({ mean: 4, variance: 0, count: 1 });
  });
});
