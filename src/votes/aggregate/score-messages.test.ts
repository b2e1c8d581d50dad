/** Messages between pairs and scores against the exact posterior of a linear model with normal noise. */
import { describe, expect, it } from "vitest";
import { comparisons } from "../votes.js";
import { comparedPairs } from "./compared-pairs.js";
import { ScoreMessages } from "./score-messages.js";

/** Pairs by names, each with what was seen of its difference, with variance `noise`. */
function posterior(
  seen: readonly [left: string, right: string, difference: number][],
  prior: number,
  noise: number,
  rounds: number,
) {
  const votes = comparisons(
    seen.map(([left, right], p) => ({ item: `${p}`, left, right, rater: "r", outcome: 1 })),
    { shared: true },
  );
  const messages = new ScoreMessages(votes.candidates.length, comparedPairs(votes));
  for (let round = 0; round < rounds; round++) {
    messages.setPrior(prior);
    for (const [p, [, , difference]] of seen.entries()) {
      const cavity = messages.cavity(p);
      // The pair's own difference d has prior N(mean, variance + 0), and was seen with noise.
      const total = cavity.variance;
      const spread = 1 / (1 / total + 1 / noise);
      const mean = spread * (cavity.mean / total + difference / noise);
      messages.update(p, cavity, mean, spread, total);
    }
  }
  return { messages, candidates: votes.candidates };
}

/** Means and variances of scores with prior N(0, prior), given the differences: by solving the normal equations. */
function exact(
  seen: readonly [string, string, number][],
  names: readonly string[],
  prior: number,
  noise: number,
) {
  const n = names.length;
  const rows = names.map((_, i) => names.map((_other, j) => (i === j ? 1 / prior : 0)));
  const shift = names.map(() => 0);
  for (const [left, right, difference] of seen) {
    const [a, b] = [names.indexOf(left), names.indexOf(right)];
    rows[a][a] += 1 / noise;
    rows[b][b] += 1 / noise;
    rows[a][b] -= 1 / noise;
    rows[b][a] -= 1 / noise;
    shift[a] += difference / noise;
    shift[b] -= difference / noise;
  }
  const whole = rows.map((row, r) => [...row, ...names.map((_, c) => (r === c ? 1 : 0))]);
  for (let k = 0; k < n; k++) {
    const pivot = whole[k][k];
    whole[k] = whole[k].map((x) => x / pivot);
    for (let r = 0; r < n; r++) if (r !== k) whole[r] = whole[r].map((x, c) => x - whole[r][k] * whole[k][c]);
  }
  const inverse = whole.map((row) => row.slice(n));
  return {
    mean: inverse.map((row) => row.reduce((sum, x, j) => sum + x * shift[j], 0)),
    variance: inverse.map((row, i) => row[i]),
  };
}

describe("scores from messages", () => {
  it.each([
    ["one pair", [["a", "b", 1.5]], 1],
    [
      "a chain",
      [
        ["a", "b", 1.5],
        ["b", "c", -0.4],
        ["d", "c", 2],
      ],
      8,
    ],
    [
      "a star",
      [
        ["a", "b", 1],
        ["a", "c", -2],
        ["d", "a", 0.5],
      ],
      8,
    ],
    [
      "two parts",
      [
        ["a", "b", 1],
        ["c", "d", 3],
        ["d", "e", -1],
      ],
      8,
    ],
  ] as [string, [string, string, number][], number][])(
    "of %s are exact where no way leads round",
    (_, seen, rounds) => {
      for (const [prior, noise] of [
        [1, 0.5],
        [2.5, 3],
      ]) {
        const { messages, candidates } = posterior(seen, prior, noise, rounds);
        const { mean, variance } = exact(seen, candidates, prior, noise);
        const middle = mean.reduce((a, b) => a + b, 0) / mean.length;
        const { score, low, high } = messages.scores(1.5);
        let squares = 0;
        for (let c = 0; c < mean.length; c++) {
          expect(score[c]).toBeCloseTo(mean[c] - middle, 9);
          expect(high[c]).toBeCloseTo(mean[c] - middle + 1.5 * Math.sqrt(variance[c]), 9);
          expect(low[c]).toBeCloseTo(mean[c] - middle - 1.5 * Math.sqrt(variance[c]), 9);
          squares += mean[c] ** 2 + variance[c];
        }
        expect(messages.squares()).toBeCloseTo(squares, 9);
      }
    },
  );

  it("of a ring have the exact means", () => {
    const seen: [string, string, number][] = [
      ["a", "b", 1],
      ["b", "c", 0.5],
      ["a", "c", 2.5],
    ];
    const { messages, candidates } = posterior(seen, 1, 2, 60);
    const { mean } = exact(seen, candidates, 1, 2);
    const { score } = messages.scores(1);
    for (const [c, value] of mean.entries()) expect(score[c]).toBeCloseTo(value, 6);
  });

  it("leave a pair's own message out of what is known without it", () => {
    const { messages } = posterior(
      [
        ["a", "b", 1.5],
        ["b", "c", -0.4],
      ],
      2,
      0.5,
      8,
    );
    // Without the first pair, a is the prior's; b is what the second pair says.
    const first = messages.cavity(0);
    const only = exact([["b", "c", -0.4]], ["b", "c"], 2, 0.5);
    expect(first.left[0]).toBeCloseTo(0.5, 9);
    expect(first.left[1]).toBe(0);
    expect(first.right[0]).toBeCloseTo(1 / only.variance[0], 9);
    expect(first.right[1] / first.right[0]).toBeCloseTo(only.mean[0], 9);
    expect(first.mean).toBeCloseTo(-only.mean[0], 9);
    expect(first.variance).toBeCloseTo(2 + only.variance[0], 9);
  });

  it("widen nothing: a pair that became less certain only moves its scores", () => {
    const votes = comparisons([{ item: "", left: "a", right: "b", rater: "r", outcome: 1 }]);
    const messages = new ScoreMessages(2, comparedPairs(votes));
    messages.setPrior(2);
    const cavity = messages.cavity(0);
    expect(cavity).toEqual({ left: [0.5, 0], right: [0.5, 0], mean: 0, variance: 4 });
    messages.update(0, cavity, 1, 6, 4); // spread 6 of a prior 4
    const { score, high } = messages.scores(1);
    // a moves by 2 / 4 of the difference's mean, and its variance stays 2.
    expect(score[0]).toBeCloseTo(0.5, 12);
    expect(score[1]).toBeCloseTo(-0.5, 12);
    expect(high[0] - score[0]).toBeCloseTo(Math.sqrt(2), 12);
  });

  it("move scores from where other pairs have put them", () => {
    const votes = comparisons(
      [
        { item: "", left: "a", right: "b", rater: "r", outcome: 1 },
        { item: "", left: "b", right: "c", rater: "r", outcome: 1 },
      ],
      { shared: true },
    );
    const messages = new ScoreMessages(3, comparedPairs(votes));
    messages.setPrior(2);
    messages.update(0, messages.cavity(0), 3, 1, 4);
    const cavity = messages.cavity(1);
    const [b, c] = [cavity.left, cavity.right].map(([precision, shift]) => ({
      mean: shift / precision,
      variance: 1 / precision,
    }));
    expect(b.mean).toBeCloseTo(-1.5, 12); // half of the difference of 3
    const total = b.variance + c.variance;
    messages.update(1, cavity, cavity.mean + 1, total + 1, total);
    // The difference's mean rose by 1: each has its share of the variance of it.
    const [, own, other] = messages.scores(1).score;
    expect(own - other).toBeCloseTo(b.mean - c.mean + b.variance / total + c.variance / total, 12);
  });
});
