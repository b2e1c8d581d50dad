import { describe, expect, it } from "vitest";
import { readFixture } from "../../test/fixtures.js";
import { wilsonInterval } from "./estimates.js";
import { rateDifference, rateInterval, shareInterval } from "./rates.js";

/** So many clusters of `size` members with `hits` successes each. */
const clusters = (count: number, size: number, hits: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length: size }, (_, i) => (i < hits ? 1 : 0)));

describe("rateInterval", () => {
  it("of clusters that agree in all is that of clusters, of those that do not is that of members", () => {
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    const agreeing = rateInterval([...clusters(100, 4, 4), ...clusters(100, 4, 0)]);
    expect(width(agreeing) / width(wilsonInterval(100, 200))).toBeCloseTo(1, 1);
    const members = rateInterval([...clusters(60, 4, 2), ...clusters(70, 4, 1), ...clusters(70, 4, 3)]);
    expect(members).toMatchObject({ estimate: 0.5, n: 800, clusters: 200 });
    expect(width(members)).toBeLessThan(width(wilsonInterval(400, 800)));
  });

  it("of no success reaches as far as clusters that agree allow", () => {
    const { estimate, low, high } = rateInterval(clusters(100, 4, 0));
    expect([estimate, low]).toEqual([0, 0]);
    expect(high).toBeGreaterThan(wilsonInterval(0, 100).high);
    expect(high).toBeLessThan(1.1 * wilsonInterval(0, 100).high);
  });

  it("has a low end that the exact one-sided bound allows, else Wilson's of the effective number", () => {
    const { bounds } = readFixture<{ bounds: { k: number; n: number; low: number; wilson: number[] }[] }>(
      "statistics.json",
    );
    for (const { k, n, low, wilson } of bounds) {
      const found = shareInterval(k, n);
      // Scipy's bound is of n members, ours of some fewer.
      if (low < wilson[0]) expect(found.low / low).toBeGreaterThan(0.5);
      expect(found.low).toBeLessThan(Math.min(low, wilson[0]));
      expect(found.high).toBeGreaterThan(wilson[1]);
      expect(found.high - found.low).toBeLessThan(1.35 * (wilson[1] - wilson[0]));
    }
  });

  it("of failures mirrors that of successes, and counts ties as they are", () => {
    const some = [...clusters(3, 4, 2), ...clusters(27, 4, 0)];
    const { low, high } = rateInterval(some);
    const others = rateInterval(some.map((values) => values.map((x) => 1 - x)));
    expect([others.low, others.high]).toEqual([expect.closeTo(1 - high, 9), expect.closeTo(1 - low, 9)]);
    const ties = rateInterval(Array.from({ length: 50 }, (_, i) => [i < 40 ? 0.5 : i % 2]));
    expect(ties.estimate).toBe(0.5);
    expect(ties.high - ties.low).toBeLessThan(
      0.7 * (wilsonInterval(25, 50).high - wilsonInterval(25, 50).low),
    );
  });

  it("of one cluster may be anything; of none is an error", () => {
    expect(rateInterval([[1, 1, 0]])).toMatchObject({ low: 0, high: 1, caution: expect.any(String) });
    expect(() => rateInterval([])).toThrow("no members");
    expect(() => rateInterval([[1], []])).toThrow("no members");
    expect(() => rateInterval([[1], [2]])).toThrow("outside");
    expect(() => rateInterval([[1], [Number.NaN]])).toThrow("outside");
  });

  it("of a share is of clusters of one", () => {
    expect(shareInterval(3, 8)).toEqual(rateInterval([...clusters(3, 1, 1), ...clusters(5, 1, 0)]));
    expect(() => shareInterval(3, 2)).toThrow(RangeError);
    expect(() => shareInterval(0, 0)).toThrow(RangeError);
  });
});

describe("rateDifference", () => {
  const a = [...clusters(10, 4, 3), ...clusters(20, 4, 1), ...clusters(10, 4, 0)];
  const b = [...clusters(10, 4, 2), ...clusters(20, 4, 1), ...clusters(10, 4, 0)];

  it("knows pairs that move together better than others", () => {
    const paired = rateDifference(a, b, { paired: true });
    const apart = rateDifference(a, b, { paired: false });
    expect(paired).toMatchObject({ estimate: expect.closeTo(0.0625, 12), n: 320, clusters: 40 });
    expect(apart.clusters).toBe(80);
    expect(paired.high - paired.low).toBeLessThan(0.6 * (apart.high - apart.low));
    expect([paired.low < paired.estimate, paired.high > paired.estimate]).toEqual([true, true]);
    expect(() => rateDifference(a, b.slice(1), { paired: true })).toThrow("40 and 39");
  });

  it("changes its sign with its order, and is never a point", () => {
    const [ab, ba] = [rateDifference(a, b, { paired: true }), rateDifference(b, a, { paired: true })];
    expect([ba.low, ba.high]).toEqual([expect.closeTo(-ab.high, 12), expect.closeTo(-ab.low, 12)]);
    const none = rateDifference(clusters(30, 4, 0), clusters(30, 4, 0), { paired: true });
    expect(none.estimate).toBe(0);
    expect(none.high).toBeGreaterThan(0.1);
  });
});
