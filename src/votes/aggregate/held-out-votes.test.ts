import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import type { LabelVotes } from "../votes.js";
import { equalAbilities } from "./equal-abilities.js";
import { ENOUGH, type FittedModel, predictsBetter, withLabelShares } from "./held-out-votes.js";

/** Votes of every rater on every item. @param label of a rater and item. */
function full(
  items: number,
  raters: number,
  label: (w: number, i: number) => number,
  labels = 2,
): LabelVotes {
  const V = items * raters;
  const names = (count: number) => Array.from({ length: count }, (_, k) => `${k}`);
  return {
    ...{ items: names(items), raters: names(raters), labels: names(labels) },
    item: Int32Array.from({ length: V }, (_, v) => Math.floor(v / raters)),
    rater: Int32Array.from({ length: V }, (_, v) => v % raters),
    label: Int32Array.from({ length: V }, (_, v) => label(v % raters, Math.floor(v / raters))),
  };
}
const ones = (votes: LabelVotes) => new Float64Array(votes.item.length).fill(1);

describe("which of two models predicts held-out votes better", () => {
  const votes = full(6, 9, (w, i) => (w + i) % 2);
  /** P(first label) of each item, and a rater's accuracy. */
  const model = (first: (i: number) => number, right: (w: number) => number) => (): FittedModel => ({
    posterior: Float64Array.from({ length: 12 }, (_, at) =>
      at % 2 === 0 ? first(at >> 1) : 1 - first(at >> 1),
    ),
    says: (w, c, y) => (c === y ? right(w) : 1 - right(w)),
  });
  const better = model(
    (i) => 0.9 - 0.1 * i,
    (w) => 0.6 + 0.04 * w,
  );
  const worse = model(
    () => 0.3,
    (w) => 0.9 - 0.1 * w,
  );
  const chance = (of: FittedModel, v: number) => {
    const [i, w, y] = [votes.item[v], votes.rater[v], votes.label[v]];
    return of.posterior[i * 2] * of.says(w, 0, y) + of.posterior[i * 2 + 1] * of.says(w, 1, y);
  };

  it("is the gain of all votes' log-probability, each held out once, without the rater who gains most", () => {
    const weight = Float64Array.from(votes.item, (_, v) => 1 + (v % 3) / 2);
    const gain = new Float64Array(9);
    for (let v = 0; v < 54; v++)
      gain[votes.rater[v]] += weight[v] * Math.log(chance(better(), v) / chance(worse(), v));
    const sum = gain.reduce((a, b) => a + b, 0);
    expect(Math.max(...gain)).toBeGreaterThan(0.5);
    expect(predictsBetter(votes, weight, [better, worse], { seed: 1 })).toBeCloseTo(
      sum - Math.max(...gain),
      10,
    );
    expect(predictsBetter(votes, weight, [worse, better], { seed: 1 })).toBeCloseTo(
      Math.min(...gain) - sum,
      10,
    );
  });

  it("fits models to the votes that are left, a fifth being held out at a time", () => {
    const asked = (seed: number) => {
      const fitted: Float64Array[][] = [[], []];
      const listening = ([0, 1] as const).map((k) => (train: Float64Array) => {
        fitted[k].push(train);
        return better();
      }) as unknown as Parameters<typeof predictsBetter>[2];
      const weight = ones(votes).map((_, v) => (v === 5 ? 0 : 2));
      expect(predictsBetter(votes, weight, listening, { seed })).toBe(0);
      return { fitted, weight };
    };
    const { fitted, weight } = asked(1);
    expect(fitted.map(({ length }) => length)).toEqual([5, 5]);
    expect(fitted[0]).toEqual(fitted[1]);
    for (const [v, share] of weight.entries()) {
      const left = fitted[0].map((train) => train[v]).sort();
      expect(left, `vote ${v}`).toEqual(share === 0 ? [0, 0, 0, 0, 0] : [0, 2, 2, 2, 2]);
    }
    expect(asked(1).fitted).toEqual(fitted);
    expect(asked(2).fitted).not.toEqual(fitted);
  });

  it("does not try votes of weight 0, nor those that are alone on their item, unless told to", () => {
    const alone = full(40, 1, (_, i) => i % 2);
    const even = () => ({ posterior: new Float64Array(80).fill(0.5), says: () => 0.5 });
    let fitted = 0;
    const sure = () => {
      fitted++;
      return { posterior: new Float64Array(80).fill(0.5), says: () => 1 };
    };
    expect(predictsBetter(alone, ones(alone), [sure, even], { seed: 1 })).toBe(0);
    expect(fitted).toBe(0);
    // One rater gains all there is.
    expect(predictsBetter(alone, ones(alone), [sure, even], { seed: 1, alone: true })).toBe(0);
    const each = { ...alone, raters: alone.items, rater: alone.item };
    expect(predictsBetter(each, ones(each), [sure, even], { seed: 1, alone: true })).toBeCloseTo(
      39 * Math.LN2,
      10,
    );
    const half = ones(each).map((_, v) => v % 2);
    expect(predictsBetter(each, half, [sure, even], { seed: 1, alone: true })).toBeCloseTo(19 * Math.LN2, 10);
    // A second vote of weight 0 is no company.
    const two = full(40, 2, () => 0);
    const first = ones(two).map((_, v) => (v + 1) % 2);
    expect(predictsBetter(two, first, [sure, even], { seed: 1 })).toBe(0);
  });

  it("takes no vote for less likely than one in a million", () => {
    const never = () => ({ posterior: new Float64Array(12).fill(0.5), says: () => 0 });
    const always = () => ({ posterior: new Float64Array(12).fill(0.5), says: () => 1 });
    // No rater favours the first: all count.
    const least = Math.log(1e-6);
    expect(predictsBetter(votes, ones(votes), [never, always], { seed: 1 })).toBeCloseTo(54 * least, 6);
  });

  it("tries no more votes once it has enough", () => {
    let fitted = 0;
    const model = () => {
      fitted++;
      return { posterior: new Float64Array(8000).fill(0.5), says: () => 0.5 };
    };
    const many = full(4000, 6, () => 0);
    predictsBetter(many, ones(many), [model, model], { seed: 1 });
    // 4,800 votes at a time.
    expect([ENOUGH, fitted]).toEqual([4000, 2]);
    fitted = 0;
    const fewer = full(4000, 4, () => 0);
    predictsBetter(fewer, ones(fewer), [model, model], { seed: 1 });
    expect(fitted).toBe(4);
  });
});

