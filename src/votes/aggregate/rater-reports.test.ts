/** What is said of raters, against its formulas: skills, flags, sides, and which of many tests to believe. */
import { describe, expect, it } from "vitest";
import { upperMedian } from "../../statistics/median.js";
import { normalCdf, normalQuantile } from "../../statistics/normal.js";
import { comparisons, type LabelVotes, labelVotes } from "../votes.js";
import { comparedPairs, sideVotes } from "./compared-pairs.js";
import { labelPosterior, pooledDawidSkene } from "./dawid-skene.js";
import { discoveries } from "./false-discovery.js";
import { classShares } from "./known-labels.js";
import { raterFlags } from "./rater-flags.js";
import { balancedSkills, raterSkills, skillsOnKnown, truthByOthers } from "./rater-skill.js";
import { sideFlags } from "./side-bias.js";

const votesOf = (text: string): LabelVotes =>
  labelVotes(
    text.split(", ").map((row) => {
      const [item, rater, label] = row.split(" ");
      return { item, rater, label };
    }),
  );

describe("discoveries", () => {
  it("are all up to the last whose p is at most rank * rate / count", () => {
    // p of a standard normal; ranks 1 to 3 of 10 allow .01, .02 and .03 at a rate of .1, whatever the first two are.
    const z = (p: number): number => -normalQuantile(p);
    const rest = [-0.3, 0.1, -0.9, -0.1, 0.4, -0.2, 0.2].map((p) => p / 10);
    const even = Float64Array.from([...rest, z(0.015), z(0.012), z(0.028)]);
    const honest = Float64Array.of(-0.5, -0.1, 0, 0, 0.1);
    expect(discoveries(even, 0.1, honest).sort()).toEqual([7, 8, 9]);
    expect(discoveries(even, 0.09, honest)).toEqual([8, 7]); // .012 at rank 1 is above, .015 at rank 2 below
    expect(discoveries(even, 0.07, honest)).toEqual([]);
    expect(discoveries(Float64Array.from([...rest, z(0.009), 0, 0]), 0.1, honest)).toEqual([7]);
    expect(discoveries(Float64Array.from([...rest, z(0.011), 0, 0]), 0.1, honest)).toEqual([]);
    expect(discoveries(Float64Array.of(5), 0.01)).toEqual([]);
    expect(discoveries(new Float64Array(), 0.01)).toEqual([]);
  });

  it("measure the null by the honest: its centre when above 0, its width below when above 1", () => {
    // Median 1; below it 0, 0, 2, 3, 4: median deviation 2, hence 2 times 1.4826.
    const honest = Float64Array.of(-3, -2, -1, 1, 1, 2, 3, 4);
    expect(upperMedian(honest)).toBe(1);
    const found = (score: number): number => discoveries(Float64Array.of(score), 0.01, honest).length;
    const least = 1 - normalQuantile(0.01) * 2 * 1.4826;
    expect(found(least + 0.01)).toBe(1);
    expect(found(least - 0.01)).toBe(0);
    // A null centred below 0 is held to be centred at 0, and a narrow one to be standard.
    const narrow = Float64Array.of(-0.2, -0.1, -0.1, 0, 0.1);
    const plain = (score: number): number => discoveries(Float64Array.of(score), 0.01, narrow).length;
    expect(plain(-normalQuantile(0.01) + 0.01)).toBe(1);
    expect(plain(-normalQuantile(0.01) - 0.01)).toBe(0);
    expect(normalCdf(0)).toBeCloseTo(0.5, 7);
  });
});

