import { describe, expect, it } from "vitest";
import { readFixture } from "../../test/fixtures.js";
import { maskedStd, mean } from "./estimates.js";
import {
  clusterMeanInterval,
  meanInterval,
  pairedDifference,
  pairedStudentInterval,
  pooledMeanInterval,
  ratioInterval,
  studentInterval,
} from "./means.js";
import { studentQuantile } from "./student.js";

const VALUES = [0.3, 1.9, 0.1, 0.7, 5.2, 0.4, 1.1, 2.6];

describe("studentInterval", () => {
  it("is scipy's, also of pairs", () => {
    const { means } = readFixture<{ means: Record<"a" | "b" | "one" | "one90" | "paired", number[]> }>(
      "statistics.json",
    );
    const { a, b } = means;
    const found = [studentInterval(a), studentInterval(a, 0.9), pairedStudentInterval(a, b)];
    for (const [i, expected] of [means.one, means.one90, means.paired].entries()) {
      expect(found[i].low).toBeCloseTo(expected[0], 8);
      expect(found[i].high).toBeCloseTo(expected[1], 8);
    }
    expect(found[0]).toMatchObject({ n: 7, caution: expect.stringContaining("normal") });
    expect(studentInterval(Array.from({ length: 30 }, (_, i) => i)).caution).toBeUndefined();
    expect(() => pairedStudentInterval(a, [1])).toThrow("7 and 1 values");
  });

  it("of two values reaches 12.7 times half of their distance", () => {
    // s / sqrt(2) is half of the distance; Student's t with one degree of freedom is a tangent.
    const { low, high } = studentInterval([1, 3]);
    const half = Math.tan(Math.PI * 0.475);
    expect([low, high]).toEqual([expect.closeTo(2 - half, 7), expect.closeTo(2 + half, 7)]);
  });

  it("of one value is no interval", () => {
    expect(studentInterval([3])).toEqual({
      estimate: 3,
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
      n: 1,
      caution: "one value has no interval",
    });
    expect(() => studentInterval([])).toThrow("no values");
  });
});

describe("meanInterval", () => {
  it("reaches further to the side of the long tail than Student's, and never less far", () => {
    const right = meanInterval(VALUES);
    const student = studentInterval(VALUES);
    expect(right.high - student.high).toBeGreaterThan(0.5);
    expect(right.low).toBeCloseTo(student.low, 12);
    const left = meanInterval(VALUES.map((x) => -x));
    expect([left.low, left.high]).toEqual([expect.closeTo(-right.high, 12), expect.closeTo(-right.low, 12)]);
  });

  it("solves Hall's equation at its far end", () => {
    const n = VALUES.length;
    const { high } = meanInterval(VALUES);
    const s = maskedStd(VALUES);
    const skewness =
      (n / ((n - 1) * (n - 2))) * VALUES.reduce((sum, x) => sum + ((x - mean(VALUES)) / s) ** 3, 0);
    const y = (mean(VALUES) - high) / s;
    const transformed = y + (skewness * y ** 2) / 3 + (skewness ** 2 * y ** 3) / 27 + skewness / (6 * n);
    expect(transformed * Math.sqrt(n)).toBeCloseTo(studentQuantile(0.025, n - 1), 9);
  });

  it("of a symmetric sample is Student's", () => {
    const values = [-3, -2, -1, -0.5, 0.5, 1, 2, 3];
    const student = studentInterval(values);
    expect(meanInterval(values).low).toBeCloseTo(student.low, 9);
    expect(meanInterval(values).high).toBeCloseTo(student.high, 9);
  });

  it("says what it cannot say", () => {
    const few = meanInterval(VALUES.slice(1));
    expect([few.low, few.high, few.caution]).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      expect.stringContaining("fewer than 8"),
    ]);
    expect(meanInterval(VALUES).caution).toContain("heavily skewed");
    expect("caution" in meanInterval(Array.from({ length: 30 }, (_, i) => i))).toBe(false);
    const same = meanInterval(Array(30).fill(0.1));
    expect([same.low, same.high, same.caution]).toEqual([
      same.estimate,
      same.estimate,
      expect.stringContaining("the same"),
    ]);
    // Differences of 1 that rounding made differ.
    const apart = VALUES.map((x) => x + 1 - x);
    expect(new Set(apart).size).toBeGreaterThan(1);
    const one = meanInterval(apart);
    expect([one.low, one.high, one.caution]).toEqual([
      ...[one.estimate, one.estimate],
      expect.stringContaining("the same"),
    ]);
  });

  it("of pairs is of their differences, of clusters of their means", () => {
    const b = VALUES.map((x) => x + 1);
    expect(pairedDifference(b, VALUES)).toMatchObject({ estimate: expect.closeTo(1, 12), n: 8 });
    expect(pairedDifference(b, VALUES).high).toBeLessThan(1.001);
    const clusters = VALUES.map((x, i) => Array.from({ length: 1 + (i % 3) }, (_, k) => x + k - (i % 3) / 2));
    const { low, high } = meanInterval(VALUES);
    expect(clusterMeanInterval(clusters)).toMatchObject({
      low: expect.closeTo(low, 9),
      high: expect.closeTo(high, 9),
      n: 15,
      clusters: 8,
    });
    expect(() => clusterMeanInterval([[1], []])).toThrow("no values");
  });
});

