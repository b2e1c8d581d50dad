import { describe, expect, it } from "vitest";
import { readFixture } from "../../test/fixtures.js";
import { wilsonInterval } from "./estimates.js";
import { rateDifference, rateInterval, shareInterval } from "./rates.js";

/** So many clusters of `size` members with `hits` successes each. */
const clusters = (count: number, size: number, hits: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length: size }, (_, i) => (i < hits ? 1 : 0)));

/** By mpmath, with 25 digits, from the formulas in rates.ts: quantiles by its incomplete beta function and bisection. */
const UNEQUAL = [[1, 1, 0], [1], [0, 0], [1, 0, 1, 1], [0, 1], [1, 1]];
const WORSE = [[0, 1, 0], [1], [0, 0], [0, 0, 1, 1], [0, 0], [1, 0]];
const RARE = [[0, 0, 0, 1], ...Array<number[]>(11).fill([0, 0]), ...Array<number[]>(5).fill([0])];
const TIES = [[0.5, 1], [0, 0.5, 0.5], [1], [0.5], [0, 0]];

describe("rateInterval", () => {
  it.each([
    { name: "unequal clusters", values: UNEQUAL, ends: [0.2809754884482912, 0.8923719129099098], n: 14 },
    {
      name: "one success, where the exact bound is lower",
      values: RARE,
      ends: [0.000459608173063, 0.228106918513005],
      n: 31,
    },
    { name: "ties", values: TIES, ends: [0.1135156286168459, 0.8332774864353559], n: 9 },
  ])("of $name is what the formulas give", ({ values, ends, n }) => {
    const found = rateInterval(values);
    expect(found).toEqual({
      estimate: expect.closeTo(values.flat().reduce((a, b) => a + b, 0) / n, 12),
      low: expect.closeTo(ends[0], 10),
      high: expect.closeTo(ends[1], 10),
      n,
      clusters: values.length,
    });
  });

  it("of another confidence has that one's quantiles and bounds", () => {
    const [{ low, high }, rare] = [rateInterval(UNEQUAL, 0.9), rateInterval(RARE, 0.9)];
    expect([low, high]).toEqual([
      expect.closeTo(0.3432113502156205, 10),
      expect.closeTo(0.8611158801470022, 10),
    ]);
    expect([rare.low, rare.high]).toEqual([
      expect.closeTo(0.00131580192085, 10),
      expect.closeTo(0.17990566880758554, 10),
    ]);
    const share = shareInterval(1, 10);
    expect([share.low, share.high]).toEqual([
      expect.closeTo(0.00447533040388, 10),
      expect.closeTo(0.4661272866378506, 10),
    ]);
  });

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
    expect(() => rateInterval([[1], [-0.1]])).toThrow("outside");
    expect(() => rateInterval([[1], [Number.NaN]])).toThrow("outside");
  });

  it("of a share is of clusters of one", () => {
    expect(shareInterval(3, 8)).toEqual(rateInterval([...clusters(3, 1, 1), ...clusters(5, 1, 0)]));
    expect(shareInterval(0, 8)).toEqual(rateInterval(clusters(8, 1, 0)));
    expect(shareInterval(8, 8)).toEqual(rateInterval(clusters(8, 1, 1)));
    expect(() => shareInterval(-1, 2)).toThrow("-1 successes of 2");
    expect(() => shareInterval(3, 2)).toThrow("3 successes of 2");
    expect(() => shareInterval(0, 0)).toThrow(RangeError);
  });
});

describe("rateDifference", () => {
  const a = [...clusters(10, 4, 3), ...clusters(20, 4, 1), ...clusters(10, 4, 0)];
  const b = [...clusters(10, 4, 2), ...clusters(20, 4, 1), ...clusters(10, 4, 0)];

  it("is what the formulas give, paired and not", () => {
    const found = (options: { paired: boolean; confidence?: number }) => {
      const { estimate, low, high } = rateDifference(UNEQUAL, WORSE, options);
      return [estimate, low, high];
    };
    const close = (...values: number[]) => values.map((x) => expect.closeTo(x, 10));
    expect(found({ paired: true })).toEqual(close(2 / 7, 0.07725341680480126, 0.430372981813775));
    expect(found({ paired: false })).toEqual(close(2 / 7, -0.21158848151417736, 0.6315430965198429));
    expect(found({ paired: true, confidence: 0.9 })).toEqual(
      close(2 / 7, 0.11356835001877816, 0.41185414478839666),
    );
  });

  it("knows pairs that move together better than others", () => {
    const paired = rateDifference(a, b, { paired: true });
    const apart = rateDifference(a, b, { paired: false });
    expect(paired).toMatchObject({ estimate: expect.closeTo(0.0625, 12), n: 320, clusters: 40 });
    expect(apart.clusters).toBe(80);
    expect(rateDifference(a, b.slice(1), { paired: false }).clusters).toBe(79);
    expect(paired.high - paired.low).toBeLessThan(0.6 * (apart.high - apart.low));
    expect([paired.low < paired.estimate, paired.high > paired.estimate]).toEqual([true, true]);
    expect(() => rateDifference(a, b.slice(1), { paired: true })).toThrow("40 and 39");
  });

  it("of pairs of which one side does not vary is that of unpaired ones", () => {
    const never = clusters(40, 4, 0);
    const ends = (x: number[][], y: number[][], paired: boolean) => {
      const { low, high } = rateDifference(x, y, { paired });
      return [low, high];
    };
    expect(ends(a, never, true)).toEqual(ends(a, never, false));
    expect(ends(never, a, true)).toEqual(ends(never, a, false));
  });

  it("changes its sign with its order, and is never a point", () => {
    const [ab, ba] = [rateDifference(a, b, { paired: true }), rateDifference(b, a, { paired: true })];
    expect([ba.low, ba.high]).toEqual([expect.closeTo(-ab.high, 12), expect.closeTo(-ab.low, 12)]);
    const none = rateDifference(clusters(30, 4, 0), clusters(30, 4, 0), { paired: true });
    expect(none.estimate).toBe(0);
    expect(none.high).toBeGreaterThan(0.1);
  });
});
