import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  maskedMean,
  maskedStd,
  pearson,
  preferenceAccuracy,
  rankedRight,
  ranks,
  spearman,
  wilsonInterval,
  winRate,
} from "./estimates.js";
import { formatInterval, isBounded } from "./format-interval.js";
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

  it("ends at 0 and at 1 where nothing or all succeeded, whatever is rounded", () => {
    for (let n = 1; n <= 200; n++) {
      expect(wilsonInterval(0, n).low).toBe(0);
      expect(wilsonInterval(n, n).high).toBe(1);
    }
  });

  it("refuses counts that are none", () => {
    expect(() => wilsonInterval(3, 2)).toThrow("3 successes of 2");
    expect(() => wilsonInterval(-1, 2)).toThrow(RangeError);
    expect(() => wilsonInterval(0, 0)).toThrow(RangeError);
  });

  it("takes another confidence", () => {
    // p = 1/2: the ends are 1/2 -+ z / (2 sqrt(n + z^2)), with z = 1.644854 for 90%.
    const reach = 1.6448536269514722 / (2 * Math.sqrt(20 + 1.6448536269514722 ** 2));
    expect(wilsonInterval(10, 20, 0.9)).toEqual({
      estimate: 0.5,
      low: expect.closeTo(0.5 - reach, 8),
      high: expect.closeTo(0.5 + reach, 8),
    });
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

it("scores rank a pair right, wrong, or by a difference of rounding not at all", () => {
  const ranked = (difference: number) => rankedRight({ chosen: 1 + difference, rejected: 1 });
  expect([0.5, 2e-4, 9e-5, 0, -9e-5, -2e-4, -0.5].map(ranked)).toEqual([1, 1, 0.5, 0.5, 0.5, 0, 0]);
  const pairs = [
    { chosen: 1, rejected: 1 + 5e-5 },
    { chosen: 2, rejected: 1 },
  ];
  expect(preferenceAccuracy(pairs)).toMatchObject({ estimate: 0.75, wins: 1, ties: 1, losses: 0 });
});

it("preferenceAccuracy is the win rate of the chosen side", () => {
  const pairs = [
    { chosen: 2, rejected: 1 },
    { chosen: 1, rejected: 1 },
    { chosen: 3, rejected: 0 },
    { chosen: 0, rejected: 4 },
  ];
  expect(preferenceAccuracy(pairs)).toEqual(winRate([2, 1, 3, 0], [1, 1, 0, 4]));
  const options = { clusters: ["a", "a", "b", "c"], confidence: 0.8 };
  expect(preferenceAccuracy(pairs, options)).toEqual(winRate([2, 1, 3, 0], [1, 1, 0, 4], options));
  expect(winRate([2, 1, 3, 0], [1, 1, 0, 4], options)).not.toEqual(winRate([2, 1, 3, 0], [1, 1, 0, 4]));
  expect(winRate([1], [0]).caution).toContain("one cluster");
  expect("caution" in winRate([1, 2, 3, 0], [0, 2, 1, 4])).toBe(false);
});

describe("formatInterval", () => {
  it("tells the ends that there are, and the caution", () => {
    expect(formatInterval({ estimate: 0.5, low: 0.25, high: 0.75 })).toBe(
      "0.500 (95% interval 0.250 to 0.750)",
    );
    expect(formatInterval({ estimate: 0.5, low: 0.25, high: 0.75, caution: "few values" })).toBe(
      "0.500 (95% interval 0.250 to 0.750; few values)",
    );
    const none = { estimate: 0.5, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
    expect(formatInterval({ ...none, caution: "one value" })).toBe("0.500 (one value)");
  });

  it("has ends only where both are finite", () => {
    expect(isBounded({ low: 0, high: 1 })).toBe(true);
    expect(isBounded({ low: Number.NEGATIVE_INFINITY, high: 1 })).toBe(false);
    expect(isBounded({ low: 0, high: Number.POSITIVE_INFINITY })).toBe(false);
  });
});

describe("correlation", () => {
  it("shares ranks between ties", () => expect(ranks([10, 20, 10, 5])).toEqual([2.5, 4, 2.5, 1]));

  it("of Pearson and Spearman on a monotone curve", () => {
    const x = [1, 2, 3, 4, 5];
    expect(spearman(x, x.map(Math.exp))).toBeCloseTo(1, 12);
    expect(pearson(x, [2, 4, 5, 4, 5])).toBeCloseTo(0.7745966692, 9);
    expect(pearson(x, [5, 4, 5, 4, 2])).toBeCloseTo(-0.7745966692, 9);
    expect(pearson([1, 2, 4], [3, -1, 0])).toBeCloseTo(-0.5765566601970552, 12);
    expect(spearman([1, 2, 2, 3], [4, 1, 3, 2])).toBeCloseTo(-0.632455532, 9);
    expect(pearson(x, [1, 1, 1, 1, 1])).toBeNaN();
    expect(() => pearson([1], [1, 2])).toThrow("1 and 2 values");
  });
});
