import { describe, expect, test } from "vitest";
import {
  adaptKlCoefficient,
  advantagesAndReturns,
  policyLoss,
  sequenceKl,
  tokenRewards,
  valueLoss,
  whiten,
} from "../../src/algorithms/ppo.js";
import { bradleyTerryLoss } from "../../src/algorithms/reward.js";
import { scalarHead } from "../../src/model/decoder.js";
import { entropies } from "../../src/model/sequence-programs.js";
import { AdamW, learningRate } from "../../src/optim/index.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { gatherRows, gradients, mul, neg, sum, type Tensor, tokenLogProbs } from "../../src/tensor/index.js";
import { memoryOf } from "../buffers.js";
import { evaluate, f32, type Given, i64, relativeError } from "../evaluate.js";
import { readFixture } from "../fixtures.js";

/** Losses and gradients by torch and TRL, in f64: scripts/reference/make_fixtures.py. */
type Numbers = number | Numbers[];
interface Case {
  inputs: Record<string, Numbers>;
  outputs: Record<string, Numbers>;
  gradients: Record<string, Record<string, Numbers>>;
}
const { cases } = readFixture<{ cases: Record<string, Case> }>("losses.json");
const F32 = 1e-5;
const F64 = 1e-8; // the file has ten digits
const runtime = new OrtRuntime({ threads: 1 });

const flat = (x: Numbers): number[] => (Array.isArray(x) ? x.flatMap(flat) : [x]);
const close = (actual: ArrayLike<number | bigint>, expected: Numbers, tolerance: number): void =>
  expect(relativeError(actual, flat(expected))).toBeLessThan(tolerance);
const of = (x: Numbers): Given => f32([flat(x).length], flat(x));
const matrix = (x: Numbers, columns: number): Given => f32([flat(x).length / columns, columns], flat(x));
const ids = (x: Numbers): Given => i64([flat(x).length], flat(x));
const count = (mask: Numbers): number => flat(mask).reduce((a, b) => a + b, 0);
/** Rows of a matrix without what the mask leaves out. */
const ragged = (x: Numbers, mask: Numbers): Float64Array[] =>
  (x as number[][]).map((row, b) =>
    Float64Array.from(row.filter((_, t) => (mask as number[][])[b][t] === 1)),
  );
const concatenated = (rows: readonly Float64Array[]): number[] => rows.flatMap((row) => [...row]);

