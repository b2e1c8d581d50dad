import { describe, expect, it } from "vitest";
import { rateOfSums } from "../../statistics/rates.js";
import { resampledMeasure } from "./resampled.js";

/** Units of weight 1 that disagree by 1, or by 0; half of all disagreement is what chance makes. */
const measured = (disagreements: readonly number[]) =>
  resampledMeasure({
    rows: disagreements.map((d) => Float64Array.of(d, 1)),
    cluster: [...disagreements.keys()],
    most: 1,
    expected: () => 0.5,
  });
const half = (n: number) => Array.from({ length: n }, (_, i) => i % 2);

describe("an interval of agreement", () => {
  it("is all there can be, of one unit", () => {
    expect(measured([1])).toEqual({ estimate: -1, low: -1, high: 1, n: 1 });
    expect(measured([])).toBeUndefined();
  });

  it("reaches to the ends of the rate of disagreement where units, or those that disagree, are few", () => {
    for (const [values, few] of [
      [[...Array(12).fill(1), ...Array(7).fill(0)], true],
      [[...half(20), ...Array(20).fill(0)].slice(0, 38), false],
      [[...half(18), ...Array(40).fill(0)], true],
    ] as const) {
      const found = measured(values);
      const rate = rateOfSums(
        values,
        values.map(() => 1),
      );
      const ends = [1 - 2 * rate.high, 1 - 2 * rate.low];
      expect(found?.n).toBe(values.length);
      if (few) {
        expect(found?.low).toBeLessThanOrEqual(ends[0]);
        expect(found?.high).toBeGreaterThanOrEqual(ends[1]);
      } else expect([found?.low, found?.high]).not.toEqual(ends);
    }
  });
});
