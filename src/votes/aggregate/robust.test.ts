import { describe, expect, it, test } from "vitest";
import { RandomStream } from "../../base/random.js";
import { comparisons, labelVotes } from "../votes.js";
import { contradictions } from "./contradiction.js";
import { denseGroup } from "./dense-group.js";
import { byHardness } from "./hardness.js";
import { aggregateLabels, aggregatePreferences } from "./index.js";

describe("the default, where nobody checks anybody", () => {
  it("follows one vote an item, and keeps the rate of a rare label", () => {
    const votes = labelVotes(
      Array.from({ length: 200 }, (_, i) => ({
        item: `${i}`,
        rater: `${i % 40}`,
        label: i % 5 === 0 ? "unsafe" : "safe",
      })),
    );
    const { items, model } = aggregateLabels(votes);
    expect(model).toBe("alike");
    expect(items.filter(({ label }) => label === "unsafe").length).toBe(40);
    for (const { probability, review } of items) {
      expect(probability).toBeGreaterThan(0.6);
      expect(probability).toBeLessThan(0.85);
      expect(review).toBeUndefined();
    }
  });

  it("follows one vote a pair, however many are for one side", () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({
      ...{ item: `${i}`, left: "response_a", right: "response_b", rater: `${i % 10}` },
      outcome: i < 71 ? 1 : 0,
    }));
    const { preferences } = aggregatePreferences(comparisons(rows));
    for (const { item, probability, noise } of preferences) {
      expect(probability > 0.5).toBe(Number(item) < 71);
      expect(noise).toBeGreaterThan(0.15);
      expect(noise).toBeLessThan(0.4);
    }
  });
});

describe("responses of the same name", () => {
  // 100 items, perfect raters, two agreeing votes an item, six gold items that are all left as stored.
  const random = new RandomStream(1, "names");
  const truth = Array.from({ length: 106 }, (_, i) => (i < 6 ? true : random.bernoulli(0.5)));
  const rows = (name: (item: number, side: string) => string) =>
    truth.flatMap((left, i) =>
      [0, 1].map((k) => ({
        ...{ item: `${i}`, left: name(i, "a"), right: name(i, "b"), rater: `r${(i + k) % 5}` },
        outcome: left ? 1 : 0,
      })),
    );
  const judged = (name: (item: number, side: string) => string) => {
    const votes = comparisons(rows(name));
    const known = Array.from({ length: 6 }, (_, i) => ({
      item: i,
      left: votes.left[i * 2],
      right: votes.right[i * 2],
      outcome: 1,
    }));
    return aggregatePreferences(votes, "robust", { known }).preferences;
  };

  it("are their items' own: the answer is that of unique names, and with the votes", () => {
    const same = judged((_, side) => side);
    const unique = judged((item, side) => `${item}${side}`);
    expect(same.map(({ probability }) => probability)).toEqual(unique.map(({ probability }) => probability));
    for (const { item, probability, review } of same) {
      expect(probability > 0.5).toBe(truth[Number(item)]);
      expect(review).toBeUndefined();
    }
  });
});

test("candidates of two items are apart, whatever characters their names hold", () => {
  const votes = comparisons([
    { item: "a\nb", left: "c", right: "d", rater: "r", outcome: 1 },
    { item: "a", left: "b\nc", right: "d", rater: "r", outcome: 1 },
  ]);
  expect(votes.candidates).toEqual(["c", "d", "b\nc", "d"]);
});

describe("a result against all votes", () => {
  it("is marked for review, with the reason", () => {
    const votes = labelVotes([
      { item: "i", rater: "a", label: "x" },
      { item: "i", rater: "b", label: "x" },
      { item: "j", rater: "a", label: "y" },
      { item: "k", rater: "a", label: "x" },
      { item: "k", rater: "b", label: "y" },
    ]);
    expect(contradictions(votes, Int32Array.of(1, 0, 1))).toEqual([
      "all 2 votes say x; the result says y, because of how their raters judge elsewhere",
      "the only vote says y; the result says x, because of how their raters judge elsewhere",
      undefined,
    ]);
    expect(contradictions(votes, Int32Array.of(0, -1, 0))).toEqual([undefined, undefined, undefined]);
  });

  it("comes of raters who invert, and is held, not hidden", () => {
    const random = new RandomStream(4, "invert");
    const rows = Array.from({ length: 300 }, (_, p) => {
      const left = random.bernoulli(0.5);
      return random
        .shuffled([0, 1, 2, 3, 4, 5, 6, 7, 8])
        .slice(0, p % 10 === 0 ? 1 : 5)
        .map((w) => ({
          ...{ item: `${p}`, left: `a${p}`, right: `b${p}`, rater: `${w}` },
          outcome: random.bernoulli(w < 3 ? 0.05 : 0.95) === left ? 1 : 0,
        }));
    }).flat();
    const { preferences } = aggregatePreferences(comparisons(rows));
    const held = preferences.filter(({ review }) => review !== undefined);
    expect(held.length).toBeGreaterThan(0);
    for (const { probability, left, item, review, votes } of held) {
      expect(review).toMatch(/says? (left|right); the result says (left|right)/);
      const said = rows.filter((row) => row.item === item);
      expect(said).toHaveLength(votes);
      for (const row of said) expect((row.outcome === 1) === (row.left === left)).not.toBe(probability > 0.5);
    }
  });
});

