/**
 * The default for comparisons against the same model worked out slowly: sums over a fine grid, one step after another.
 */
import { describe, expect, it } from "vitest";
import { rowsWithKey } from "../../../test/votes-with-key.js";
import { RandomStream } from "../../base/random.js";
import { type Comparisons, comparisons } from "../votes.js";
import { aggregatePreferences, type PreferenceAggregate } from "./aggregate-preferences.js";
import { comparedPairs, sideVotes } from "./compared-pairs.js";
import { copiedVotes } from "./copying.js";
import { byHardness } from "./hardness.js";
import { raterSkills, truthByOthers } from "./rater-skill.js";
import { type RobustOptions, robust } from "./robust.js";
import { robustPairs } from "./robust-pairs.js";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Pairs of their own candidates, some turned, some with ties and strengths; raters of different habits. */
function pool(seed: number, { pairs = 30, raters = 5, votesPerPair = 3 } = {}): Comparisons {
  const random = new RandomStream(seed, "pool");
  const rows = Array.from({ length: pairs }, (_, p) => {
    const d = 1.5 * random.normal();
    return random
      .shuffled(Array.from({ length: raters }, (__, w) => w))
      .slice(0, votesPerPair)
      .map((w) => {
        const turned = random.bernoulli(0.4);
        const takesFirst = random.bernoulli(sigmoid(d));
        const takesLeft = takesFirst !== turned;
        // The first turns answers round, the second says left mostly, the others are true to what they take for better.
        const saysLeft = random.bernoulli(
          w === 0 ? (takesLeft ? 0.2 : 0.8) : w === 1 ? (takesLeft ? 0.95 : 0.6) : takesLeft ? 0.9 : 0.1,
        );
        const outcome = random.bernoulli(0.1)
          ? 0.5
          : random.bernoulli(0.1)
            ? saysLeft
              ? 5 / 6
              : 1 / 6
            : saysLeft
              ? 1
              : 0;
        const [left, right] = turned ? [`b${p}`, `a${p}`] : [`a${p}`, `b${p}`];
        return { item: `${p}`, left, right, rater: `r${w}`, outcome };
      });
  }).flat();
  return comparisons(rows);
}

interface Slow {
  probability: number[];
  better: number[];
  worse: number[];
  score: { mean: number[]; deviation: number[] };
}

