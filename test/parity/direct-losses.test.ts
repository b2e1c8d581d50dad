import { describe, expect, test } from "vitest";
import { type DpoConfig, dpoLoss } from "../../src/algorithms/dpo.js";
import { klPoint, ktoLoss } from "../../src/algorithms/kto.js";
import { orpoLoss } from "../../src/algorithms/orpo.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { gradients, type Tensor } from "../../src/tensor/index.js";
import { evaluate, f32, type Given, i64, relativeError } from "../evaluate.js";
import { readFixture } from "../fixtures.js";

/** Losses and gradients as plain formulas in f64: scripts/reference/direct_losses.py. */
type Rows = number[][];
interface Fixture {
  beta: Record<string, number>;
  gamma: number;
  inputs: { policy: Rows; reference: Rows; prompts: Rows; noise: number[]; weights: number[] };
  dpo: {
    cases: {
      lossType: DpoConfig["lossType"];
      variant: string;
      sftWeight: number;
      weighted: boolean;
      referenceFree: boolean;
      loss: number;
      rewards: number[];
      gradient: Rows;
    }[];
    others: Record<
      "ipoOfSums" | "sigmoidWithLabelSmoothing" | "sftOverTokens" | "sftOverPairs" | "simpoWithNll",
      number
    >;
  };
  kto: {
    beta: number;
    labels: boolean[];
    cases: {
      variant: string;
      desirableWeight: number;
      undesirableWeight: number;
      weights: number[];
      mismatched: number[];
      kl: number;
      loss: number;
      gradient: Rows;
    }[];
  };
  orpo: {
    beta: number;
    cases: {
      variant: string;
      promptLoss: boolean;
      weighted: boolean;
      loss: number;
      ratios: number[];
      gradient: Rows;
      promptGradient: Rows;
    }[];
    others: Record<"nllOverAllTokens" | "lossOverAllTokens", number>;
  };
}
const { beta, gamma, inputs, ...fixture } = readFixture<Fixture>("direct_losses.json");
const F32 = 1e-5;
const runtime = new OrtRuntime({ threads: 1 });
const pairs = inputs.noise.length;
const ones = new Array<number>(pairs).fill(1);

/** Two tokens of padding, whose log-probabilities must not matter. */
const PADDING = [-7, -9];
const padded = (values: readonly number[], padding: readonly number[] = PADDING): Given =>
  f32([values.length + 2], [...values, ...padding]);
/** A list over all tokens, with whose each is. */
function tokens(rows: Rows) {
  const owners = rows.flatMap((row, i) => row.map(() => i));
  return {
    logProbs: padded(rows.flat()),
    weights: padded(
      owners.map(() => 1),
      [0, 0],
    ),
    sequence: i64([owners.length + 2], [...owners, 0, 0]),
    lengths: f32(
      [rows.length],
      rows.map(({ length }) => length),
    ),
  };
}

const dpoStep = (
  settings: Pick<DpoConfig, "lossType" | "sftWeight" | "referenceFree">,
  { noise = inputs.noise, weights = ones, reference = inputs.reference } = {},
) =>
  evaluate(
    runtime,
    {
      ...tokens(inputs.policy),
      reference: padded(reference.flat()),
      noise: f32([pairs], noise),
      share: f32(
        [pairs],
        weights.map((w) => w / pairs),
      ),
    },
    (x) => withGradient(dpoLoss(x, { beta: null, gamma: null, ...settings }), x),
  );
const withGradient = <O extends { loss: Tensor }>(out: O, x: { logProbs: Tensor }) => ({
  ...out,
  d: gradients(out.loss, [x.logProbs])[0],
});
const flat = (rows: Rows): number[] => [...rows.flat(), 0, 0];

describe.each(fixture.dpo.cases)("dpo, $lossType, $variant", (want) => {
  test("loss, gradient and implicit rewards", async () => {
    const { lossType, sftWeight, referenceFree, weighted } = want;
    const out = await dpoStep(
      { lossType, sftWeight, referenceFree },
      weighted ? { weights: inputs.weights } : {},
    );
    expect(relativeError(out.loss, [want.loss])).toBeLessThan(F32);
    expect(relativeError(out.d, flat(want.gradient))).toBeLessThan(F32);
    expect(relativeError(out.rewards, want.rewards)).toBeLessThan(F32);
  });
});

