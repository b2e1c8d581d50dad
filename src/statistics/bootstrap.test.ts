/** BCa ends are those of scipy, on its own draws: scripts/reference/make_statistics_fixtures.py. */
import { describe, expect, it } from "vitest";
import { readFixture } from "../../test/fixtures.js";
import { RandomStream } from "../base/random.js";
import { bcaEnds, clusterBootstrap } from "./bootstrap.js";
import { maskedStd, mean, pearson } from "./estimates.js";
import { studentInterval } from "./means.js";
import { normalCdf, normalQuantile } from "./normal.js";
import { studentQuantile } from "./student.js";

interface BcaCase {
  name: "mean" | "variance" | "correlation";
  data: number[][];
  estimate: number;
  draws: number[];
  interval: [number, number];
}
const { bca } = readFixture<{ bca: BcaCase[] }>("statistics.json");

const STATISTICS = {
  mean: ([x]: number[][]) => mean(x),
  variance: ([x]: number[][]) => maskedStd(x) ** 2,
  correlation: ([x, y]: number[][]) => pearson(x, y),
};

describe("BCa", () => {
  it.each(bca.map((one, i) => ({ i, ...one })))("of case $i, a $name, has scipy's ends", (one) => {
    const statistic = STATISTICS[one.name];
    const without = one.data[0].map((_, left) =>
      statistic(one.data.map((sample) => sample.filter((_value, i) => i !== left))),
    );
    const { low, high } = bcaEnds(Float64Array.from(one.draws), one.estimate, without, normalQuantile(0.975));
    const width = one.interval[1] - one.interval[0];
    // Our normal distribution is exact to 1e-7; without bias or acceleration the ends are off by a hundredth of the
    // width and more.
    expect(Math.abs(low - one.interval[0]) / width).toBeLessThan(1e-5);
    expect(Math.abs(high - one.interval[1]) / width).toBeLessThan(1e-5);
    const plain = bcaEnds(
      Float64Array.from(one.draws),
      one.draws[149],
      Array(9).fill(0),
      normalQuantile(0.975),
    );
    expect(Math.max(Math.abs(low - plain.low), Math.abs(high - plain.high)) / width).toBeGreaterThan(0.01);
  });
});

