/** Reports on votes few enough to count by hand, and intervals of measures whose spread is known. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { cohenKappa, fleissKappa, krippendorffAlpha, percentAgreement } from "./index.js";
import { type AgreementReport, agreementReport, type RatedVotes } from "./report.js";
import { type RatedUnits, unitCounts } from "./units.js";

type Vote = [unit: number, rater: number, value: number];
function votesOf(votes: readonly Vote[], rest: Partial<RatedVotes> = {}): RatedVotes {
  return {
    units: 1 + Math.max(...votes.map(([unit]) => unit)),
    values: ["a", "b", "c"],
    unit: Int32Array.from(votes, ([unit]) => unit),
    rater: Int32Array.from(votes, ([, rater]) => rater),
    value: Int32Array.from(votes, ([, , value]) => value),
    ordered: false,
    ...rest,
  };
}

/** Units of two votes each. */
const pairs = (values: readonly (readonly [number, number])[]): RatedUnits => {
  const votes = values.flatMap(([a, b], unit): Vote[] => [
    [unit, 0, a],
    [unit, 1, b],
  ]);
  const { units, values: names, unit, value } = votesOf(votes);
  return { units, values: names, unit, value };
};

describe("counts by unit", () => {
  it("leave out units of fewer than two votes", () => {
    const counts = unitCounts({
      units: 4,
      values: ["a", "b", "c"],
      unit: Int32Array.of(3, 0, 1, 3, 1, 1, 3),
      value: Int32Array.of(2, 0, 1, 0, 1, 0, 2),
    });
    expect(counts).toEqual({
      start: Int32Array.of(0, 2, 4),
      value: Int32Array.of(1, 0, 2, 0),
      count: Int32Array.of(2, 1, 2, 1),
      cluster: [1, 3],
    });
  });
});

describe("measures", () => {
  // Two raters, cells of their common table: 10 a/a, 2 a/b, 8 b/a, 30 b/b.
  const cells: [number, number, number][] = [
    [0, 0, 10],
    [0, 1, 2],
    [1, 0, 8],
    [1, 1, 30],
  ];
  const readings = cells.flatMap(([a, b, n]) => Array.from({ length: n }, () => [a, b] as const));

  it("Cohen's chance is of both raters' shares", () => {
    const kappa = cohenKappa(
      readings.map(([a]) => a),
      readings.map(([, b]) => b),
      2,
    );
    const chance = (12 / 50) * (18 / 50) + (38 / 50) * (32 / 50);
    expect(kappa?.estimate).toBeCloseTo((40 / 50 - chance) / (1 - chance), 12);
    expect(kappa?.n).toBe(50);
  });

  it("Fleiss' chance is of all votes, and its agreement of each unit's own number", () => {
    const kappa = fleissKappa(pairs(readings));
    const chance = (30 / 100) ** 2 + (70 / 100) ** 2;
    expect(kappa?.estimate).toBeCloseTo((40 / 50 - chance) / (1 - chance), 12);
    // Three votes a, a, b agree in one pair of three; two votes b, b in one of one.
    const uneven = fleissKappa(
      votesOf([
        ...([
          [0, 0, 0],
          [0, 1, 0],
          [0, 2, 1],
        ] as Vote[]),
        ...([
          [1, 0, 1],
          [1, 1, 1],
        ] as Vote[]),
      ]),
    );
    const even = (2 / 5) ** 2 + (3 / 5) ** 2;
    expect(uneven?.estimate).toBeCloseTo(((1 / 3 + 1) / 2 - even) / (1 - even), 12);
  });

  it("alpha of intervals takes numbers, and asks for them", () => {
    // Two votes each on two units: 0 and 1, 10 and 10. Observed distance 2 of 4 votes; expected over all pairs.
    const rated = pairs([
      [0, 1],
      [2, 2],
    ]);
    const x = [0, 1, 10];
    const all = [0, 1, 10, 10];
    const observed = (2 * 1) / 4;
    const expected = all.flatMap((a) => all.map((b) => (a - b) ** 2)).reduce((a, b) => a + b, 0) / (4 * 3);
    expect(krippendorffAlpha(rated, "interval", x)?.estimate).toBeCloseTo(1 - observed / expected, 12);
    expect(() => krippendorffAlpha(rated, "interval")).toThrow(RangeError);
  });

  it("of one unit have no interval but the widest, and of none are undefined", () => {
    expect(percentAgreement(pairs([[0, 1]]))).toEqual({ estimate: 0, low: 0, high: 1, n: 1 });
    expect(percentAgreement(votesOf([[0, 0, 1]]))).toBeUndefined();
  });

  it("hang on the seed, and on nothing else", () => {
    const random = new RandomStream(4, "scale");
    const x = Array.from({ length: 3 }, () => random.normal());
    const rated = pairs(Array.from({ length: 30 }, () => [random.int(3), random.int(3)] as const));
    const alpha = (seed: number) => krippendorffAlpha(rated, "interval", x, seed);
    expect(alpha(3)).toEqual(alpha(3));
    expect(alpha(3)).not.toEqual(alpha(4));
  });

  it("take a resample without variation for agreement", () => {
    // One in four resamples of two units is the first one twice, all votes alike.
    const alpha = krippendorffAlpha(
      pairs([
        [0, 0],
        [0, 1],
      ]),
      "nominal",
    );
    expect(alpha?.high).toBe(1);
    expect(alpha?.low).toBeLessThanOrEqual(alpha?.estimate ?? -2);
  });
});