describe("over tokens", () => {
  test("cross-entropy of the tokens read, and its gradient", async () => {
    const { inputs, outputs, gradients: want } = cases.crossEntropy;
    const given = { logits: matrix(inputs.logits, 7), ids: ids(inputs.labels), mask: of(inputs.mask) };
    const out = await evaluate(runtime, given, (x) => {
      const logProbs = tokenLogProbs(x.logits, x.ids);
      const mean = mul(neg(sum(mul(logProbs, x.mask))), 1 / count(inputs.mask));
      return { logProbs, mean, d: gradients(mean, [x.logits])[0] };
    });
    close(out.logProbs, outputs.logProbs, F32);
    close(out.mean, outputs.mean, F32);
    close(out.d, want.mean.logits, F32);
  });

  test("entropy, and its gradient", async () => {
    const { inputs, outputs, gradients: want } = cases.entropy;
    const out = await evaluate(runtime, { logits: matrix(inputs.logits, 7), mask: of(inputs.mask) }, (x) => {
      const entropy = entropies(x.logits);
      const mean = mul(sum(mul(entropy, x.mask)), 1 / count(inputs.mask));
      return { entropy, mean, d: gradients(mean, [x.logits])[0] };
    });
    close(out.entropy, outputs.entropy, F32);
    close(out.mean, outputs.maskedMean, F32);
    close(out.d, want.maskedMean.logits, F32);
  });

  test("log-probabilities at a temperature", async () => {
    const { inputs, outputs } = cases.temperature;
    const given = { logits: matrix(inputs.logits, 7), ids: ids(inputs.labels) };
    const scale = 1 / (inputs.temperature as number);
    const out = await evaluate(runtime, given, (x) => ({
      logProbs: tokenLogProbs(mul(x.logits, scale), x.ids),
    }));
    close(out.logProbs, outputs.logProbs, F32);
  });

  test("the scalar head at every position and at the last one", async () => {
    const { inputs, outputs, gradients: want } = cases.scalarHead;
    const last = (outputs.last as number[]).map((t, b) => 5 * b + t);
    const given = {
      hidden: matrix(inputs.hidden, 6),
      weight: matrix(inputs.weight, 6),
      bias: of(inputs.bias),
      last: ids(last),
      rewardWeights: of(inputs.rewardWeights),
      valueWeights: f32(
        [15],
        flat(inputs.mask).map((m, i) => m * flat(inputs.valueWeights)[i % 5]),
      ),
    };
    const out = await evaluate(runtime, given, (x) => {
      const tensors = new Map([
        ["score.weight", x.weight],
        ["score.bias", x.bias],
      ]);
      const head = (hidden: Tensor): Tensor =>
        scalarHead({ tensors, trainable: new Set(), loraScale: 0 }, hidden);
      const [values, rewards] = [head(x.hidden), head(gatherRows(x.hidden, x.last))];
      const d = (loss: Tensor): Tensor[] => gradients(loss, [x.hidden, x.weight, x.bias]);
      const [rewardHidden, rewardWeight, rewardBias] = d(sum(mul(rewards, x.rewardWeights)));
      const [valueHidden, valueWeight, valueBias] = d(sum(mul(values, x.valueWeights)));
      return { values, rewards, rewardHidden, rewardWeight, rewardBias, valueHidden, valueWeight, valueBias };
    });
    close(out.values, outputs.values, F32);
    close(out.rewards, outputs.rewards, F32);
    for (const kind of ["reward", "value"]) {
      const expected = want[`${kind}s`];
      close(out[`${kind}Hidden`], expected.hidden, F32);
      close(out[`${kind}Weight`], expected.weight, F32);
      expect(Math.abs((out[`${kind}Bias`][0] as number) - flat(expected.bias)[0])).toBeLessThan(F32);
    }
  });
});

describe("Bradley-Terry", () => {
  const { inputs, outputs, gradients: want } = cases.bradleyTerry;
  const none = flat(inputs.chosen).map(() => 0);
  const even = none.map(() => 1);
  const c = inputs.centringCoefficient as number;
  const variants: [
    string,
    {
      margin?: Numbers;
      noise?: Numbers;
      weight?: Numbers;
      centering?: number;
      noiseLoss?: "conservative" | "unbiased";
    },
  ][] = [
    ["plain", {}],
    ["margin", { margin: inputs.margin }],
    ["centred", { centering: c }],
    ["marginCentred", { margin: inputs.margin, centering: c }],
    ["noise", { noise: inputs.noise }],
    ["noiseUnbiased", { noise: inputs.noise, noiseLoss: "unbiased" }],
    ["noiseMarginCentred", { noise: inputs.noise, margin: inputs.margin, centering: c }],
    ["weighted", { weight: inputs.weight }],
  ];
  test("every variant in the file", () => {
    expect(variants.map(([name]) => name).sort()).toEqual(Object.keys(want).sort());
  });
  test.each(variants)(
    "%s",
    async (name, {
      margin = none,
      noise = none,
      weight = even,
      centering = 0,
      noiseLoss = "conservative",
    }) => {
      const P = even.length;
      const given = {
        scores: f32([2 * P], [...flat(inputs.chosen), ...flat(inputs.rejected)]),
        margins: of(margin),
        noise: of(noise),
        weights: of(weight),
        scale: f32([], [1 / count(weight)]),
      };
      const out = await evaluate(runtime, given, (x) => {
        const { loss, difference } = bradleyTerryLoss(x.scores, x.margins, x.noise, x.weights, x.scale, {
          centering,
          noiseLoss,
        });
        return { loss, difference, d: gradients(loss, [x.scores])[0] };
      });
      close(out.loss, outputs[name], F32);
      close(out.d, [...flat(want[name].chosen), ...flat(want[name].rejected)], F32);
      const differences = Array.from(out.difference as Float32Array);
      expect(differences.reduce((a, b) => a + b, 0) / P).toBeCloseTo(outputs.meanMargin as number, 5);
      expect(differences.filter((d) => d > 0).length / P).toBe(outputs.accuracy);
    },
  );
});

