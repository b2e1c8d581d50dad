import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { cohenKappa, fleissKappa, krippendorffAlpha, percentAgreement } from "./index.js";
import { agreementReport } from "./report.js";
import type { RatedUnits } from "./units.js";

/** @param table values of each unit by each rater, 0: none. */
function rated(table: readonly (readonly number[])[], K: number): RatedUnits {
  const votes = table.flatMap((row) => row.flatMap((value, u) => (value > 0 ? [[u, value - 1]] : [])));
  return {
    units: table[0].length,
    values: Array.from({ length: K }, (_, c) => String(c + 1)),
    unit: Int32Array.from(votes, ([u]) => u),
    value: Int32Array.from(votes, ([, value]) => value),
  };
}

/** Krippendorff 2011, section C: four observers, twelve units, five values, missing ones. */
const KRIPPENDORFF = rated(
  [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
  ],
  5,
);

/** Fleiss 1971 as commonly retold: ten subjects, fourteen raters, five values; kappa .210. */
const FLEISS = [
  [0, 0, 0, 0, 14],
  [0, 2, 6, 4, 2],
  [0, 0, 3, 5, 6],
  [0, 3, 9, 2, 0],
  [2, 2, 8, 1, 1],
  [7, 7, 0, 0, 0],
  [3, 2, 6, 3, 0],
  [2, 5, 3, 2, 2],
  [6, 5, 2, 1, 0],
  [0, 2, 2, 3, 7],
];