describe("flags", () => {
  const skill = (estimate: number, low: number, high: number) => ({ estimate, low, high });
  const good = skill(0.9, 0.8, 1);

  it("are for those who are surely below chance, or on known answers perhaps at chance and surely poor", () => {
    // Half way from .5 to the median .9 is .7.
    const onKnown = [
      ...Array(7).fill(good),
      ...[skill(0.3, 0.1, 0.499), skill(0.3, 0.1, 0.5)],
      ...[skill(0.55, 0.4, 0.699), skill(0.55, 0.4, 0.7), skill(0.55, 0.5, 0.6), skill(0.55, 0.501, 0.6)],
      good,
    ];
    const some = [...Array(7).fill(good), onKnown[7], ...Array(6).fill(good)];
    const flags = raterFlags(some, 0.5, [], onKnown);
    expect(flags.map((list) => list.map(({ kind }) => kind).join())).toEqual([
      ...Array(7).fill(""),
      ...["contrary", "guessing", "guessing", "", "guessing", "", ""],
    ]);
    // By the pool's word alone only those who are surely within .06 of chance: tastes differ.
    const alone = raterFlags([...onKnown, skill(0.5, 0.45, 0.559), skill(0.5, 0.45, 0.56)], 0.5);
    expect(alone.map((list) => list.map(({ kind }) => kind).join())).toEqual([
      ...Array(7).fill(""),
      ...["contrary", "guessing", "", "", "", "", "", "guessing", ""],
    ]);
    expect([flags[0], flags[10]]).toEqual([[], []]);
    expect(flags[7]).toEqual([
      {
        kind: "contrary",
        reason: "right at most 49.9% of the time with truths equally common, chance is 50.0%",
      },
    ]);
    expect(alone[14][0].reason).toBe(
      "right 45.0% to 55.9% of the time with truths equally common, chance is 50.0%, half of the raters reach 90.0%",
    );
    expect(flags[9][0].reason).toBe(
      "right 40.0% to 69.9% of the time on known answers, with truths equally common, chance is 50.0%, half of the raters reach 90.0%",
    );
  });

  it("of a group replace others, with the group's number and size", () => {
    const member = (rater: number) => ({ rater, common: 20, agreed: 18, expected: 9.25 });
    const flags = raterFlags([good, skill(0.1, 0, 0.2), good], 0.5, [[member(1)], [member(0), member(2)]]);
    expect(flags[1]).toEqual([
      {
        kind: "colluding",
        reason: "follows the answers of group 1 (1 raters) on 18 of 20 items; 9.3 were expected",
      },
    ]);
    expect(flags[2][0].reason).toMatch(/^follows the answers of group 2 \(2 raters\)/);
  });
});

describe("the truth by the other votes", () => {
  const votes = votesOf("i a x, i b x, i c y, j a y, j c x, k b y, k c y");
  const start = Float64Array.of(0.8, 0.2, 0.4, 0.6, 0.1, 0.9);
  const pooled = (known?: Int32Array, weight?: number[]) =>
    pooledDawidSkene(votes, { start: start.slice(), iterations: 20, tolerance: 1e-6, known, weight });

  it("leaves each vote out of its own", () => {
    const { posterior, confusion } = pooled();
    const prior = classShares(posterior, undefined, 2);
    const truths = truthByOthers(votes, start);
    for (let v = 0; v < 7; v++) {
      const others = votes.item.map((_, other) => (other === v ? 0 : 1));
      const row = labelPosterior(votes, prior, confusion, others);
      for (const c of [0, 1]) expect(truths[v * 2 + c]).toBeCloseTo(row[votes.item[v] * 2 + c], 9);
    }
    expect([...start]).toEqual([0.8, 0.2, 0.4, 0.6, 0.1, 0.9]);
  });

  it("weighs votes as it is told, and knows what is known", () => {
    const weight = [1, 0, 0.5, 1, 1, 1, 0];
    const known = Int32Array.of(-1, 1, 0);
    const { posterior, confusion } = pooled(known, weight);
    const prior = classShares(posterior, known, 2);
    const truths = truthByOthers(votes, start, weight, known);
    for (let v = 0; v < 7; v++) {
      const others = weight.map((share, other) => (other === v ? 0 : share));
      const row = labelPosterior(votes, prior, confusion, others);
      const byOthers = [0, 1].map((c) => row[votes.item[v] * 2 + c]);
      const want = [byOthers, [0, 1], [1, 0]][votes.item[v]];
      for (const c of [0, 1]) expect(truths[v * 2 + c]).toBeCloseTo(want[c], 9);
    }
  });
});