/** Candidates are in one pair each, so scores have the plain prior N(0, S), and differences N(0, 2 S + D). */
function slowly(votes: Comparisons, weight: ArrayLike<number>, trusted = -1): Slow {
  const { left, right, pair, flipped } = comparedPairs(votes);
  const [P, W] = [left.length, votes.raters.length];
  let [S, D] = [1, 1];
  let pooled = { better: 0.8, worse: 0.2 };
  const better = new Array<number>(W).fill(0.8);
  const worse = new Array<number>(W).fill(0.2);
  if (trusted >= 0) {
    const answers = new Map<number, number>();
    for (let v = 0; v < pair.length; v++)
      if (votes.rater[v] === trusted)
        answers.set(pair[v], flipped[v] ? 1 - votes.outcome[v] : votes.outcome[v]);
    for (let w = 0; w < W; w++) {
      const sums = { left: 0, leftSaid: 0, right: 0, rightSaid: 0 };
      for (let v = 0; v < pair.length; v++) {
        const answer = answers.get(pair[v]) ?? 0.5;
        if (votes.rater[v] !== w || answer === 0.5) continue;
        const isLeft = flipped[v] ? answer < 0.5 : answer > 0.5;
        sums[isLeft ? "left" : "right"]++;
        sums[isLeft ? "leftSaid" : "rightSaid"] += votes.outcome[v];
      }
      better[w] = (sums.leftSaid + 4 * 0.8) / (sums.left + 4);
      worse[w] = (sums.rightSaid + 4 * 0.2) / (sums.right + 4);
    }
    [better[trusted], worse[trusted]] = [0.999, 0.001];
  }
  const probability = new Array<number>(P).fill(0);
  const mean = new Array<number>(votes.candidates.length).fill(0);
  const deviation = new Array<number>(votes.candidates.length).fill(0);
  for (let iteration = 0; iteration < 40; iteration++) {
    const total = 2 * S + D;
    const sums = Array.from({ length: W }, () => ({ left: 0, leftSaid: 0, right: 0, rightSaid: 0 }));
    let [squares, deltas] = [0, 0];
    for (let p = 0; p < P; p++) {
      const own = [...pair.keys()].filter((v) => pair[v] === p && weight[v] > 0);
      const nodes = Array.from({ length: 321 }, (_, k) => {
        const d = (k - 160) / 10;
        const s = sigmoid(d);
        let log = (-d * d) / (2 * total);
        for (const v of own) {
          const takesLeft = flipped[v] ? 1 - s : s;
          const w = votes.rater[v];
          const says = better[w] * takesLeft + worse[w] * (1 - takesLeft);
          log +=
            weight[v] * (votes.outcome[v] * Math.log(says) + (1 - votes.outcome[v]) * Math.log(1 - says));
        }
        return { d, s, density: Math.exp(log) };
      });
      const all = nodes.reduce((sum, { density }) => sum + density, 0);
      const over = (f: (node: { d: number; s: number }) => number): number =>
        nodes.reduce((sum, node) => sum + (node.density / all) * f(node), 0);
      const m = over(({ d }) => d);
      const spread = over(({ d }) => (d - m) ** 2);
      probability[p] = over(({ d }) => (d > 0 ? 1 : d === 0 ? 0.5 : 0));
      for (const v of own) {
        const w = votes.rater[v];
        const [u, l, o] = [better[w], worse[w], votes.outcome[v]];
        const chance = (said: boolean): number =>
          over(({ s }) => {
            const takes = flipped[v] ? 1 - s : s;
            const says = u * takes + l * (1 - takes);
            return said ? (takes * u) / says : (takes * (1 - u)) / (1 - says);
          });
        const [ifLeft, ifRight] = [chance(true), chance(false)];
        sums[w].left += weight[v] * (o * ifLeft + (1 - o) * ifRight);
        sums[w].leftSaid += weight[v] * o * ifLeft;
        sums[w].right += weight[v] * (o * (1 - ifLeft) + (1 - o) * (1 - ifRight));
        sums[w].rightSaid += weight[v] * o * (1 - ifLeft);
      }
      // A score's share of the difference is S / total of it; what is left of its variance is S - S^2 / total.
      const part = (share: number) => (share / total) ** 2;
      const variance = (share: number) => share + part(share) * (spread - total);
      for (const [c, sign] of [
        [left[p], 1],
        [right[p], -1],
      ] as const) {
        mean[c] = (sign * S * m) / total;
        deviation[c] = Math.sqrt(variance(S));
        squares += mean[c] ** 2 + variance(S);
      }
      deltas += part(D) * m ** 2 + variance(D);
    }
    const before = [pooled.better, pooled.worse, S, D];
    const sum = (key: "left" | "leftSaid" | "right" | "rightSaid") =>
      sums.reduce((a, one, w) => (w === trusted ? a : a + one[key]), 0);
    pooled = {
      better: (sum("leftSaid") + 4) / (sum("left") + 6),
      worse: (sum("rightSaid") + 2) / (sum("right") + 6),
    };
    for (let w = 0; w < W; w++) {
      if (w === trusted) continue;
      better[w] = (sums[w].leftSaid + 4 * pooled.better) / (sums[w].left + 4);
      worse[w] = (sums[w].rightSaid + 4 * pooled.worse) / (sums[w].right + 4);
    }
    S = Math.min(9, (squares + 10) / (2 * P + 10));
    D = Math.min(9, (deltas + 10) / (P + 10));
    const after = [pooled.better, pooled.worse, S, D];
    if (after.every((value, i) => Math.abs(value - before[i]) < 1e-3)) break;
  }
  return { probability, better, worse, score: { mean, deviation } };
}

