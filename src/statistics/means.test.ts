import { describe, expect, it } from "vitest";
import { maskedStd, mean } from "./estimates.js";
import {
  clusterMeanInterval,
  meanInterval,
  pairedDifference,
  pairedStudentInterval,
  studentInterval,
} from "./means.js";
import { studentQuantile } from "./student.js";

const VALUES = [0.3, 1.9, 0.1, 0.7, 5.2, 0.4, 1.1, 2.6];

describe("studentInterval", () => {
  it("is that of the textbook", () => {
    // scipy.stats.ttest_1samp([1.12, 0.93, 1.31, 1.05, 0.98], 0).confidence_interval()
    const { estimate, low, high, n, caution } = studentInterval([1.12, 0.93, 1.31, 1.05, 0.98]);
    expect([estimate, low, high]).toEqual([
      expect.closeTo(1.078, 12),
      expect.closeTo(0.8939570789923047, 9),
      expect.closeTo(1.2620429210076956, 9),
    ]);
    expect([n, caution]).toEqual([5, expect.stringContaining("normal")]);
  });

  it("of pairs is of their differences", () => {
    const [a, b] = [
      [1.5, 0.9, 1.2],
      [1.3, 0.6, 1.1],
    ];
    const paired = pairedStudentInterval(a, b);
    expect(paired).toEqual(studentInterval(a.map((x, i) => x - b[i])));
    // The values vary by 0.3, the differences by 0.1.
    expect(paired.low).toBeGreaterThan(-0.1);
    expect(() => pairedStudentInterval(a, [1])).toThrow("3 and 1 values");
  });

  it("of one value is no interval", () => {
    expect(studentInterval([3])).toEqual({
      ...{ estimate: 3, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, n: 1 },
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
    expect(meanInterval(Array.from({ length: 30 }, (_, i) => i)).caution).toBeUndefined();
    const same = meanInterval(Array(30).fill(0.1));
    expect([same.low, same.high, same.caution]).toEqual([
      same.estimate,
      same.estimate,
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
      ...{ low: expect.closeTo(low, 9), high: expect.closeTo(high, 9), n: 15, clusters: 8 },
    });
    expect(() => clusterMeanInterval([[1], []])).toThrow("no values");
  });
});