describe("skills", () => {
  /** Votes of one rater on items of their own, and P(vote v is right). */
  const judged = (q: readonly number[], labels: number) => {
    const votes: LabelVotes = {
      items: q.map((_, v) => `${v}`),
      raters: ["other", "rater"],
      labels: Array.from({ length: labels }, (_, y) => `${y}`),
      item: Int32Array.from(q.keys()),
      rater: new Int32Array(q.length).fill(1),
      label: Int32Array.from(q, (_, v) => v % labels),
    };
    const truths = new Float64Array(q.length * labels);
    for (const [v, p] of q.entries())
      for (let c = 0; c < labels; c++) truths[v * labels + c] = c === v % labels ? p : (1 - p) / (labels - 1);
    return { votes, truths };
  };
  const likelihood = (q: readonly number[], labels: number) => (a: number) =>
    q.reduce((sum, p) => sum + Math.log(a * p + ((1 - a) * (1 - p)) / (labels - 1)), 0);

  it.each([2, 3])(
    "of %d labels maximise the likelihood, and intervals are where it falls by t^2 / 2",
    (K) => {
      // The likeliest skill lies within (0, 1).
      const q = [0.9, 0.95, 0.3, 0.8, 0.99, 0.6, 0.05, 0.9, 0.97, 0.85];
      const { votes, truths } = judged(q, K);
      const at = likelihood(q, K);
      const grid = Array.from({ length: 100_001 }, (_, i) => i / 100_000).slice(1, -1);
      const best = grid.reduce((a, b) => (at(b) > at(a) ? b : a));
      expect(best).toBeLessThan(0.99);
      // Quantiles of Student's t with 9 degrees of freedom.
      for (const [confidence, t] of [
        [undefined, 2.262157],
        [0.8, 1.383029],
      ] as const) {
        const inside = grid.filter((a) => at(best) - at(a) <= t ** 2 / 2);
        const [, skill] = raterSkills(votes, truths, confidence);
        expect(skill.estimate).toBeCloseTo(best, 4);
        expect(skill.low).toBeCloseTo(inside[0], 4);
        expect(skill.high).toBeCloseTo(inside[inside.length - 1], 4);
      }
    },
  );

  it("of one who is always right reach 1, of one who never is 0, and of nothing are chance", () => {
    const { votes, truths } = judged([1, 1, 1, 1], 2);
    const [none, all] = raterSkills(votes, truths);
    expect(all.high).toBe(1);
    expect(all.estimate).toBeCloseTo(1, 9);
    expect(all.low).toBeCloseTo(Math.exp(-(3.182446 ** 2) / 2 / 4), 5);
    expect(none).toEqual({ estimate: 0.5, low: 0, high: 1 });
    const [, never] = raterSkills(
      votes,
      truths.map((p) => 1 - p),
    );
    expect(never.low).toBe(0);
    expect(never.estimate).toBeCloseTo(0, 9);
    expect(never.high).toBeCloseTo(1 - Math.exp(-(3.182446 ** 2) / 2 / 4), 5);
    // Of two votes, with Student's t of one degree of freedom: its quartile is 1.
    const two = judged([1, 1], 2);
    expect(raterSkills(two.votes, two.truths, 0.5)[1].low).toBeCloseTo(Math.exp(-1 / 2 / 2), 9);
    const three = judged([1 / 3, 1 / 3], 3);
    expect(raterSkills(three.votes, three.truths)[1].estimate).toBeCloseTo(1 / 3, 9);
  });

  it("with truths equally common are means over truths, with a vote right and one wrong added to each", () => {
    // Ten times: of x said x with .9, and y with .8 and .3 of it being x; of y .2 and .7 right, .1 wrong.
    const own = Array.from({ length: 10 }, (_, i) => `i${i} a x, j${i} a y, k${i} a y`);
    const votes = votesOf([...own, "i0 b y", "j0 b y"].join(", "));
    const truths = Float64Array.from(
      [...Array(10).fill([0.9, 0.1, 0.8, 0.2, 0.3, 0.7]), 0, 1, 0.5, 0.5].flat(),
    );
    const [nx, ny] = [10 * (0.9 + 0.8 + 0.3) + 2, 10 * (0.1 + 0.2 + 0.7) + 2];
    const [px, py] = [(9 + 1) / nx, (2 + 7 + 1) / ny];
    const half = (z: number) => z * Math.sqrt((px * (1 - px)) / nx / 4 + (py * (1 - py)) / ny / 4);
    const [skill, other] = balancedSkills(votes, truths);
    // Of x .5 and none right, of y 1.5 and all right.
    expect(other.estimate).toBeCloseTo((1 / 2.5 + 2.5 / 3.5) / 2, 12);
    expect(skill.estimate).toBeCloseTo((px + py) / 2, 12);
    expect(skill.low).toBeCloseTo((px + py) / 2 - half(2.575829), 5);
    expect(skill.high).toBeCloseTo((px + py) / 2 + half(2.575829), 5);
    const [narrow] = balancedSkills(votes, truths, 0.8);
    expect(narrow.high - narrow.low).toBeCloseTo(2 * half(1.281552), 5);
    // On known items, the first and the third of ten, by the votes on them alone.
    const known = Int32Array.from(votes.items, (_, i) => [0, -1, 1][i] ?? -1);
    const told = [...votes.item.keys()].filter((v) => known[votes.item[v]] >= 0);
    const part = (values: Int32Array) => Int32Array.from(told, (v) => values[v]);
    const alone = { ...votes, item: part(votes.item), rater: part(votes.rater), label: part(votes.label) };
    expect(told.length).toBe(3);
    expect(skillsOnKnown(votes, truths, known)).toEqual(
      balancedSkills(alone, Float64Array.from(told.flatMap((v) => [truths[2 * v], truths[2 * v + 1]]))),
    );
    expect(skillsOnKnown(votes, truths, undefined)).toEqual([]);
    expect(
      skillsOnKnown(
        votes,
        truths,
        known.map(() => -1),
      ),
    ).toEqual([]);
    const one = balancedSkills(votesOf("i a x"), Float64Array.of(1));
    expect(one[0]).toMatchObject({ low: expect.any(Number), high: 1 });
    const [bad] = balancedSkills(votesOf("i a x, j b y"), Float64Array.of(0, 1, 1, 0));
    expect(bad.low).toBe(0);
  });
});