function expectSame(votes: Comparisons, weight: Float64Array, trusted?: number): void {
  const fast = robustPairs(votes, comparedPairs(votes), weight, trusted);
  const slow = slowly(votes, weight, trusted);
  // Densities are taken for linear between 17 nodes, .625 standard deviations h apart: h^2 / 12 times the steepest
  // slope, .24.
  for (const [p, value] of slow.probability.entries())
    expect(Math.abs(fast.probability[p] - value), `pair ${p}`).toBeLessThan(0.009);
  for (const [w, value] of slow.better.entries()) {
    expect(Math.abs(fast.saysLeft.better[w] - value), `rater ${w}`).toBeLessThan(2e-3);
    expect(Math.abs(fast.saysLeft.worse[w] - slow.worse[w]), `rater ${w}`).toBeLessThan(2e-3);
  }
  const middle = slow.score.mean.reduce((a, b) => a + b, 0) / slow.score.mean.length;
  for (const [c, value] of slow.score.mean.entries()) {
    expect(Math.abs(fast.score[c] - (value - middle)), `candidate ${c}`).toBeLessThan(4e-3);
    const half = 1.959964 * slow.score.deviation[c];
    expect(Math.abs(fast.high[c] - fast.score[c] - half)).toBeLessThan(4e-3);
    expect(Math.abs(fast.score[c] - fast.low[c] - half)).toBeLessThan(4e-3);
  }
}

describe("the default for comparisons", () => {
  const votes = pool(1);
  const ones = new Float64Array(votes.left.length).fill(1);

  it("is the model's, step by step", () => {
    expectSame(votes, ones);
    expectSame(pool(2, { pairs: 25, raters: 3, votesPerPair: 2 }), new Float64Array(50).fill(1));
  });

  it("weighs votes, and leaves those of weight 0 out", () => {
    expectSame(
      votes,
      ones.map((_, v) => (v % 5 === 0 ? 0 : v % 3 === 0 ? 0.4 : 1)),
    );
  });

  it("takes the trusted rater's word for true, and others by theirs on the same pairs", () => {
    expectSame(votes, ones, 3);
  });

  it("does not lose a pair with very many votes", () => {
    const rows = Array.from({ length: 3000 }, (_, v) => ({
      ...{ item: "p", left: "a", right: "b", rater: `r${v % 3}` },
      outcome: v % 10 < 6 ? 1 : 0,
    }));
    const many = comparisons(rows);
    const { probability, score } = robustPairs(many, comparedPairs(many), new Float64Array(3000).fill(1));
    expect(probability[0]).toBeGreaterThan(0.99);
    expect(score[0]).toBeGreaterThan(0);
    expect(score.every(Number.isFinite)).toBe(true);
  });
});

