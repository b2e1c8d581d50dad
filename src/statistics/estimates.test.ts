import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maskedMean, maskedStd, pearson, ranks, spearman, wilsonInterval, winRate } from "./estimates.js";
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
  // Four pairs of each prompt that go the same way are one.
  const scores = Array.from({ length: 80 }, (_, i) => Math.floor(i / 4) % 2);
  const apart = winRate(scores, Array(80).fill(0.5));
  const together = winRate(scores, Array(80).fill(0.5), { clusters: scores.map((_, i) => i >> 2) });
  expect(together.estimate).toBe(0.5);
  expect((together.high - together.low) / (apart.high - apart.low)).toBeGreaterThan(1.8);
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