describe("compared pairs", () => {
  const votes = comparisons(
    [
      { item: "p", left: "a", right: "b", rater: "r", outcome: 1 },
      { item: "p", left: "b", right: "a", rater: "s", outcome: 0.75 },
      { item: "q", left: "b", right: "a", rater: "r", outcome: 0.5 },
      { item: "q", left: "b", right: "a", rater: "s", outcome: 0 },
      { item: "p", left: "b", right: "a", rater: "t", outcome: 0.25 },
    ],
    { shared: true },
  );

  it("are the same two under one item, the way round of the first vote", () => {
    const pairs = comparedPairs(votes);
    expect({ ...pairs, flipped: [...pairs.flipped] }).toEqual({
      left: Int32Array.of(0, 1),
      right: Int32Array.of(1, 0),
      item: Int32Array.of(0, 1),
      pair: Int32Array.of(0, 0, 1, 1, 0),
      flipped: [0, 1, 0, 0, 1],
    });
  });

  it("make labels of the sides, with or without ties", () => {
    const pairs = comparedPairs(votes);
    const { votes: sides, from } = sideVotes(votes, pairs, true);
    expect([...from]).toEqual([0, 1, 2, 3, 4]);
    expect(sides).toMatchObject({
      labels: ["left", "right", "tie"],
      items: ["0", "1"],
      raters: ["r", "s", "t"],
    });
    expect([...sides.label]).toEqual([0, 1, 2, 1, 0]);
    expect([...sides.item]).toEqual([0, 0, 1, 1, 0]);
    expect([...sides.rater]).toEqual([0, 1, 0, 1, 2]);
    const clear = sideVotes(votes, pairs, false);
    expect([...clear.from]).toEqual([0, 1, 3, 4]);
    expect([...clear.votes.label]).toEqual([0, 1, 1, 0]);
    expect(clear.votes.labels).toEqual(["left", "right"]);
    const noTies = { ...votes, outcome: votes.outcome.map((o) => (o === 0.5 ? 1 : o)) };
    expect(sideVotes(noTies, pairs, true).votes.labels).toEqual(["left", "right"]);
  });
});