describe("ratioInterval", () => {
  const [loss, tokens] = [VALUES.map((x, i) => x * (2 + i)), VALUES.map((_, i) => 2 + i)];

  it("of equal denominators is that of the mean", () => {
    const interval = meanInterval(VALUES);
    const ratio = ratioInterval(VALUES, Array(8).fill(3));
    expect(ratio.estimate).toBeCloseTo(interval.estimate / 3, 12);
    expect([ratio.low, ratio.high]).toEqual([
      expect.closeTo(interval.low / 3, 12),
      expect.closeTo(interval.high / 3, 12),
    ]);
  });

  it("weighs units by their denominators, and pools clusters by their sizes", () => {
    const clusters = VALUES.map((x, i) => Array(2 + i).fill(x));
    const pooled = pooledMeanInterval(clusters);
    expect(pooled).toMatchObject({ n: 44, clusters: 8, estimate: expect.closeTo(mean(clusters.flat()), 12) });
    const ratio = ratioInterval(loss, tokens);
    expect([pooled.low, pooled.high]).toEqual([
      expect.closeTo(ratio.low, 12),
      expect.closeTo(ratio.high, 12),
    ]);
    // Members of one cluster are the same here: as if they were 44 values, the interval is too narrow.
    expect(pooled.high - pooled.low).toBeGreaterThan(
      1.5 * (meanInterval(clusters.flat()).high - meanInterval(clusters.flat()).low),
    );
  });

  it("has the error of what the ratio leaves of each numerator", () => {
    const b = [1, 2, 1, 2, 1, 2, 1, 2];
    const rest = [-1, -2, 1, 2, -1, -2, 1, 2];
    const { estimate, low, high } = ratioInterval(
      b.map((x, i) => 3 * x + rest[i]),
      b,
    );
    // The rest is symmetric with squares 20 in all, and b has the mean 3/2: the half-width is Student's.
    const half = (studentQuantile(0.975, 7) * Math.sqrt(20 / 7 / 8)) / 1.5;
    expect([estimate, low, high]).toEqual([
      expect.closeTo(3, 12),
      expect.closeTo(3 - half, 9),
      expect.closeTo(3 + half, 9),
    ]);
  });

  it("says what it cannot say", () => {
    expect(ratioInterval([1, 2], [1, 1])).toMatchObject({ estimate: 1.5, high: Number.POSITIVE_INFINITY });
    expect(() => ratioInterval([1], [0])).toThrow("a ratio to 0");
    expect(() => ratioInterval([1, 2], [1])).toThrow("2 and 1");
  });
});
