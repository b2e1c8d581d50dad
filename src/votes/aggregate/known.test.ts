import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simulatedLabels } from "../../../test/simulated-votes.js";
import { RandomStream } from "../../base/random.js";
import { comparisons, type LabelVotes } from "../votes.js";
import { aggregateLabels } from "./aggregate-labels.js";
import { aggregatePreferences } from "./aggregate-preferences.js";
import { cappedWeights } from "./weight-cap.js";

const accuracy = (items: { label: string }[], votes: LabelVotes, truth: number[], known: Int32Array) => {
  const open = items.flatMap(({ label }, i) =>
    known[i] < 0 ? [votes.labels.indexOf(label) === truth[i]] : [],
  );
  return open.filter(Boolean).length / open.length;
};

describe("known answers", () => {
  it("turn a pool round in which most raters say the opposite", () => {
    const { votes, truth } = simulatedLabels(3, {
      items: 400,
      raters: 30,
      votesPerItem: 5,
      least: 0.8,
      most: 0.9,
    });
    const flip = votes.label.map((label, v) => (votes.rater[v] % 5 < 3 ? 1 - label : label));
    const flipped = { ...votes, label: flip };
    const known = Int32Array.from(truth, (label, i) => (i % 10 === 0 ? label : -1));
    const none = Int32Array.from(truth, () => -1);
    const plain = aggregateLabels(flipped).items;
    expect(accuracy(plain, votes, truth, known)).toBeLessThan(0.2);
    expect(aggregateLabels(flipped, "robust", { known: none }).items).toEqual(plain);
    const { items, raters } = aggregateLabels(flipped, "robust", { known });
    expect(accuracy(items, votes, truth, known)).toBeGreaterThan(0.95);
    for (const [i, { probability }] of items.entries()) if (known[i] >= 0) expect(probability).toBe(1);
    for (const [w, { flags }] of raters.entries())
      expect(flags.map(({ kind }) => kind)).toEqual(w % 5 < 3 ? ["contrary"] : []);
  });

  it("do the same for comparisons, on whichever side they are told", () => {
    const random = new RandomStream(5, "test/known");
    const better = Array.from({ length: 300 }, () => random.bernoulli(0.5));
    const rows = better.flatMap((first, i) =>
      Array.from({ length: 5 }, () => {
        const w = random.int(20);
        const right = random.bernoulli(w % 5 < 3 ? 0.15 : 0.85);
        const outcome = right === first ? 1 : 0;
        return { item: `i${i}`, left: `a${i}`, right: `b${i}`, rater: `r${w}`, outcome };
      }),
    );
    const votes = comparisons(rows);
    const number = (name: string) => votes.candidates.indexOf(name);
    const known = better.slice(0, 40).map((first, i) => {
      const [a, b, outcome] = [number(`a${i}`), number(`b${i}`), first ? 1 : 0];
      return i % 2 === 0
        ? { item: i, left: a, right: b, outcome }
        : { item: i, left: b, right: a, outcome: 1 - outcome };
    });
    const share = (preferences: { probability: number }[]) =>
      preferences.slice(40).filter(({ probability }, i) => probability > 0.5 === better[i + 40]).length / 260;
    expect(share(aggregatePreferences(votes).preferences)).toBeLessThan(0.6);
    const { preferences, raters } = aggregatePreferences(votes, "robust", { known });
    expect(share(preferences)).toBeGreaterThan(0.9);
    expect(preferences).toHaveLength(300);
    expect(raters).toHaveLength(20);
    expect(raters.find(({ rater }) => rater === "r0")?.skill.estimate).toBeLessThan(0.3);
    expect(raters.find(({ rater }) => rater === "r4")?.skill.estimate).toBeGreaterThan(0.7);
  });

  it("set the sign of crowd-bt's scores, where two of three raters lie", () => {
    const order = ["a", "b", "c", "d"];
    const rows = order.flatMap((left, i) =>
      order.slice(i + 1).flatMap((right) =>
        ["honest", "liar", "other"].map((rater) => ({
          ...{ item: "", left, right, rater },
          outcome: rater === "honest" ? 1 : 0,
        })),
      ),
    );
    const ranked = (known: { item: number; left: number; right: number; outcome: number }[]) =>
      [...aggregatePreferences(comparisons(rows), "crowd-bt", { known }).scores]
        .sort((a, b) => b.score - a.score)
        .map(({ candidate }) => candidate);
    expect(ranked([])).toEqual(["d", "c", "b", "a"]);
    expect(ranked([{ item: 0, left: 0, right: 3, outcome: 1 }])).toEqual(order);
    expect(ranked([{ item: 0, left: 0, right: 3, outcome: 0 }])).toEqual(["d", "c", "b", "a"]);
  });
});

describe("the cap of weight", () => {
  it("lets nobody have more than the share, takes from nobody below it, and is as large as it may be", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 20, maxLength: 40 });
    fc.assert(
      fc.property(counts, (votes) => {
        const rater = Int32Array.from(votes.flatMap((n, w) => Array<number>(n).fill(w)));
        const weight = cappedWeights(rater, votes.length, new Float64Array(rater.length).fill(1), 0.05);
        const totals = votes.map((_, w) =>
          weight.filter((_value, v) => rater[v] === w).reduce((a, b) => a + b, 0),
        );
        const all = totals.reduce((a, b) => a + b, 0);
        const most = Math.max(...totals);
        expect(most / all).toBeLessThanOrEqual(0.05 + 1e-9);
        for (const [w, total] of totals.entries()) expect(total).toBeCloseTo(Math.min(votes[w], most), 6);
        if (totals.some((total, w) => total < votes[w] - 1e-9)) expect(most / all).toBeCloseTo(0.05, 6);
      }),
    );
  });

  it("leaves small pools as they are", () => {
    const rater = Int32Array.from([0, 0, 0, 1]);
    const weight = Float64Array.from([1, 1, 0, 1]);
    expect(cappedWeights(rater, 2, weight, 0.05)).toEqual(weight);
  });
});

it("the default's score intervals hold the truth about as often as they say", () => {
  const [C, W, runs] = [10, 15, 30];
  let [inside, count] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const random = new RandomStream(run, "test/coverage");
    const truth = random.fillNormal(new Float32Array(C), 1);
    const mean = truth.reduce((a, b) => a + b, 0) / C;
    const better = Array.from({ length: W }, () => 0.7 + 0.25 * random.uniform());
    const rows = Array.from({ length: 600 }, () => {
      const [a, b] = random.shuffled([...Array(C).keys()]);
      const w = random.int(W);
      const left = random.bernoulli(1 / (1 + Math.exp(truth[b] - truth[a])));
      const says = random.bernoulli(better[w]) ? left : !left;
      return { item: "", left: `${a}`, right: `${b}`, rater: `${w}`, outcome: says ? 1 : 0 };
    });
    for (const { candidate, low, high } of aggregatePreferences(comparisons(rows)).scores) {
      const at = truth[Number(candidate)] - mean;
      count++;
      if (at >= low && at <= high) inside++;
    }
  }
  // 300 intervals of 95%, ten of them dependent on each other. The prior, which they contain, makes them a little wide.
  expect(inside / count).toBeGreaterThan(0.92);
  expect(inside / count).toBeLessThan(0.997);
});