describe("a rater's side", () => {
  /** Each rater's own pairs: the first is left of the screen in all; `says` are the raters' shares of left. */
  function flagsOf(says: readonly number[], n: number, trulyLeft: (w: number, i: number) => number) {
    const rows = says.flatMap((share, w) =>
      Array.from({ length: n }, (_, i) => {
        const turned = i % 2 === 1; // two votes on each pair, the second with the sides exchanged
        const [left, right] = turned ? ["b", "a"] : ["a", "b"];
        return { item: `${w} ${i >> 1}`, left, right, rater: `${w}`, outcome: i < share * n ? 1 : 0 };
      }),
    );
    const votes = comparisons(rows);
    const pairs = comparedPairs(votes);
    const truths = Float64Array.from(
      rows.flatMap(({ rater, left }, v) => {
        const p = trulyLeft(Number(rater), v % n);
        return left === "a" ? [p, 1 - p] : [1 - p, p];
      }),
    );
    return sideFlags(votes, pairs, Int32Array.from(rows.keys()), truths);
  }

  it("is told by what it was shown, not by how often it says left", () => {
    const many = [0.5, 0.5, 0.45, 0.55, 0.5, 0.5, 0.5];
    // The first was shown pairs whose left was better in 9 of 10, and said so.
    const shown = flagsOf([0.9, ...many], 100, (w) => (w === 0 ? 0.9 : 0.5));
    expect([...shown.keys()]).toEqual([]);
    const biased = flagsOf([0.9, ...many], 100, () => 0.5);
    expect([...biased]).toEqual([
      [0, { kind: "one-sided", reason: "chose left 90 times of 100; 50.0 were expected" }],
    ]);
    const seldom = flagsOf([0.9, ...many], 100, (w) => (w === 0 ? 0.4 : 0.5));
    expect(seldom.get(0)?.reason).toBe("chose left 90 times of 100; 40.0 were expected");
    const right = flagsOf([0.1, ...many], 100, (w) => (w === 0 ? 0.4 : 0.5));
    expect(right.get(0)).toEqual({
      kind: "one-sided",
      reason: "chose right 90 times of 100; 60.0 were expected",
    });
  });

  it("is not told of an excess below a fifth, however sure", () => {
    const many = Array<number>(7).fill(0.5);
    expect([...flagsOf([0.69, ...many], 1000, () => 0.5).keys()]).toEqual([]);
    expect([...flagsOf([0.7, ...many], 1000, () => 0.5).keys()]).toEqual([0]);
    expect([...flagsOf([0.71, ...many], 1000, () => 0.5).keys()]).toEqual([0]);
    expect([...flagsOf([0.31, ...many], 1000, () => 0.5).keys()]).toEqual([]);
    expect([...flagsOf([0.29, ...many], 1000, () => 0.5).keys()]).toEqual([0]);
  });

  it("is not told of few votes", () => {
    // 8 of 10: z = 3 / sqrt(2.5 + .25), which one in thirty has by chance.
    expect([...flagsOf([0.8, ...Array<number>(7).fill(0.5)], 10, () => 0.5).keys()]).toEqual([]);
    // 10 of 10: z = 5 / sqrt(2.75), p = .0013 of eight raters at a rate of .01.
    expect([...flagsOf([1, ...Array<number>(6).fill(0.5)], 10, () => 0.5).keys()]).toEqual([0]);
    expect([...flagsOf([1, ...Array<number>(9).fill(0.5)], 10, () => 0.5).keys()]).toEqual([]);
  });
});
