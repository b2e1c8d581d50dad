import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFixture } from "../../test/fixtures.js";
import { binomialTail } from "./binomial.js";
import { holm } from "./holm.js";
import { normalCdf } from "./normal.js";
import { logGamma, regularizedBeta } from "./special-functions.js";
import { studentQuantile, studentTail } from "./student.js";

/** The tail as the sum that it is. */
function summedTail(k: number, n: number, p: number): number {
  let [sum, term] = [0, (1 - p) ** n];
  for (let i = 0; i <= n; i++) {
    if (i >= k) sum += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return sum;
}

describe("exact tails", () => {
  it("of the binomial are its sums", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 60 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (k, n, p) => {
          const expected = k > n ? 0 : summedTail(k, n, p);
          expect(binomialTail(k, n, p)).toBeCloseTo(expected, 10);
        },
      ),
    );
  });

  it("of the binomial are 1 from none on, and 0 beyond all", () => {
    for (const p of [0.001, 0.1, 0.9]) expect([0, 4].map((k) => binomialTail(k, 3, p))).toEqual([1, 0]);
  });

  it("of the binomial hold for a million votes and far out", () => {
    expect(binomialTail(500_000, 1_000_000, 0.5)).toBeCloseTo(0.5 + 0.5 * 0.0007978845, 6);
    // 0.5^40, to nine digits.
    expect(binomialTail(40, 40, 0.5) * 2 ** 40).toBeCloseTo(1, 9);
  });

  it("of Student's t are those of the tables", () => {
    expect(studentTail(6.313752, 1)).toBeCloseTo(0.05, 7);
    expect(studentTail(2.570582, 5)).toBeCloseTo(0.025, 7);
    expect(studentTail(-2.570582, 5)).toBeCloseTo(0.975, 7);
    expect(studentTail(1.3, Number.POSITIVE_INFINITY)).toBe(normalCdf(-1.3));
  });

  it("of Student's t have quantiles that undo them, two-sided and in both halves", () => {
    const { student } = readFixture<{ student: { p: number; freedom: number; quantile: number }[] }>(
      "statistics.json",
    );
    for (const { p, freedom, quantile } of student) {
      expect(studentQuantile(p, freedom) / quantile).toBeCloseTo(1, 8);
      expect(studentQuantile(1 - p, freedom) / quantile).toBeCloseTo(-1, 8);
    }
    expect(student.length).toBe(48);
    expect(studentQuantile(0.975, Number.POSITIVE_INFINITY)).toBeCloseTo(1.959963984540054, 7);
    expect(studentQuantile(0.5, 3)).toBe(0);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-4, max: 1 - 1e-4, noNaN: true }),
        fc.integer({ min: 1, max: 2000 }),
        (p, freedom) => {
          expect(1 - studentTail(studentQuantile(p, freedom), freedom)).toBeCloseTo(p, 9);
        },
      ),
    );
    expect(() => studentQuantile(1, 3)).toThrow(RangeError);
    expect(() => studentQuantile(0.9, 0)).toThrow(RangeError);
  });

  it("log Gamma is that of factorials and of 1/2", () => {
    expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 12);
    expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 12);
    expect(regularizedBeta(0.3, 2, 3)).toBeCloseTo(0.3483, 10);
  });
});

describe("Holm's procedure", () => {
  it("lets each fall at alpha over those left, and stops at the first that stands", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005], 0.05)).toEqual([true, false, false, true]);
    expect(holm([0.02, 0.024, 0.03], 0.05)).toEqual([false, false, false]);
    expect(holm([0.01, 0.02, 0.05], 0.05)).toEqual([true, true, true]);
    expect(holm([], 0.05)).toEqual([]);
  });
});