describe("PPO", () => {
  test("the clipped policy loss, its statistics and its gradient", async () => {
    const { inputs, outputs, gradients: want } = cases.ppoPolicy;
    const n = count(inputs.mask);
    const given = {
      logProbs: of(inputs.logProbs),
      old: of(inputs.oldLogProbs),
      advantages: of(inputs.advantages),
      mask: of(inputs.mask),
    };
    const out = await evaluate(runtime, given, (x) => {
      const terms = policyLoss(x.logProbs, x.old, x.advantages, x.mask, inputs.clip as number);
      return { ...terms, d: gradients(mul(terms.loss, 1 / n), [x.logProbs])[0] };
    });
    const mean = (key: string): number => (out[key][0] as number) / n;
    close([mean("loss")], outputs.loss, F32);
    close([mean("approxKl")], outputs.approxKl, F32);
    close([mean("clipped")], outputs.clipFraction, F32);
    close([mean("ratio")], outputs.ratioMean, F32);
    close(out.d, want.loss.logProbs, F32);
  });

  test("the clipped value loss, its statistics and its gradient", async () => {
    const { inputs, outputs, gradients: want } = cases.ppoValue;
    const n = count(inputs.mask);
    const given = {
      values: of(inputs.values),
      old: of(inputs.oldValues),
      returns: of(inputs.returns),
      mask: of(inputs.mask),
    };
    const out = await evaluate(runtime, given, (x) => {
      const terms = valueLoss(x.values, x.old, x.returns, x.mask, inputs.clip as number);
      const free = valueLoss(x.values, x.old, x.returns, x.mask, null);
      return {
        ...terms,
        free: free.loss,
        freeClipped: free.clipped,
        d: gradients(mul(terms.loss, 1 / n), [x.values])[0],
      };
    });
    close([(out.loss[0] as number) / n], outputs.loss, F32);
    close([(out.clipped[0] as number) / n], outputs.clipFraction, F32);
    close(out.d, want.loss.values, F32);
    const errors = flat(inputs.values).map(
      (v, i) => 0.5 * flat(inputs.mask)[i] * (v - flat(inputs.returns)[i]) ** 2,
    );
    close(
      out.free,
      errors.reduce((a, b) => a + b, 0),
      F32,
    );
    expect(out.freeClipped[0]).toBe(0);
  });

  test("generalised advantages and returns", () => {
    const { inputs, outputs } = cases.gae;
    const [rewards, values] = [ragged(inputs.rewards, inputs.mask), ragged(inputs.values, inputs.mask)];
    for (const setting of outputs.settings as unknown as Record<string, Numbers>[]) {
      const rows = rewards.map((r, b) =>
        advantagesAndReturns(r, values[b], setting.gamma as number, setting.lambda as number),
      );
      close(
        concatenated(rows.map((r) => r.advantages)),
        concatenated(ragged(setting.advantages, inputs.mask)),
        F64,
      );
      close(
        concatenated(rows.map((r) => r.returns)),
        concatenated(ragged(setting.returns, inputs.mask)),
        F64,
      );
    }
    expect((outputs.settings as unknown[]).length).toBeGreaterThan(1);
  });

  test("whitening", () => {
    const { inputs, outputs } = cases.whiten;
    for (const [name, keepMean] of [
      ["whitened", false],
      ["keepingMean", true],
    ] as const) {
      const rows = ragged(inputs.x, inputs.mask);
      whiten(rows, keepMean);
      close(concatenated(rows), concatenated(ragged(outputs[name], inputs.mask)), F64);
    }
  });

  test("k1 in token rewards and in the KL per response", () => {
    const { outputs } = cases.kl;
    const [own, reference, k1] = [outputs.logProbs, outputs.referenceLogProbs, outputs.k1] as number[][][];
    own.forEach((logProbs, b) => {
      const rewards = tokenRewards(logProbs, reference[b], 0.75, 0.1);
      close(
        rewards,
        k1[b].map((k, t) => -0.1 * k + (t === k1[b].length - 1 ? 0.75 : 0)),
        F64,
      );
      const whole = {
        logProbs: Float32Array.from(logProbs),
        referenceLogProbs: Float32Array.from(reference[b]),
      };
      close(
        [sequenceKl(whole)],
        k1[b].reduce((a, k) => a + k, 0),
        1e-6,
      );
    });
  });

  test("adaptive KL", () => {
    const { inputs, outputs } = cases.adaptiveKl;
    let beta = inputs.beta as number;
    const betas = (inputs.kl as number[]).map((kl) => {
      beta = adaptKlCoefficient(
        beta,
        kl,
        inputs.target as number,
        inputs.samplesPerUpdate as number,
        inputs.horizon as number,
      );
      return beta;
    });
    close(betas, outputs.beta, F64);
  });
});