describe("where systems disagree", () => {
  const { others } = fixture.dpo;
  const plain = { sftWeight: 0, referenceFree: false };
  const stored = (lossType: string): number =>
    fixture.dpo.cases.find((one) => one.lossType === lossType && one.variant === "plain")?.loss ?? Number.NaN;

  test("ipo is of means per token, as its authors confirmed; OpenRLHF's is of sums", () => {
    expect(Math.abs(stored("ipo") / others.ipoOfSums - 1)).toBeGreaterThan(0.1);
  });

  test("TRL's sigmoid ignores label smoothing; cdpo reads it, and is sigmoid without any", async () => {
    expect(others.sigmoidWithLabelSmoothing).toBeCloseTo(stored("sigmoid"), 8);
    expect(Math.abs(stored("cdpo") - stored("sigmoid"))).toBeGreaterThan(1e-3);
    const noise = ones.map(() => 0);
    for (const lossType of ["cdpo", "robust"] as const) {
      const { loss } = await dpoStep({ ...plain, lossType }, { noise });
      expect(relativeError(loss, [stored("sigmoid")])).toBeLessThan(F32);
    }
  });

  test("the SFT term is a mean over pairs of means over tokens; TRL's is over the batch's tokens", async () => {
    const { loss } = await dpoStep({ ...plain, lossType: "sigmoid", sftWeight: 1 });
    expect(relativeError(loss, [stored("sigmoid") + others.sftOverPairs])).toBeLessThan(F32);
    expect(Math.abs(others.sftOverPairs - others.sftOverTokens)).toBeGreaterThan(0.02);
  });

  test("simpo has no NLL term, which TRL's default adds", () => {
    expect(others.simpoWithNll - stored("simpo")).toBeCloseTo(others.sftOverTokens, 6);
  });

  test("ORPO's first term reads answers alone; TRL's reads prompts, and is over the batch's tokens", () => {
    const [alone, prompts] = fixture.orpo.cases;
    for (const one of [alone, prompts])
      expect(Math.abs(one.loss - fixture.orpo.others.lossOverAllTokens)).toBeGreaterThan(0.003);
    expect(Math.abs(alone.loss - prompts.loss)).toBeGreaterThan(0.01);
  });

  test("defaults: beta 0.1, of simpo 2.5 with gamma 1.375, of sigmoid-norm 5", () => {
    expect(beta).toEqual({ default: 0.1, "sigmoid-norm": 5, simpo: 2.5 });
    expect(gamma).toBe(1.375);
  });
});

test("where policy and reference agree, the logistic losses are log 2", async () => {
  for (const lossType of ["sigmoid", "sigmoid-norm", "cdpo", "robust"] as const) {
    const settings = { lossType, sftWeight: 0, referenceFree: false };
    const { loss } = await dpoStep(settings, { reference: inputs.policy });
    expect(Math.abs((loss[0] as number) - Math.LN2)).toBeLessThan(1e-7);
  }
});

describe.each(fixture.kto.cases)("kto, $variant", (want) => {
  test("loss and gradient", async () => {
    const { labels } = fixture.kto;
    expect(klPoint(want.mismatched)).toBeCloseTo(want.kl, 7);
    const out = await evaluate(
      runtime,
      {
        ...tokens(inputs.policy),
        reference: padded(inputs.reference.flat()),
        sign: f32(
          [labels.length],
          labels.map((label) => (label ? 1 : -1)),
        ),
        share: f32(
          [labels.length],
          labels.map(
            (label, i) =>
              (want.weights[i] * (label ? want.desirableWeight : want.undesirableWeight)) / labels.length,
          ),
        ),
        kl: f32([], [want.kl]),
      },
      (x) => withGradient(ktoLoss(x, { beta: fixture.kto.beta }), x),
    );
    expect(relativeError(out.loss, [want.loss])).toBeLessThan(F32);
    expect(relativeError(out.d, flat(want.gradient))).toBeLessThan(F32);
  });
});

describe.each(fixture.orpo.cases)("orpo, $variant", (want) => {
  test("loss, gradient and odds", async () => {
    // Of each chosen text the prompt's tokens come first, where they are read.
    const prompts = want.promptLoss ? inputs.prompts : [];
    const rows = inputs.policy.map((row, i) => [...(prompts[i] ?? []), ...row]);
    const { lengths: read, ...given } = tokens(rows);
    const answers = inputs.policy.flatMap((row, i) => [
      ...(prompts[i] ?? []).map(() => 0),
      ...row.map(() => 1),
    ]);
    const weights = want.weighted ? inputs.weights : ones;
    const out = await evaluate(
      runtime,
      {
        ...given,
        answers: padded(answers),
        lengths: f32(
          [2 * pairs],
          inputs.policy.map(({ length }) => length),
        ),
        imitated: read,
        share: f32(
          [pairs],
          weights.map((w) => w / pairs),
        ),
      },
      (x) => withGradient(orpoLoss(x, { beta: fixture.orpo.beta }), x),
    );
    const gradient = want.gradient.map((row, i) => [
      ...(want.promptLoss ? (want.promptGradient[i] ?? []) : []),
      ...row,
    ]);
    expect(relativeError(out.loss, [want.loss])).toBeLessThan(F32);
    expect(relativeError(out.ratios, want.ratios)).toBeLessThan(F32);
    expect(relativeError(out.d, flat(gradient))).toBeLessThan(F32);
  });
});