describe("hard items", () => {
  it("make a result less sure, as often as it is wrong, whichever share of them is hard", () => {
    for (const share of [0, 0.5, 1]) {
      const random = new RandomStream(5, `hard/${share}`);
      const truth = Array.from({ length: 3000 }, () => random.int(2));
      const rows = truth.flatMap((is, i) => {
        const skill = random.bernoulli(share) ? 0.55 : 0.9;
        return [0, 1, 2, 3, 4].map((w) => ({
          ...{ item: `${i}`, rater: `${w}` },
          label: `${random.bernoulli(skill) ? is : 1 - is}`,
        }));
      });
      const votes = labelVotes(rows);
      const mean = 0.9 - 0.35 * share;
      const first = byHardness(votes, new Float64Array(5).fill(mean), new Float64Array(rows.length).fill(1));
      let [stated, found] = [0, 0];
      for (const [i, is] of truth.entries()) {
        const likelier = first[i] > 0.5 ? 0 : 1;
        stated += Math.min(first[i], 1 - first[i]) / 3000;
        found += votes.labels[likelier] === `${is}` ? 0 : 1 / 3000;
      }
      expect(Math.abs(stated - found), `${share} hard`).toBeLessThan(0.03);
    }
  });
});

describe("the densest group", () => {
  /** Pairs of raters, a part of them tested; those of a block are higher by `more`. */
  function drawn(seed: number, raters: number, block: number, more: number) {
    const random = new RandomStream(seed, "dense");
    const [first, second, z]: number[][] = [[], [], []];
    for (let u = 0; u < raters; u++)
      for (let v = u + 1; v < raters; v++) {
        if (random.bernoulli(0.3)) continue;
        first.push(u);
        second.push(v);
        z.push(0.3 + random.normal() + (v < block ? more : 0));
      }
    return { first, second, z: Float64Array.from(z) };
  }

  /** By the whole matrix: its first eigenvector, and the sum over all pairs of each prefix of its order. */
  function slowly({ first, second, z }: ReturnType<typeof drawn>, raters: number, least: number): number[] {
    const middle = z.slice().sort()[Math.floor(z.length / 2)];
    const excess = z.map((score) => Math.max(-4, Math.min(4, score - middle)));
    const M = Array.from({ length: raters }, () => new Float64Array(raters));
    for (const [i, e] of excess.entries()) M[first[i]][second[i]] = M[second[i]][first[i]] = e;
    const shift = Math.max(...M.map((row) => row.reduce((sum, e) => sum + Math.abs(e), 0)));
    let x = new Float64Array(raters).fill(1);
    for (let step = 0; step < 400; step++) {
      const next = x.map((value, u) => shift * value + M[u].reduce((sum, e, v) => sum + e * x[v], 0));
      const norm = Math.hypot(...next);
      x = next.map((value) => value / norm);
    }
    let best: { value: number; members: number[] } = { value: 4, members: [] };
    for (const sign of [1, -1]) {
      const order = [...x.keys()].sort((a, b) => sign * (x[b] - x[a]));
      for (let size = least; size <= raters / 2; size++) {
        const members = order.slice(0, size);
        const inside = [...excess.keys()].filter(
          (i) => members.includes(first[i]) && members.includes(second[i]),
        );
        const value = inside.reduce((sum, i) => sum + excess[i], 0) / Math.sqrt(inside.length);
        if (value > best.value) best = { value, members };
      }
    }
    return best.members;
  }

  it("is the densest prefix of the first eigenvector's order, if any is dense enough", () => {
    const sizes: number[] = [];
    for (let seed = 1; seed <= 6; seed++)
      for (const [raters, block, more, least] of [
        [25, 7, 2.5, 3],
        [21, 16, 2.5, 3],
        [20, 3, 3.5, 5],
        [24, 6, 0.5, 3],
      ]) {
        const pairs = drawn(seed, raters, block, more);
        const members = denseGroup(pairs, raters, least);
        expect(
          members.toSorted((a, b) => a - b),
          `${seed} ${block}`,
        ).toEqual(slowly(pairs, raters, least).sort((a, b) => a - b));
        sizes.push(members.length);
      }
    expect(Math.min(...sizes)).toBe(0);
    expect(sizes).toContain(10); // at most half of the raters: 10 of 21
    // Two who agree without bound are no group.
    const two = { first: [0, 0, 1, 2], second: [1, 2, 3, 3], z: Float64Array.of(99, 0, 0, 0) };
    expect(denseGroup(two, 4, 2)).toEqual([]);
    expect(denseGroup({ ...two, z: new Float64Array(4) }, 4, 2)).toEqual([]);
  });

  it("is a block that no pair of it would show; there is none without pairs", () => {
    const random = new RandomStream(6, "block");
    const [first, second, z]: number[][] = [[], [], []];
    for (let u = 0; u < 40; u++)
      for (let v = u + 1; v < 40; v++) {
        first.push(u);
        second.push(v);
        z.push(random.normal() + (u >= 5 && v < 17 ? 1.9 : 0));
      }
    const found = denseGroup({ first, second, z: Float64Array.from(z) }, 40, 3);
    expect(found.filter((w) => w >= 5 && w < 17).length).toBeGreaterThanOrEqual(11);
    expect(found.filter((w) => w < 5 || w >= 17).length).toBeLessThanOrEqual(1);
    expect(denseGroup({ first: [], second: [], z: new Float64Array() }, 4, 3)).toEqual([]);
  });
});
