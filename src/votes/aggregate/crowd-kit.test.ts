/** The same numbers as crowd-kit 1.4.2 where its formulas are right; scripts/reference/make_aggregation_fixtures.py. */
import { describe, expect, it } from "vitest";
import { readFixture } from "../../../test/fixtures.js";
import { krippendorffAlpha } from "../agreement/index.js";
import { type Comparisons, comparisons, type LabelVotes, labelVotes } from "../votes.js";
import { strengths } from "./bradley-terry.js";
import { dawidSkene, oneCoin } from "./dawid-skene.js";
import { glad } from "./glad.js";
import type { LabelEstimate } from "./label-estimate.js";
import { maceFrom } from "./mace.js";
import { majority, wawa } from "./majority.js";
import { noisyObjective } from "./noisy-bradley-terry.js";
import { duelsOf } from "./score-estimate.js";

interface Fixture {
  labels: {
    votes: [item: string, rater: string, label: string][];
    items: string[];
    labels: string[];
    posterior: Record<string, number[][]>;
    glad: number[][];
    alpha: number;
  }[];
  pairs: {
    votes: [rater: string, left: string, right: string, winner: string][];
    candidates: string[];
    workers: string[];
    strengths: number[];
    noisy: { x: number[]; objective: number; gradient: number[] };
  };
}
const fixture = readFixture<Fixture>("aggregation.json");

const even = (length: number, value: number) => new Float64Array(length).fill(value);
const METHODS: Record<string, (votes: LabelVotes) => Pick<LabelEstimate, "posterior">> = {
  majority,
  wawa,
  "dawid-skene": (votes) => dawidSkene(votes, { iterations: 30, tolerance: 0 }),
  "one-coin": (votes) => oneCoin(votes, { iterations: 30, tolerance: 0 }),
  mace: (votes) => {
    const [W, K] = [votes.raters.length, votes.labels.length];
    const start = { knows: even(W * 2, 0.5), answers: even(W * K, 1 / K), shares: even(K, 1 / K) };
    return maceFrom(votes, start, 50, "uniform");
  },
};

describe.each(fixture.labels.map((set, i) => [i, set] as const))("labels, set %i", (_, set) => {
  const votes = labelVotes(set.votes.map(([item, rater, label]) => ({ item, rater, label })));
  const difference = (posterior: Float64Array, expected: readonly (readonly number[])[]): number => {
    let most = 0;
    for (const [i, item] of votes.items.entries())
      for (const [c, label] of votes.labels.entries()) {
        const theirs = expected[set.items.indexOf(item)][set.labels.indexOf(label)];
        most = Math.max(most, Math.abs(posterior[i * votes.labels.length + c] - theirs));
      }
    return most;
  };

  it.each(Object.keys(METHODS))("%s to 1e-6", (name) => {
    expect(difference(METHODS[name](votes).posterior, set.posterior[name])).toBeLessThan(1e-6);
  });

  it("GLAD to what two optimisers leave", () => {
    expect(difference(glad(votes, { tolerance: 1e-9 }).posterior, set.glad)).toBeLessThan(0.01);
  });

  it("Krippendorff's alpha to 1e-9", () => {
    const alpha = krippendorffAlpha(
      { units: votes.items.length, values: votes.labels, unit: votes.item, value: votes.label },
      "nominal",
    );
    expect(alpha?.estimate).toBeCloseTo(set.alpha, 9);
  });
});

describe("pairs", () => {
  const { votes: rows, candidates, workers, noisy, strengths: expected } = fixture.pairs;
  const named = comparisons(
    rows.map(([rater, left, right, winner]) => ({
      item: "",
      rater,
      left,
      right,
      outcome: winner === left ? 1 : 0,
    })),
  );
  /** Numbered as the fixture is. */
  const votes: Comparisons = {
    ...named,
    candidates,
    raters: workers,
    left: named.left.map((c) => candidates.indexOf(named.candidates[c])),
    right: named.right.map((c) => candidates.indexOf(named.candidates[c])),
    rater: named.rater.map((w) => workers.indexOf(named.raters[w])),
  };

  it("Bradley-Terry without a prior to 1e-6", () => {
    const duels = duelsOf(votes.left, votes.right, votes.outcome);
    const p = strengths(duels, even(candidates.length, 1), {
      prior: { shape: 1, rate: 0 },
      tolerance: 1e-12,
    });
    for (const [c, value] of p.entries()) expect(Math.abs(value - expected[c])).toBeLessThan(1e-6);
  });

  it("noisy Bradley-Terry's likelihood, and its gradient by differences", () => {
    const x = Float64Array.from(noisy.x.slice(1));
    const gradient = new Float64Array(x.length);
    const [C, W] = [candidates.length, workers.length];
    // What our priors add: scores N(0, 4), biases N(0, 1), skills N(1, 1).
    const deviation = x.map((value, at) => (at < C + W ? value : value - 1));
    const precision = x.map((_, at) => (at < C ? 0.25 : 1));
    const prior = deviation.reduce((sum, d, at) => sum + (precision[at] * d ** 2) / 2, 0);
    expect(noisyObjective(votes, x, gradient) - prior).toBeCloseTo(noisy.objective, 6);
    for (let at = 0; at < x.length; at++)
      expect(gradient[at] - precision[at] * deviation[at]).toBeCloseTo(noisy.gradient[at + 1], 5);
  });
});