describe("intervals of very many units", () => {
  const U = 4000;
  const width = (units: RatedUnits): number => {
    const { low, high, estimate } = krippendorffAlpha(units, "nominal") as {
      low: number;
      high: number;
      estimate: number;
    };
    expect(Math.abs(estimate)).toBeLessThan(0.06);
    return high - low;
  };
  // Half of the units agree, by chance: a standard error of 1 / sqrt(4000), 1.96 of them on either side.
  const expected = (2 * 1.96) / Math.sqrt(U);

  it("are of random blocks: the order of the units does not matter", () => {
    const random = new RandomStream(1, "order");
    const unit = (agree: boolean) => {
      const value = random.int(2);
      return [value, agree ? value : 1 - value] as const;
    };
    const mixed = pairs(Array.from({ length: U }, () => unit(random.bernoulli(0.5))));
    expect(width(mixed) / expected).toBeGreaterThan(0.85);
    expect(width(mixed) / expected).toBeLessThan(1.15);
    // Agreement with a period of the blocks' number: blocks of neighbours or of every thousandth would all be alike.
    const periodic = pairs(Array.from({ length: U }, (_, u) => unit(u % 1000 >= 500)));
    expect(width(periodic) / expected).toBeGreaterThan(0.85);
    expect(width(periodic) / expected).toBeLessThan(1.15);
  });
});