describe("labels as common as their items make them", () => {
  it("are the fixed point of shares and posteriors, after twenty steps", () => {
    const random = new RandomStream(1, "shares");
    const even = Array.from({ length: 30 }, () => {
      const row = [0.2 + random.uniform(), 0.5 * random.uniform(), 0.3 * random.uniform()];
      const sum = row[0] + row[1] + row[2];
      return row.map((p) => p / sum);
    });
    let shares = [1 / 3, 1 / 3, 1 / 3];
    let rows = even;
    for (let step = 0; step < 20; step++) {
      rows = even.map((row) => {
        const joint = row.map((p, c) => p * shares[c]);
        return joint.map((p) => p / (joint[0] + joint[1] + joint[2]));
      });
      shares = shares.map((_, c) => rows.reduce((sum, row) => sum + row[c], 0) / 30);
    }
    const found = withLabelShares(Float64Array.from(even.flat()), 3);
    for (const [at, p] of rows.flat().entries()) expect(found[at], `${at}`).toBeCloseTo(p, 12);
    expect(Math.abs(rows[0][0] - even[0][0])).toBeGreaterThan(0.05);
  });

  it("are those of the items whose labels are not known, which known ones are not among", () => {
    const open = [0.6, 0.4, 0.7, 0.3, 0.9, 0.1];
    const alone = withLabelShares(Float64Array.from(open), 2);
    // Four items are known to have the second label, whatever their votes say.
    const votes = Float64Array.from([...open, ...Array(4).fill([0.8, 0.2]).flat()]);
    const known = Int32Array.of(-1, -1, -1, 1, 1, 1, 1);
    const found = withLabelShares(votes, 2, known);
    expect([...found]).toEqual([...alone, ...Array(4).fill([0, 1]).flat()]);
    expect(alone[0]).toBeGreaterThan(0.7);
  });
});

describe("raters who are all alike", () => {
  const votes = full(5, 4, (w, i) => [0, 0, 1, 2, 0][(w * (i + 1)) % 5], 3);
  /** The evidence at an ability, term by term. */
  const evidenceAt = (a: number, weight: readonly number[], known: readonly number[]) =>
    votes.items.reduce((sum, _, i) => {
      const chances = [0, 1, 2].map((truth) =>
        [...votes.item.keys()]
          .filter((v) => votes.item[v] === i)
          .reduce((p, v) => p * (votes.label[v] === truth ? a : (1 - a) / 2) ** weight[v], 1),
      );
      return sum + Math.log(known[i] >= 0 ? chances[known[i]] : (chances[0] + chances[1] + chances[2]) / 3);
    }, 0);
  const grid = Array.from({ length: 96 }, (_, step) => 1 / 3 + ((0.98 - 1 / 3) * (step + 0.5)) / 96);

  it.each([
    { name: "plain votes", weight: Array<number>(20).fill(1), known: [-1, -1, -1, -1, -1] },
    {
      name: "weighted votes",
      weight: Array.from({ length: 20 }, (_, v) => (v % 4) / 2),
      known: [-1, -1, -1, -1, -1],
    },
    { name: "known labels", weight: Array<number>(20).fill(1), known: [-1, 1, -1, 0, -1] },
  ])("have the ability that is likeliest, two wrong of eight being expected: $name", ({ weight, known }) => {
    const score = (a: number) => evidenceAt(a, weight, known) + 6 * Math.log(a) + 2 * Math.log(1 - a);
    const best = grid.reduce((top, a) => (score(a) > score(top) ? a : top));
    const found = equalAbilities(votes, { weight, known: Int32Array.from(known) });
    expect(found.ability).toBeCloseTo(best, 12);
    expect(found.logEvidence).toBeCloseTo(evidenceAt(best, weight, known), 10);
    for (const [i, label] of known.entries()) {
      const counts = [0, 1, 2].map((c) =>
        [...votes.item.keys()].reduce(
          (n, v) => n + (votes.item[v] === i && votes.label[v] === c ? weight[v] : 0),
          0,
        ),
      );
      const odds = counts.map((n) => ((2 * best) / (1 - best)) ** n);
      const sum = odds[0] + odds[1] + odds[2];
      for (let c = 0; c < 3; c++)
        expect(found.posterior[i * 3 + c]).toBeCloseTo(label >= 0 ? Number(c === label) : odds[c] / sum, 10);
    }
  });
});