describe("pairs of their own candidates", () => {
  /**
   * Each pair by its own votes: sides are labels that weigh as much as their strength next to the strongest, and log-odds
   * shrink by the part of ties in what the pair's votes weigh. Raters are judged by the sides that they take, in votes that
   * are not a ring's.
   */
  function expectJudged(
    votes: Comparisons,
    aggregate: PreferenceAggregate,
    options: RobustOptions = {},
  ): void {
    const pairs = comparedPairs(votes);
    const { votes: sides, from } = sideVotes(votes, pairs, false);
    const said = Float64Array.from(from, (v) => Math.abs(2 * votes.outcome[v] - 1));
    const strength = said.map((s) => s / Math.max(...said));
    const { ability, weight, groups, model } = robust(sides, { ...options, confusions: false });
    const first = byHardness(sides, ability, weight, strength);
    expect(aggregate.preferences.length).toBe(first.length);
    for (const [p, { probability }] of aggregate.preferences.entries()) {
      const [all, clear] = [false, true].map((clearOnly) =>
        [...pairs.pair.keys()]
          .filter((v) => pairs.pair[v] === p && !(clearOnly && votes.outcome[v] === 0.5))
          .reduce((sum, v) => sum + Math.abs(logit(ability[votes.rater[v]])), 0),
      );
      expect(logit(probability)).toBeCloseTo((logit(first[p]) * clear) / all, 9);
    }
    expect([aggregate.model, aggregate.groups]).toEqual([model, groups]);
    const start = Float64Array.from(aggregate.preferences.flatMap(({ probability: q }) => [q, 1 - q]));
    const counts = weight.map((share) => (share > 0 ? 1 : 0));
    const skills = raterSkills(sides, truthByOthers(sides, start, counts, options.known));
    expect(aggregate.raters.map(({ skill }) => skill)).toEqual(skills);
    expect(aggregate.scores).toEqual([]);
  }
  const logit = (p: number): number => Math.log(p / (1 - p));

  it("are judged by their own votes, ties and weak preferences for less", () => {
    const votes = pool(5, { pairs: 80 });
    expectJudged(votes, aggregatePreferences(votes));
    // On a scale of which nobody uses the end, the strongest word counts in full.
    const mild = { ...votes, outcome: votes.outcome.map((o) => 0.5 + (o - 0.5) / 2) };
    expectJudged(mild, aggregatePreferences(mild));
    expect(aggregatePreferences(mild).preferences).toEqual(aggregatePreferences(votes).preferences);
    expectJudged(votes, aggregatePreferences(votes, "robust", { maxShare: 0.25 }), { maxShare: 0.25 });
  });

  it("are judged by known answers, of which ties are none", () => {
    const votes = pool(6, { pairs: 60 });
    const pairs = comparedPairs(votes);
    const known = [...pairs.left.keys()]
      .filter((p) => p % 3 === 0)
      .map((p) => {
        const outcome = [1, 0, 0.5][(p / 3) % 3];
        const [left, right] = [pairs.left[p], pairs.right[p]];
        return p % 2 === 0
          ? { item: pairs.item[p], left, right, outcome }
          : { item: pairs.item[p], left: right, right: left, outcome: 1 - outcome };
      });
    const labels = Int32Array.from(pairs.left, (_, p) => (p % 3 === 0 ? [0, 1, -1][(p / 3) % 3] : -1));
    expectJudged(votes, aggregatePreferences(votes, "robust", { known }), { known: labels });
  });

  it("are judged by what their raters did not copy", () => {
    const random = new RandomStream(1, "test/copies");
    const last = new Map<number, number>();
    // The first says what was said before it.
    const rows = Array.from({ length: 240 }, (_, p) => {
      const left = random.int(2);
      return random.shuffled([0, 1, 2, 3, 4, 5]).map((w) => {
        const own = random.bernoulli(0.75) ? left : 1 - left;
        const outcome = w === 0 ? (last.get(p) ?? own) : own;
        last.set(p, outcome);
        return { item: `${p}`, left: `a${p}`, right: `b${p}`, rater: `r${w}`, outcome };
      });
    }).flat();
    const votes = comparisons(rows);
    const time = Float64Array.from(rows.keys());
    const pairs = comparedPairs(votes);
    const { votes: sides } = sideVotes(votes, pairs, false);
    const { kept, copiers } = copiedVotes(sides, time);
    expect(copiers.map(({ rater }) => votes.raters[rater])).toEqual(["r0"]);
    const { ability, weight } = robust(sides, { strength: kept, confusions: false });
    const first = byHardness(sides, ability, weight);
    for (const [p, { probability }] of aggregatePreferences(votes, "robust", {
      time,
    }).preferences.entries()) {
      const own = [...kept].filter((_, v) => pairs.pair[v] === p);
      const part = own.reduce((sum, share) => sum + share, 0) / own.length;
      expect(logit(probability)).toBeCloseTo(logit(first[p]) * part, 9);
    }
  });

  it("are judged without those who answer from a key", () => {
    const rows = rowsWithKey();
    const votes = comparisons(rows);
    const aggregate = aggregatePreferences(votes);
    expect(aggregate.groups).toHaveLength(1);
    expectJudged(votes, aggregate);
  });
});