describe("Krippendorff's alpha", () => {
  it.each([
    ["nominal", 0.743],
    ["ordinal", 0.815],
    ["interval", 0.849],
  ] as const)("%s of the published example is %d", (level, value) => {
    const alpha = krippendorffAlpha(KRIPPENDORFF, level, [1, 2, 3, 4, 5]);
    expect(alpha?.estimate).toBeCloseTo(value, 3);
    expect(alpha?.n).toBe(11); // the unit with one value counts for nothing
    expect(alpha?.low).toBeLessThan(value - 0.05);
    expect(alpha?.high).toBeGreaterThan(value + 0.02);
  });

  it("is undefined without variation or without a unit that two raters judged", () => {
    expect(
      krippendorffAlpha(
        rated(
          [
            [1, 1],
            [1, 1],
          ],
          1,
        ),
        "nominal",
      ),
    ).toBeUndefined();
    expect(krippendorffAlpha(rated([[1, 2]], 2), "nominal")).toBeUndefined();
  });

  it("is about 0 for raters who do not look, its interval covers that", () => {
    const random = new RandomStream(3, "coins");
    const table = [0, 1, 2].map(() => Array.from({ length: 3000 }, () => 1 + random.int(2)));
    const alpha = krippendorffAlpha(rated(table, 2), "nominal");
    expect(alpha?.low).toBeLessThan(0);
    expect(alpha?.high).toBeGreaterThan(0);
    // The error is 1 / sqrt(9000) with three pairs of 3,000 votes, in blocks as without.
    const width = (alpha?.high ?? 1) - (alpha?.low ?? -1);
    expect(width).toBeGreaterThan(0.035);
    expect(width).toBeLessThan(0.048);
  });

  it("has intervals of the nominal coverage", () => {
    // Two raters, right with probability .9 of an even truth: expected alpha is 2 (.82 - .5).
    let covered = 0;
    for (let trial = 0; trial < 30; trial++) {
      const random = new RandomStream(trial, "coverage");
      const truth = Array.from({ length: 60 }, () => random.int(2));
      const table = [0, 1].map(() => truth.map((t) => 1 + (random.bernoulli(0.9) ? t : 1 - t)));
      const alpha = krippendorffAlpha(rated(table, 2), "nominal", undefined, trial);
      if ((alpha?.low ?? 1) <= 0.64 && 0.64 <= (alpha?.high ?? 0)) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(25);
  });
});

describe("intervals of few units", () => {
  const agreeing = (units: number) =>
    rated(
      [0, 1].map(() => Array.from({ length: units }, (_, u) => 1 + (u % 2))),
      2,
    );

  it("of raters who never differed reach as far as a rate of none does", () => {
    const alpha = krippendorffAlpha(agreeing(60), "nominal");
    // 0 of 60 may be a rate of 6%, over an expected disagreement of one half.
    expect(alpha).toMatchObject({ estimate: 1, high: 1 });
    expect(alpha?.low).toBeLessThan(0.9);
    expect(alpha?.low).toBeGreaterThan(0.8);
    expect(cohenKappa([0, 1, 0, 1], [0, 1, 0, 1], 2)?.low).toBeLessThan(0.1);
    const numbers = krippendorffAlpha(agreeing(60), "interval", [0, 10]);
    expect(numbers?.low).toBeCloseTo(alpha?.low ?? 0, 2);
    expect(percentAgreement(agreeing(60))?.low).toBeGreaterThan(0.9);
  });

  it("are over clusters: six pairs of one ranking that go together are one", () => {
    const random = new RandomStream(8, "rankings");
    const items = Array.from({ length: 100 }, () => [random.int(2), random.bernoulli(0.8)] as const);
    const table = [0, 1].map((rater) =>
      items.flatMap(([value, agree]) => Array(6).fill(1 + (rater === 0 || agree ? value : 1 - value))),
    );
    const alone = rated(table, 2);
    const together = { ...alone, cluster: Int32Array.from({ length: 600 }, (_, u) => Math.floor(u / 6)) };
    const width = (found: { low: number; high: number } | undefined) =>
      (found?.high ?? 0) - (found?.low ?? 0);
    for (const measure of [
      (votes: RatedUnits) => krippendorffAlpha(votes, "nominal"),
      (votes: RatedUnits) => krippendorffAlpha(votes, "ordinal"),
      (votes: RatedUnits) => fleissKappa(votes),
      (votes: RatedUnits) => percentAgreement(votes),
    ]) {
      expect(measure(together)?.estimate).toBeCloseTo(measure(alone)?.estimate ?? 0, 12);
      expect(measure(together)?.n).toBe(600);
      expect(width(measure(together)) / width(measure(alone))).toBeGreaterThan(2);
    }
  });
});

describe("kappa", () => {
  it("Fleiss' of the published example is .210", () => {
    const votes = FLEISS.flatMap((row, u) =>
      row.flatMap((n, value) => Array.from({ length: n }, () => [u, value])),
    );
    const kappa = fleissKappa({
      units: 10,
      values: ["1", "2", "3", "4", "5"],
      unit: Int32Array.from(votes, ([u]) => u),
      value: Int32Array.from(votes, ([, value]) => value),
    });
    expect(kappa?.estimate).toBeCloseTo(0.2099, 4);
  });

  it("Cohen's of two readers of fifty grant proposals is .4", () => {
    const cells: [number, number, number][] = [
      [0, 0, 20],
      [0, 1, 5],
      [1, 0, 10],
      [1, 1, 15],
    ];
    const pairs = cells.flatMap(([a, b, n]) => Array.from({ length: n }, () => [a, b]));
    const kappa = cohenKappa(
      pairs.map(([a]) => a),
      pairs.map(([, b]) => b),
      2,
    );
    expect(kappa?.estimate).toBeCloseTo(0.4, 12);
    expect(kappa?.low).toBeGreaterThan(0.1);
    expect(kappa?.high).toBeLessThan(0.7);
    expect(cohenKappa([0, 0], [0, 0], 2)).toBeUndefined();
  });

  it("percent counts pairs of votes", () => {
    expect(
      percentAgreement(
        rated(
          [
            [1, 1, 2],
            [1, 2, 2],
            [2, 0, 2],
          ],
          2,
        ),
      )?.estimate,
    ).toBeCloseTo(4 / 7, 12);
  });
});

describe("agreementReport", () => {
  it("tells groups and times apart", () => {
    const random = new RandomStream(5, "report");
    const votes: { unit: number; value: number; rater: number; group: string; time: number }[] = [];
    for (let unit = 0; unit < 300; unit++) {
      const truth = random.int(2);
      for (let rater = 0; rater < 4; rater++) {
        const skill = rater < 2 ? 0.98 : unit < 150 ? 0.9 : 0.5;
        const value = random.bernoulli(skill) ? truth : 1 - truth;
        votes.push({ unit, value, rater, group: rater < 2 ? "experts" : "crowd", time: unit });
      }
    }
    const report = agreementReport({
      units: 300,
      values: ["no", "yes"],
      unit: Int32Array.from(votes, ({ unit }) => unit),
      value: Int32Array.from(votes, ({ value }) => value),
      rater: Int32Array.from(votes, ({ rater }) => rater),
      group: votes.map(({ group }) => group),
      time: Float64Array.from(votes, ({ time }) => time),
      ordered: false,
    });
    const alpha = Object.fromEntries(report.groups.map((g) => [g.group, g.alpha?.estimate ?? 0]));
    expect(alpha.experts).toBeGreaterThan(0.85);
    expect(alpha.crowd).toBeLessThan(0.5);
    expect(report.windows).toHaveLength(8);
    expect(report.windows[0].alpha?.estimate).toBeGreaterThan(report.windows[7].alpha?.high ?? 1);
    expect(report.windows.map(({ votes: n }) => n)).toEqual(Array(8).fill(150));
    expect(report.cohen).toBeNull();
    expect(report.alpha.ordinal).toBeNull();
  });
});