describe("the cluster bootstrap", () => {
  const ofMean = (values: readonly number[], options = {}) => clusterBootstrap(values, mean, options);
  const normal = (n: number, seed: number) => {
    const random = new RandomStream(seed, "test");
    return Array.from({ length: n }, () => random.normal());
  };

  it("agrees with theory on a normal sample", () => {
    const values = normal(400, 1);
    const { estimate, low, high } = ofMean(values);
    const half = (1.96 * maskedStd(values)) / 20;
    expect(estimate).toBeCloseTo(mean(values), 12);
    expect(low).toBeCloseTo(estimate - half, 1.7);
    expect(high).toBeCloseTo(estimate + half, 1.7);
  });

  it("reaches as far for few clusters as Student's interval does", () => {
    const values = [-3.1, -1.9, -1.2, -0.6, -0.2, 0.2, 0.6, 1.2, 1.9, 3.1];
    const { low, high } = ofMean(values, { resamples: 20_000 });
    const student = studentInterval(values);
    // With the normal's quantiles the ratio is 0.82.
    expect((high - low) / (student.high - student.low)).toBeGreaterThan(0.95);
    expect((high - low) / (student.high - student.low)).toBeLessThan(1.05);
  });

  it("gives the same interval for the same seed", () => {
    const values = normal(30, 9);
    expect(ofMean(values, { seed: 3 })).toEqual(ofMean(values, { seed: 3 }));
    expect(ofMean(values, { seed: 3 })).not.toEqual(ofMean(values, { seed: 4 }));
  });

  it("has the BCa ends of its own draws, with the jackknife's acceleration and Student's reach", () => {
    const values = [0.1, 0.2, 0.2, 0.4, 0.5, 0.9, 1.3, 2.2, 4.1];
    const random = new RandomStream(5, "evaluate/bootstrap");
    const draws = Float64Array.from({ length: 300 }, () =>
      mean(values.map(() => values[random.int(values.length)])),
    ).sort();
    const without = values.map((_, left) => mean(values.toSpliced(left, 1)));
    const z = Math.sqrt(9 / 8) * studentQuantile(0.95, 8);
    expect(ofMean(values, { seed: 5, resamples: 300, confidence: 0.9 })).toEqual({
      ...{ estimate: mean(values), ...bcaEnds(draws, mean(values), without, z) },
    });
  });

  it("without acceleration ends at the draws' quantiles, moved by twice the bias", () => {
    const draws = Float64Array.from({ length: 101 }, (_, i) => i);
    const ends = (estimate: number, z: number) => bcaEnds(draws, estimate, [3, 3, 3], z);
    expect(ends(50, 1)).toEqual({
      low: expect.closeTo(100 * normalCdf(-1), 4),
      high: expect.closeTo(100 * normalCdf(1), 4),
    });
    // All draws below the estimate, or above it: half a draw is left on the other side.
    const bias = normalQuantile(1 - 0.5 / 101);
    expect(ends(1000, 3).low).toBeCloseTo(100 * normalCdf(2 * bias - 3), 4);
    expect(ends(-1000, 3).high).toBeCloseTo(100 * normalCdf(3 - 2 * bias), 4);
  });

  it("draws whole clusters: what is the same within them counts once", () => {
    const of = (clusters: readonly (readonly number[])[]) => mean(clusters.flat());
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    const values = normal(100, 2);
    const once = clusterBootstrap(
      values.map((x) => [x]),
      of,
    );
    const fourTimes = clusterBootstrap(
      values.map((x) => [x, x, x, x]),
      of,
    );
    expect(fourTimes).toEqual({
      ...once,
      estimate: expect.closeTo(once.estimate, 12),
      low: expect.closeTo(once.low, 12),
      high: expect.closeTo(once.high, 12),
    });
    expect(width(fourTimes) / width(ofMean(values.flatMap((x) => [x, x, x, x])))).toBeGreaterThan(1.7);
  });

  it("of a correlation resamples pairs", () => {
    const x = normal(60, 5);
    const pairs = normal(60, 6).map((noise, i) => [x[i], x[i] + 0.5 * noise]);
    const of = (rows: readonly (readonly number[])[]) =>
      pearson(
        rows.map(([a]) => a),
        rows.map(([, b]) => b),
      );
    const { low, estimate, high } = clusterBootstrap(pairs, of, { resamples: 500 });
    expect(estimate).toBeCloseTo(of(pairs), 12);
    expect([low > 0.7, low < estimate, estimate < high, high < 1]).toEqual([true, true, true, true]);
  });

  it("of few skewed clusters ends at the draws, not beyond what the acceleration allows", () => {
    // Student's quantile is 12.7 with one degree of freedom.
    expect(ofMean([0, 1])).toEqual({ estimate: 0.5, low: 0, high: 1 });
    // A quarter of the draws is 0: below Student's end for 40% (15%), above the normal's (30%).
    expect(ofMean([0, 1], { confidence: 0.4 })).toEqual({ estimate: 0.5, low: 0, high: 1 });
    const [draws, without] = [Float64Array.from({ length: 99 }, (_, i) => i), [9, 9, 9, 0]];
    const { low, high } = bcaEnds(draws, 49, without, 12);
    expect([low, high]).toEqual([expect.closeTo(0, 1), 98]);
    const turned = bcaEnds(draws, 49, [0, 0, 0, 9], 12);
    expect([turned.low, turned.high]).toEqual([0, expect.closeTo(98, 1)]);
  });

  it("of a sample that does not vary is a point", () => {
    expect(ofMean([2, 2, 2])).toEqual({ estimate: 2, low: 2, high: 2 });
    expect(ofMean([2])).toEqual({ estimate: 2, low: 2, high: 2 });
    expect(() => ofMean([])).toThrow("empty sample");
  });
});