describe("a report", () => {
  const small: Vote[] = [
    ...([
      [0, 7, 0],
      [0, 4, 0],
    ] as Vote[]),
    ...([
      [1, 4, 1],
      [1, 7, 0],
    ] as Vote[]),
    ...([
      [2, 7, 2],
      [2, 4, 2],
    ] as Vote[]),
    ...([[3, 7, 1]] as Vote[]),
    ...([[4, 4, 2]] as Vote[]),
    ...([
      [5, 7, 2],
      [5, 4, 1],
    ] as Vote[]),
  ];

  it("has the measures that apply", () => {
    const votes = votesOf(small);
    const report = agreementReport(votes);
    expect(report.percent?.estimate).toBeCloseTo(0.5, 12);
    expect(report.alpha.nominal).toEqual(krippendorffAlpha(votes, "nominal"));
    expect(report.alpha).toMatchObject({ ordinal: null, interval: null });
    expect(report.fleiss).toEqual(fleissKappa(votes));
    // The two on the units that both judged, whoever came first: 7 said a, a, c, c, and 4 said a, b, c, b.
    expect(report.cohen).toEqual(cohenKappa([0, 0, 2, 2], [0, 1, 2, 1], 3));
    expect(report).toMatchObject({ groups: [], windows: [] });

    const numbers = Float64Array.of(1, 2, 4);
    const ordered = agreementReport(votesOf(small, { ordered: true, numbers }));
    expect(ordered.alpha.ordinal).toEqual(krippendorffAlpha(votes, "ordinal"));
    expect(ordered.alpha.interval).toEqual(krippendorffAlpha(votes, "interval", numbers));
  });

  it("has null where a measure is undefined", () => {
    const alone = agreementReport(
      votesOf(
        [
          [0, 0, 0],
          [1, 1, 1],
        ],
        { ordered: true, numbers: Float64Array.of(1, 2, 3) },
      ),
    );
    const none: AgreementReport = {
      percent: null,
      alpha: { nominal: null, ordinal: null, interval: null },
      fleiss: null,
      cohen: null,
      groups: [],
      windows: [],
    };
    expect(alone).toEqual(none);
    const alike = agreementReport(
      votesOf([
        [0, 0, 1],
        [0, 1, 1],
        [1, 0, 1],
        [1, 1, 1],
      ]),
    );
    expect(alike).toMatchObject({ cohen: null, fleiss: null, alpha: { nominal: null } });
    expect(agreementReport(votesOf([...small, [0, 1, 0]])).cohen).toBeNull();
  });

  it("tells groups apart, the largest first, fifty at most", () => {
    const votes = votesOf(small, { group: ["x", "y", "y", "y", "x", "y", "y", "x", "y", "y"] });
    const { groups } = agreementReport(votes);
    expect(groups.map(({ group, votes: n }) => [group, n])).toEqual([
      ["y", 7],
      ["x", 3],
    ]);
    const inY = votesOf(small.filter((_, v) => votes.group?.[v] === "y"));
    expect(groups[0].alpha).toEqual(krippendorffAlpha(inY, "nominal"));
    expect(groups[1].alpha).toBeNull();
    const many = votesOf(
      Array.from({ length: 120 }, (_, v): Vote => [v % 7, v, v % 3]),
      { group: Array.from({ length: 120 }, (_, v) => `g${v % 60}`), ordered: true },
    );
    expect(agreementReport(many).groups).toHaveLength(50);
  });

  it("of ordered values takes their order in groups and windows too", () => {
    const values: Vote[] = Array.from({ length: 60 }, (_, u): Vote[] => [
      [u, 0, u % 3],
      [u, 1, Math.min(2, (u % 3) + (u % 2))],
    ]).flat();
    const votes = votesOf(values, {
      ordered: true,
      group: values.map(() => "g"),
      time: Float64Array.from(values.keys()),
    });
    const { groups, windows } = agreementReport(votes);
    expect(groups[0].alpha).toEqual(krippendorffAlpha(votes, "ordinal"));
    expect(windows).toHaveLength(2);
    const late = votesOf(values.slice(60));
    expect(windows[1].alpha).toEqual(krippendorffAlpha(late, "ordinal"));
  });

  it("tells times apart in windows of equally many votes, of fifty at least, eight at most", () => {
    // Units 0 to 54 in the order of time, but listed from the end; the early ones agree.
    const listed = Array.from({ length: 55 }, (_, i) => 54 - i).flatMap((u): Vote[] => [
      [u, 0, u % 2],
      [u, 1, u < 25 ? u % 2 : 2],
    ]);
    const time = Float64Array.from(listed, ([u, rater]) => 1000 + 10 * u + rater);
    const { windows } = agreementReport(votesOf(listed, { time }));
    expect(windows.map(({ from, to, votes }) => [from, to, votes])).toEqual([
      [1000, 1270, 55],
      [1271, 1541, 55],
    ]);
    expect(windows[0].alpha?.estimate).toBeGreaterThan(0.8);
    expect(windows[1].alpha?.estimate).toBeLessThan(0);
    const few = votesOf(small, { time: Float64Array.from(small.keys()) });
    expect(agreementReport(few).windows).toEqual([]);
    const many = Array.from({ length: 900 }, (_, v): Vote => [v >> 1, v & 1, v % 3]);
    const eight = agreementReport(votesOf(many, { time: Float64Array.from(many.keys()) })).windows;
    expect(eight).toHaveLength(8);
    expect(eight.reduce((n, { votes }) => n + votes, 0)).toBe(900);
  });
});