describe("optimisation", () => {
  test("AdamW with clipping and weight decay of matrices, step by step, and its moments", async () => {
    const { inputs, outputs } = cases.adamw;
    const start = inputs.start as unknown as Record<"a" | "b", Numbers>;
    const both = (x: Record<"a" | "b", Numbers>): number[] => [...flat(x.a), ...flat(x.b)];
    const decayed = flat(start.a).length;
    const parameters = runtime.buffer("f32", [both(start).length], Float32Array.from(both(start)));
    const gradient = runtime.buffer("f32", [both(start).length]);
    const optimizer = new AdamW(runtime, { flat: parameters, decayed }, gradient, {
      beta1: inputs.beta1 as number,
      beta2: inputs.beta2 as number,
      eps: inputs.eps as number,
      weightDecay: (inputs.weightDecay as unknown as { a: number }).a,
      maxGradNorm: inputs.maxGradNorm as number,
    });
    const steps = outputs.steps as unknown as (Record<"a" | "b", Numbers> & { gradNorm: number })[];
    for (const [i, want] of steps.entries()) {
      memoryOf(gradient).set(both((inputs.gradients as unknown as Record<"a" | "b", Numbers>[])[i]));
      const norm = await optimizer.step((inputs.learningRates as number[])[i]);
      close([norm], want.gradNorm, 1e-6);
      close(memoryOf(parameters), both(want), 2e-6);
    }
    const moments = outputs.moments as unknown as Record<"a" | "b", { m: Numbers; v: Numbers }>;
    close(memoryOf(optimizer.m), [...flat(moments.a.m), ...flat(moments.b.m)], F32);
    close(memoryOf(optimizer.v), [...flat(moments.a.v), ...flat(moments.b.v)], F32);
    expect(steps.some((s) => s.gradNorm > 1) && steps.some((s) => s.gradNorm < 1)).toBe(true);
  });

  test("learning-rate schedules", () => {
    const { inputs, outputs } = cases.schedules;
    for (const [ours, theirs] of [
      ["linear", "linear"],
      ["cosine", "cosine"],
      ["constant", "constant_with_warmup"],
    ] as const) {
      const factors = (outputs[theirs] as number[]).map(
        (_, i) => learningRate(i, 3, ours, inputs.warmupSteps as number, inputs.totalSteps as number) / 3,
      );
      close(factors, outputs[theirs], F64);
    }
  });
});
