/** BCa ends are those of scipy, on its own draws: scripts/reference/make_statistics_fixtures.py. */
import { describe, expect, it } from "vitest";
import { readFixture } from "../../test/fixtures.js";
import { RandomStream } from "../random.js";
import { bcaEnds, bootstrapMean, clusterBootstrap } from "./bootstrap.js";
import { maskedStd, mean, pearson } from "./estimates.js";

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
    const { low, high } = bcaEnds(Float64Array.from(one.draws), one.estimate, without);
    const width = one.interval[1] - one.interval[0];
    // Our normal distribution is exact to 1e-7; without bias or acceleration the ends are off by a hundredth of the width and more.
    expect(Math.abs(low - one.interval[0]) / width).toBeLessThan(1e-5);
    expect(Math.abs(high - one.interval[1]) / width).toBeLessThan(1e-5);
    const plain = bcaEnds(Float64Array.from(one.draws), one.draws[149], Array(9).fill(0));
    expect(Math.max(Math.abs(low - plain.low), Math.abs(high - plain.high)) / width).toBeGreaterThan(0.01);
  });
});

describe("the cluster bootstrap", () => {
  const normal = (n: number, seed: number) => {
    const random = new RandomStream(seed, "test");
    return Array.from({ length: n }, () => random.normal());
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
    expect(width(fourTimes) / width(bootstrapMean(values.flatMap((x) => [x, x, x, x])))).toBeGreaterThan(1.7);
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

  it("of a sample that does not vary is a point", () => {
    expect(bootstrapMean([2, 2, 2])).toEqual({ estimate: 2, low: 2, high: 2 });
    expect(() => bootstrapMean([])).toThrow("empty sample");
  });
});
