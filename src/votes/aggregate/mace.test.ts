/** MACE against its formulas: the variational step, the bound, and which of several starts is kept. */
import { describe, expect, it } from "vitest";
import { simulatedLabels } from "../../../test/simulated-votes.js";
import { digamma, logGamma } from "../../statistics/special-functions.js";
import { expectation, type MaceParameters, mace, maceFrom, randomStart } from "./mace.js";

const { votes } = simulatedLabels(3, { items: 14, raters: 4, votesPerItem: 3, labels: 3, least: 0.4 });
const [I, W, K] = [14, 4, 3];

/** Rows of counts as exp(E[log p]) under a Dirichlet posterior, and the posterior's divergence from its prior. */
function dirichlet(counts: Float64Array, columns: number, prior: number) {
  const expected: number[] = [];
  let divergence = 0;
  for (let start = 0; start < counts.length; start += columns) {
    const a = [...counts.slice(start, start + columns)].map((n) => n + prior);
    const total = a.reduce((x, y) => x + y, 0);
    expected.push(...a.map((n) => Math.exp(digamma(n) - digamma(total))));
    divergence += logGamma(total) - a.reduce((sum, n) => sum + logGamma(n), 0);
    divergence -= logGamma(columns * prior) - columns * logGamma(prior);
    divergence += a.reduce((sum, n) => sum + (n - prior) * (digamma(n) - digamma(total)), 0);
  }
  return { expected, divergence };
}

/** One round by the formulas. */
function round(parameters: MaceParameters, shares: "estimated" | "uniform") {
  const { knowing, answering, posterior } = expectation(votes, parameters);
  const knows = dirichlet(knowing, 2, 0.5);
  const answers = dirichlet(answering, K, 10);
  const mean = [0, 1, 2].map((c) => {
    let sum = 0;
    for (let i = 0; i < I; i++) sum += posterior[i * K + c];
    return sum / I;
  });
  const next: MaceParameters = {
    knows: Float64Array.from(knows.expected),
    answers: Float64Array.from(answers.expected),
    shares: shares === "estimated" ? Float64Array.from(mean) : parameters.shares,
  };
  const bound = expectation(votes, next).logLikelihood - knows.divergence - answers.divergence;
  return { next, bound };
}
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) expect(actual[at]).toBeCloseTo(expected[at], 9);
}

describe("a start", () => {
  it("is drawn by seed and number, even shares and rows that sum to 1", () => {
    const start = randomStart(votes, 4, 2);
    expectClose(start.shares, [1 / 3, 1 / 3, 1 / 3]);
    expect(start.knows.length).toBe(W * 2);
    expect(start.answers.length).toBe(W * K);
    for (let w = 0; w < W; w++) {
      expect(start.knows[w * 2] + start.knows[w * 2 + 1]).toBeCloseTo(1, 12);
      const row = [...start.answers.slice(w * K, (w + 1) * K)];
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      // Between 1 and 1.5 before they are divided by their sum.
      expect(Math.max(...row) / Math.min(...row)).toBeLessThan(1.5);
      expect(Math.max(...row) / Math.min(...row)).toBeGreaterThan(1.001);
    }
    expect(randomStart(votes, 4, 2)).toEqual(start);
    for (const [seed, number] of [
      [4, 1],
      [5, 2],
    ]) {
      const other = randomStart(votes, seed, number);
      expect(other.knows).not.toEqual(start.knows);
      expect(other.answers).not.toEqual(start.answers);
    }
  });
});

describe("a run", () => {
  it.each(["estimated", "uniform"] as const)("of %s shares takes the formulas' rounds", (shares) => {
    const start = randomStart(votes, 1, 0);
    const one = round(start, shares);
    const two = round(one.next, shares);
    const first = maceFrom(votes, start, 1, shares);
    expectClose(first.parameters.knows, one.next.knows);
    expectClose(first.parameters.answers, one.next.answers);
    expectClose(first.parameters.shares, one.next.shares);
    expectClose(first.posterior, expectation(votes, one.next).posterior);
    expect(first.bound).toBeCloseTo(one.bound, 8);
    const second = maceFrom(votes, start, 2, shares);
    expectClose(second.posterior, expectation(votes, two.next).posterior);
    expect(second.bound).toBeCloseTo(two.bound, 8);
    expect(maceFrom(votes, start, 0, shares).posterior).toEqual(expectation(votes, start).posterior);
  });
});

describe("the estimate", () => {
  it("is that of the start with the best bound, fifty rounds of ten", () => {
    for (const seed of [0, 1, 2, 3]) {
      const fits = Array.from({ length: 10 }, (_, n) =>
        maceFrom(votes, randomStart(votes, seed, n), 50, "estimated"),
      );
      const best = fits.reduce((a, b) => (b.bound > a.bound ? b : a));
      const { posterior, confusion } = mace(votes, { seed });
      expect(posterior).toEqual(best.posterior);
      const { knows, answers } = best.parameters;
      for (let w = 0; w < W; w++)
        for (let c = 0; c < K; c++) {
          const row = [0, 1, 2].map(
            (y) => knows[w * 2] * answers[w * K + y] + (y === c ? knows[w * 2 + 1] : 0),
          );
          const total = row.reduce((a, b) => a + b, 0);
          expectClose(
            confusion.slice((w * K + c) * K, (w * K + c + 1) * K),
            row.map((p) => p / total),
          );
        }
    }
    expect(mace(votes, { restarts: 1, iterations: 7, shares: "uniform", seed: 2 }).posterior).toEqual(
      maceFrom(votes, randomStart(votes, 2, 0), 7, "uniform").posterior,
    );
    expect(mace(votes)).toEqual(mace(votes, { seed: 0, restarts: 10, iterations: 50, shares: "estimated" }));
  });

  it("is not always that of the first start", () => {
    const better = [0, 1, 2, 3, 4, 5].filter((seed) => {
      const [first, ...others] = Array.from(
        { length: 10 },
        (_, n) => maceFrom(votes, randomStart(votes, seed, n), 50, "estimated").bound,
      );
      return Math.max(...others) > first;
    });
    expect(better.length).toBeGreaterThan(2);
  });
});
