import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../random.js";
import { bootstrap, bootstrapDifference, bootstrapMean } from "./bootstrap.js";
import {
  maskedMean,
  maskedStd,
  mean,
  pearson,
  ranks,
  spearman,
  wilsonInterval,
  winRate,
} from "./estimates.js";
import { normalCdf, normalQuantile } from "./normal.js";

describe("normal distribution", () => {
  it("has the tabled values", () => {
    expect(normalCdf(1.959963985)).toBeCloseTo(0.975, 6);
    expect(normalCdf(-3)).toBeCloseTo(0.0013498980316301, 9);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 8);
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232306167814, 8);
  });

  it("quantile undoes the distribution", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-4, max: 1 - 1e-4, noNaN: true }), (p) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 6);
      }),
    );
  });
});

describe("masked moments", () => {
  it("ignore what the mask leaves out", () => {
    expect(maskedMean([1, 2, Number.NaN, 3], [1, 1, 0, 1])).toBe(2);
    expect(maskedStd([1, 2, Number.NaN, 3], [1, 1, 0, 1])).toBe(1);
    expect(maskedStd([1, 3], undefined, 0)).toBe(1);
    expect(maskedMean([1], [0])).toBeNaN();
  });
});

describe("wilsonInterval", () => {
  it.each([
    // statsmodels.stats.proportion.proportion_confint(method="wilson")
    [8, 10, 0.4901624715, 0.9433178485],
    [0, 10, 0, 0.2775327998],
    [50, 50, 0.9286524008, 1],
  ])("of %i in %i", (k, n, low, high) => {
    const interval = wilsonInterval(k, n);
    expect(interval.low).toBeCloseTo(low, 7);
    expect(interval.high).toBeCloseTo(high, 7);
  });

  it("refuses counts that are none", () => {
    expect(() => wilsonInterval(3, 2)).toThrow(RangeError);
    expect(() => wilsonInterval(0, 0)).toThrow(RangeError);
  });
});

it("winRate counts a tie as half", () => {
  expect(winRate([1, 2, 3, 4], [0, 2, 4, 3])).toMatchObject({ estimate: 0.625, wins: 2, ties: 1, losses: 1 });
  // One prompt shows nothing: at a rate of 20% it is won in one of five.
  expect(winRate([1], [0])).toMatchObject({ estimate: 1, low: 0, high: 1, wins: 1 });
});

describe("correlation", () => {
  it("shares ranks between ties", () => expect(ranks([10, 20, 10, 5])).toEqual([2.5, 4, 2.5, 1]));

  it("of Pearson and Spearman on a monotone curve", () => {
    const x = [1, 2, 3, 4, 5];
    expect(spearman(x, x.map(Math.exp))).toBeCloseTo(1, 12);
    expect(pearson(x, [2, 4, 5, 4, 5])).toBeCloseTo(0.7745966692, 9);
    expect(pearson(x, [1, 1, 1, 1, 1])).toBeNaN();
    expect(() => pearson([1], [1, 2])).toThrow("1 and 2 values");
  });
});

describe("bootstrap", () => {
  const normal = (n: number, seed: number, shift = 0) => {
    const random = new RandomStream(seed, "test");
    return Array.from({ length: n }, () => shift + random.normal());
  };

  it("agrees with theory on a normal sample", () => {
    const values = normal(400, 1);
    const { estimate, low, high } = bootstrapMean(values);
    const half = (1.96 * maskedStd(values)) / 20;
    expect(estimate).toBeCloseTo(mean(values), 12);
    expect(low).toBeCloseTo(estimate - half, 1.7);
    expect(high).toBeCloseTo(estimate + half, 1.7);
  });

  it("gives the same interval for the same seed", () => {
    const values = normal(30, 9);
    expect(bootstrapMean(values, { seed: 3 })).toEqual(bootstrapMean(values, { seed: 3 }));
    expect(bootstrapMean(values, { seed: 3 })).not.toEqual(bootstrapMean(values, { seed: 4 }));
  });

  it("covers the mean of a skewed distribution about as often as it says", () => {
    let covered = 0;
    for (let trial = 0; trial < 150; trial++) {
      const random = new RandomStream(trial, "exponential");
      const values = Array.from({ length: 40 }, () => -Math.log(1 - random.uniform()));
      const { low, high } = bootstrapMean(values, { resamples: 400, seed: trial });
      if (low <= 1 && 1 <= high) covered++;
    }
    expect(covered / 150).toBeGreaterThan(0.88);
    expect(covered / 150).toBeLessThan(0.99);
  });

  it("of a difference leaves out 0 when the samples differ", () => {
    expect(bootstrapDifference(normal(80, 1, 1), normal(60, 2)).low).toBeGreaterThan(0);
  });

  it("of a correlation resamples pairs", () => {
    const x = normal(60, 5);
    const y = normal(60, 6).map((noise, i) => x[i] + 0.5 * noise);
    const statistic = ([rows]: readonly (readonly number[])[]) =>
      pearson(
        rows.map((row) => x[row]),
        rows.map((row) => y[row]),
      );
    const { low, estimate, high } = bootstrap([[...x.keys()]], statistic, { resamples: 500 });
    expect(estimate).toBeCloseTo(pearson(x, y), 12);
    expect([low > 0.7, low < estimate, estimate < high, high < 1]).toEqual([true, true, true, true]);
  });

  it("of a sample that does not vary is a point", () => {
    expect(bootstrapMean([2, 2, 2])).toEqual({ estimate: 2, low: 2, high: 2 });
    expect(() => bootstrapMean([])).toThrow("empty sample");
  });
});
