import { describe, expect, test } from "vitest";
import { groupAdvantages, grpoLoss, tokenWeights } from "../../src/algorithms/grpo.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { gradients } from "../../src/tensor/index.js";
import { evaluate, f32, relativeError } from "../evaluate.js";
import { readFixture } from "../fixtures.js";

/** Losses and gradients by TRL's own GRPOTrainer, in f64: scripts/reference/grpo_loss.py. */
type Rows = number[][];
interface Fixture {
  epsilon: number;
  lengths: number[];
  longest: number;
  truncated: number[];
  /** Of the iteration, of which this is one. */
  updates: number;
  /** Tokens of the others. */
  otherTokens: number;
  inputs: { logProbs: Rows; old: Rows; reference: Rows; mask: Rows; advantages: number[] };
  cases: {
    lossType: "grpo" | "dr_grpo" | "bnpo" | "dapo";
    beta: number;
    epsilonHigh: number;
    maskTruncated: boolean;
    loss: number;
    gradient: Rows;
    kl: number | null;
    clippedLow: number;
    clippedHigh: number;
  }[];
  advantages: Record<"group" | "batch" | "none", number[]> & { scores: Rows };
}
const fixture = readFixture<Fixture>("grpo_loss.json");
const { epsilon, lengths, longest, truncated, updates, otherTokens, inputs, cases, advantages } = fixture;
const F32 = 1e-5;
const runtime = new OrtRuntime({ threads: 1 });

describe.each(cases)("$lossType, beta $beta, epsilonHigh $epsilonHigh, masked $maskTruncated", (want) => {
  test("loss, gradient, KL and clip fractions", async () => {
    const { lossType, beta, epsilonHigh, maskTruncated } = want;
    const learned = lengths.map((n, i) => (maskTruncated && truncated.includes(i) ? 0 : n));
    const read = learned.reduce((a, b) => a + b, 0);
    const settings = { lossType, maxNewTokens: longest, miniBatches: updates };
    const shares = tokenWeights(learned, read + otherTokens, settings);
    const column = (value: (i: number, t: number) => number) =>
      f32(
        [lengths.length * longest],
        lengths.flatMap((_, i) => Array.from({ length: longest }, (_, t) => value(i, t))),
      );
    const given = {
      logProbs: column((i, t) => inputs.logProbs[i][t]),
      old: column((i, t) => inputs.old[i][t]),
      reference: column((i, t) => inputs.reference[i][t]),
      advantages: column((i) => inputs.advantages[i]),
      share: column((i, t) => (t < learned[i] ? shares[i] : 0)),
      weights: column((i, t) => (t < learned[i] ? 1 : 0)),
    };
    const out = await evaluate(runtime, given, (x) => {
      const terms = grpoLoss(x, { epsilon, epsilonHigh, beta });
      return { ...terms, d: gradients(terms.loss, [x.logProbs])[0] };
    });
    const mean = (key: string): number => (out[key][0] as number) / read;
    expect(relativeError(out.loss, [want.loss])).toBeLessThan(F32);
    expect(relativeError(out.d, want.gradient.flat())).toBeLessThan(F32);
    if (want.kl !== null) expect(mean("kl")).toBeCloseTo(want.kl, 5);
    expect(mean("clippedLow")).toBeCloseTo(want.clippedLow, 6);
    expect(mean("clippedHigh")).toBeCloseTo(want.clippedHigh, 6);
  });
});

test("every loss type clips on both sides, and has a KL", () => {
  expect(new Set(cases.map(({ lossType }) => lossType)).size).toBe(4);
  expect(cases.every(({ clippedLow, clippedHigh }) => clippedLow > 0 && clippedHigh > 0)).toBe(true);
  expect(cases.filter(({ kl }) => kl !== null).length).toBe(8);
});

test.each(["group", "batch", "none"] as const)("advantages, scaled by %s", (scale) => {
  const { scores } = advantages;
  const ours = groupAdvantages(scores.flat(), scores[0].length, scale);
  // TRL's n / (n - 1) is a 32-bit number: the deviation of four rewards is 1.5e-8 off in it.
  expect(relativeError(ours, advantages[scale])).toBeLessThan(1e-7);
});
