import { describe, expect, it } from "vitest";
import { simulatedComparisons } from "../../../test/simulated-votes.js";
import { RandomStream } from "../../base/random.js";
import { type Comparisons, comparisons, labelVotes } from "../votes.js";
import { aggregatePreferences, MAX_NOISE, PREFERENCE_METHODS } from "./aggregate-preferences.js";
import { bradleyTerry } from "./bradley-terry.js";
import { crowdBt } from "./crowd-bt.js";
import { dawidSkene } from "./dawid-skene.js";
import { noisyBradleyTerry, noisyObjective } from "./noisy-bradley-terry.js";
import { plackettLuce, type Ranking } from "./plackett-luce.js";
import { duelsOf, inverseDiagonal, MAX_INVERTED, withIntervals } from "./score-estimate.js";

const vote = (left: string, right: string, rater: string, outcome: number, item = "") => ({
  item,
  left,
  right,
  rater,
  outcome,
});

/**
 * Mean log-loss of the probabilities under the true scores, and the share of pairs whose better side is the likelier.
 */
function quality(votes: Comparisons, score: readonly number[], method: (typeof PREFERENCE_METHODS)[number]) {
  const at = new Map(votes.candidates.map((name, c) => [name, score[c]]));
  const { preferences } = aggregatePreferences(votes, method);
  let [loss, right] = [0, 0];
  for (const { left, right: other, probability } of preferences) {
    const leftBetter = (at.get(left) ?? 0) > (at.get(other) ?? 0);
    const p = Math.min(0.999, Math.max(0.001, leftBetter ? probability : 1 - probability));
    loss -= Math.log(p) / preferences.length;
    right += (p > 0.5 ? 1 : p === 0.5 ? 0.5 : 0) / preferences.length;
  }
  return { loss, right };
}

describe("every method", () => {
  it.each(PREFERENCE_METHODS)("%s answers without NaN where there is little to go by", (method) => {
    const cases = [
      [vote("a", "b", "r", 1)],
      [vote("a", "b", "r", 0.5)],
      [vote("a", "b", "r", 0.5), vote("a", "b", "s", 0.5), vote("c", "d", "r", 0.5)],
      [vote("a", "b", "r", 1), vote("b", "a", "s", 1)],
      [vote("a", "b", "r", 1), vote("b", "c", "r", 1), vote("c", "a", "r", 1)],
    ];
    for (const rows of cases) {
      const { preferences, scores, raters } = aggregatePreferences(comparisons(rows), method);
      for (const { probability, noise } of preferences) {
        expect(probability).toBeGreaterThanOrEqual(0);
        expect(probability).toBeLessThanOrEqual(1);
        expect(noise).toBe(Math.min(MAX_NOISE, probability, 1 - probability));
      }
      for (const { score, low, high } of scores) {
        expect(Number.isFinite(low) && Number.isFinite(high)).toBe(true);
        expect(low <= score && score <= high).toBe(true);
      }
      for (const { skill } of raters)
        expect(Number.isFinite(skill.low + skill.estimate + skill.high)).toBe(true);
    }
  });

  it.each(["majority", "bradley-terry", "crowd-bt"] as const)(
    "%s does not depend on the way round of a vote",
    (method) => {
      const { votes } = simulatedComparisons(3, { pairs: 60, candidates: 12, raters: 8, votesPerPair: 3 });
      const turned = votes.outcome.map((_, v) => (v % 3 === 0 ? 1 : 0));
      const swap = (a: Int32Array, b: Int32Array) => a.map((value, v) => (turned[v] ? b[v] : value));
      const mirrored: Comparisons = {
        ...votes,
        left: swap(votes.left, votes.right),
        right: swap(votes.right, votes.left),
        outcome: votes.outcome.map((o, v) => (turned[v] ? 1 - o : o)),
      };
      const [a, b] = [votes, mirrored].map((v) => aggregatePreferences(v, method));
      for (const [p, { left, probability }] of b.preferences.entries()) {
        const same = a.preferences[p].left === left;
        expect(probability).toBeCloseTo(
          same ? a.preferences[p].probability : 1 - a.preferences[p].probability,
          6,
        );
      }
    },
  );
});

describe("the robust aggregate", () => {
  it("of separate pairs says how sure it is, and names the better side as often as the majority", () => {
    const pool = { pairs: 600, raters: 30, votesPerPair: 3, attention: 0.8 };
    const { votes, score } = simulatedComparisons(1, pool);
    const { preferences } = aggregatePreferences(votes);
    const sure = preferences.reduce((sum, { probability: p }) => sum + Math.max(p, 1 - p), 0) / 600;
    const [robust, majority] = [quality(votes, score, "robust"), quality(votes, score, "majority")];
    expect(Math.abs(sure - robust.right)).toBeLessThan(0.05);
    expect(robust.right).toBeGreaterThan(majority.right - 0.02);
    expect(robust.loss).toBeLessThan(majority.loss);
  });

  it("uses a pair's other comparisons where candidates recur", () => {
    const { votes, score } = simulatedComparisons(2, {
      pairs: 800,
      candidates: 30,
      raters: 20,
      votesPerPair: 1,
    });
    expect(quality(votes, score, "robust").right).toBeGreaterThan(
      quality(votes, score, "majority").right + 0.1,
    );
  });

  it("turns raters who lie round", () => {
    const { votes, score } = simulatedComparisons(4, { pairs: 500, raters: 20, votesPerPair: 5 });
    const outcome = votes.outcome.map((o, v) => (votes.rater[v] < 6 ? 1 - o : o));
    const lied = { ...votes, outcome };
    expect(quality(lied, score, "robust").right).toBeGreaterThan(
      quality(lied, score, "majority").right + 0.05,
    );
    const { raters } = aggregatePreferences(lied);
    const flagged = raters.flatMap(({ flags }, w) =>
      flags.some(({ kind }) => kind === "contrary") ? [w] : [],
    );
    expect(flagged.filter((w) => w >= 6)).toEqual([]);
    expect(flagged.length).toBeGreaterThanOrEqual(4);
  });

  it("names raters who favour a side", () => {
    const { votes } = simulatedComparisons(5, { pairs: 400, raters: 20, votesPerPair: 5 });
    const random = new RandomStream(1, "left");
    const outcome = votes.outcome.map((o, v) => (votes.rater[v] === 3 && random.bernoulli(0.8) ? 1 : o));
    const { raters } = aggregatePreferences({ ...votes, outcome });
    const oneSided = raters.flatMap(({ flags }, w) =>
      flags.some(({ kind }) => kind === "one-sided") ? [w] : [],
    );
    expect(oneSided).toEqual([3]);
    expect(raters[3].flags.find(({ kind }) => kind === "one-sided")?.reason).toMatch(
      /^chose left \d+ times of \d+/,
    );
  });

  it("draws a tie and a weak preference towards a half", () => {
    // Better sides are left and right in turn, so that none of the three favours a side.
    const rows = Array.from({ length: 200 }, (_, p) => {
      const turned = Math.floor(p / 4) % 2 === 1;
      const third = [0.5, 0.7, 0, 1][p % 4];
      const left = (outcome: number) => (turned ? 1 - outcome : outcome);
      return [
        vote(`a${p}`, `b${p}`, "r", left(1)),
        vote(`a${p}`, `b${p}`, "s", left(1)),
        vote(`a${p}`, `b${p}`, "t", left(third)),
      ];
    }).flat();
    const { preferences } = aggregatePreferences(comparisons(rows));
    const [tie, weak, against, clear] = preferences.map(({ probability }) => probability);
    expect(clear).toBeGreaterThan(weak);
    expect(weak).toBeGreaterThan(tie);
    expect(tie).toBeGreaterThan(against);
    expect(against).toBeGreaterThan(0.5);
  });

  it("is less sure of a pair with a tie than of the same pair without it, by the tie's share of the weight", () => {
    const rows = Array.from({ length: 300 }, (_, p) => {
      const better = Math.floor(p / 3) % 2;
      const third = [0.5, undefined, better][p % 3];
      const say = (rater: string, outcome: number) => vote(`a${p}`, `b${p}`, rater, outcome, `item ${p}`);
      return [say("r", better), say("s", better), ...(third === undefined ? [] : [say("t", third)])];
    }).flat();
    const { preferences, model } = aggregatePreferences(comparisons(rows));
    expect(model).toBe("alike");
    const logOdds = (p: number) => Math.log(1 / preferences[p].probability - 1);
    for (let p = 0; p < 300; p += 3) expect(logOdds(p) / logOdds(p + 1)).toBeCloseTo(2 / 3, 6);
  });
});

describe("intervals of scores", () => {
  it.each(["bradley-terry", "noisy-bradley-terry"] as const)("%s: at about the nominal rate", (method) => {
    let [covered, all] = [0, 0];
    for (let seed = 0; seed < 5; seed++) {
      const { votes, score } = simulatedComparisons(seed, {
        pairs: 500,
        candidates: 20,
        raters: 5,
        votesPerPair: 1,
      });
      const mean = score.reduce((a, b) => a + b, 0) / score.length;
      for (const [c, { low, high }] of aggregatePreferences(votes, method).scores.entries()) {
        all++;
        if (low <= score[c] - mean && score[c] - mean <= high) covered++;
      }
    }
    expect(covered / all).toBeGreaterThan(0.88);
    expect(covered / all).toBeLessThan(1);
  });
});

describe("Bradley-Terry", () => {
  it("of two candidates is the log odds of their wins", () => {
    const duels = [{ a: 0, b: 1, count: 10, wins: 7 }];
    const { score } = bradleyTerry(duels, 2, { prior: { shape: 1, rate: 0 } });
    expect(score[0] - score[1]).toBeCloseTo(Math.log(7 / 3), 7);
    const prior = bradleyTerry(duels, 2);
    expect(prior.score[0] - prior.score[1]).toBeLessThan(Math.log(7 / 3));
    expect(prior.score[0] - prior.score[1]).toBeGreaterThan(Math.log(6 / 3));
  });

  it("counts a tie as half a win and strengths in between", () => {
    const votes = comparisons([vote("a", "b", "r", 1), vote("b", "a", "s", 0.5), vote("a", "b", "t", 0.75)]);
    expect(duelsOf(votes.left, votes.right, votes.outcome)).toEqual([{ a: 0, b: 1, count: 3, wins: 2.25 }]);
  });

  it("stays finite for one who always wins, and for parts that never met", () => {
    const { score, low, high } = bradleyTerry(
      [
        { a: 0, b: 1, count: 5, wins: 5 },
        { a: 2, b: 3, count: 4, wins: 1 },
      ],
      4,
    );
    expect([...score, ...low, ...high].every(Number.isFinite)).toBe(true);
    expect(score[0]).toBeGreaterThan(score[1] + 1);
    expect(score[3]).toBeGreaterThan(score[2]);
  });

  it("inverts the information exactly, and nearly so beyond its limit", () => {
    const A = [Float64Array.of(4, 1, 0), Float64Array.of(1, 3, 1), Float64Array.of(0, 1, 2)];
    // Cofactors over the determinant 18.
    const expected = [5 / 18, 8 / 18, 11 / 18];
    for (const [i, value] of inverseDiagonal(A).entries()) expect(value).toBeCloseTo(expected[i], 12);
    const C = MAX_INVERTED + 1;
    const edges = Array.from({ length: C * 20 }, (_, e) => ({
      a: e % C,
      b: (e * 7 + 1 + (e % 5)) % C,
      information: 0.2,
    })).filter(({ a, b }) => a !== b);
    const wide = withIntervals(new Float64Array(C), edges, new Float64Array(C).fill(0.1));
    expect(wide.high[7]).toBeGreaterThan(0.4);
    expect(wide.high[7]).toBeLessThan(1);
  });
});

describe("Crowd-BT", () => {
  const { votes, score } = simulatedComparisons(6, {
    pairs: 600,
    candidates: 15,
    raters: 10,
    votesPerPair: 3,
  });
  const liars = { ...votes, outcome: votes.outcome.map((o, v) => (votes.rater[v] < 3 ? 1 - o : o)) };

  it("tells liars from the honest", () => {
    const { honesty } = crowdBt(liars);
    expect(Math.max(...honesty.slice(0, 3))).toBeLessThan(0.3);
    expect(Math.min(...honesty.slice(3))).toBeGreaterThan(0.7);
  });

  it("has its sign anchored by trusted raters, even when most lie", () => {
    const mostLie = { ...votes, outcome: votes.outcome.map((o, v) => (votes.rater[v] < 7 ? 1 - o : o)) };
    const { score: turned } = crowdBt(mostLie);
    const { score: anchored } = crowdBt(mostLie, { trusted: new Set([7, 8, 9]) });
    const correlation = (a: Float64Array) => a.reduce((sum, s, c) => sum + s * score[c], 0);
    expect(correlation(turned)).toBeLessThan(0);
    expect(correlation(anchored)).toBeGreaterThan(0);
  });
});

describe("noisy Bradley-Terry", () => {
  const { votes } = simulatedComparisons(7, {
    pairs: 300,
    candidates: 10,
    raters: 4,
    votesPerPair: 3,
    attention: 0.6,
    leftBias: 0.9,
  });

  it("has the gradient of its objective", () => {
    const random = new RandomStream(2, "noisy");
    const x = Float64Array.from({ length: 18 }, () => random.normal());
    const outcome = votes.outcome.map((o, v) => (v % 5 === 0 ? 0.5 : o));
    const gradient = new Float64Array(18);
    noisyObjective({ ...votes, outcome }, x, gradient);
    const ignored = new Float64Array(18);
    for (let at = 0; at < x.length; at++) {
      const moved = (by: number) =>
        noisyObjective(
          { ...votes, outcome },
          x.map((value, i) => (i === at ? value + by : value)),
          ignored,
        );
      expect(gradient[at]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 4);
    }
  });

  it("sees that raters favour the left", () => {
    const { attention, leftBias } = noisyBradleyTerry(votes);
    for (const bias of leftBias) expect(bias).toBeGreaterThan(0.65);
    for (const look of attention) expect(look).toBeLessThan(0.85);
  });
});

describe("Plackett-Luce", () => {
  /** Rankings of four by Gumbel noise on true scores, which is Plackett-Luce. */
  const rankings = (seed: number, score: readonly number[], count: number): Ranking[] => {
    const random = new RandomStream(seed, "rankings");
    return Array.from({ length: count }, () => {
      const candidates = random.shuffled([...score.keys()]).slice(0, 4);
      const utility = candidates.map((c) => score[c] - Math.log(-Math.log(1 - random.uniform())));
      return { candidates, ranks: utility.map((u) => 1 + utility.filter((other) => other > u).length) };
    });
  };

  it("of rankings of two is Bradley-Terry", () => {
    const duel: Ranking = { candidates: [0, 1], ranks: [1, 2] };
    const lost: Ranking = { candidates: [0, 1], ranks: [2, 1] };
    const { score, low } = plackettLuce([duel, duel, lost], 2);
    const expected = bradleyTerry([{ a: 0, b: 1, count: 3, wins: 2 }], 2);
    expect(score[0]).toBeCloseTo(expected.score[0], 7);
    expect(low[0]).toBeCloseTo(expected.low[0], 6);
  });

  it("recovers scores within their intervals at the nominal rate", () => {
    const score = [-1.2, -0.6, -0.2, 0, 0.2, 0.6, 1.2];
    let covered = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { low, high } = plackettLuce(rankings(seed, score, 150), 7);
      for (const [c, s] of score.entries()) if (low[c] <= s && s <= high[c]) covered++;
    }
    expect(covered / 140).toBeGreaterThan(0.9);
    expect(covered / 140).toBeLessThan(0.99);
  });

  it("takes equal ranks for choices from the same candidates", () => {
    const { score } = plackettLuce([{ candidates: [0, 1, 2], ranks: [1, 1, 3] }], 3);
    expect(score[0]).toBeCloseTo(score[1], 9);
    expect(score[0]).toBeGreaterThan(score[2]);
    const alike = plackettLuce([{ candidates: [0, 1, 2], ranks: [1, 1, 1] }], 3);
    expect(Math.max(...alike.score)).toBeCloseTo(0, 9);
  });
});

describe("Dawid-Skene of comparisons", () => {
  /** A rater who inverts, three who do not; each pair is shown in either order. */
  const rows = Array.from({ length: 60 }, (_, i) => {
    const random = new RandomStream(i, "test/sides");
    return ["good", "better", "fair", "inverts"].map((rater, w) => {
      const right = random.uniform() < [0.85, 0.95, 0.75, 0.1][w];
      const isTie = w === 2 && i % 10 === 0;
      const [left, other] = random.uniform() < 0.5 ? [`${i}.a`, `${i}.b`] : [`${i}.b`, `${i}.a`];
      return vote(left, other, rater, isTie ? 0.5 : Number(right === left.endsWith("a")), `${i}`);
    });
  }).flat();

  it("is that of labels, which are the sides of a pair's first vote, and a tie is half of each", () => {
    const first = new Map(rows.map(({ item, left }) => [item, left] as const).reverse());
    const votes = labelVotes(
      rows.map(({ item, left, rater, outcome }) => {
        const forFirst = first.get(item) === left ? outcome : 1 - outcome;
        return { item, rater, label: forFirst === 0.5 ? "tie" : forFirst === 1 ? "first" : "other" };
      }),
    );
    const { posterior } = dawidSkene(votes);
    const share = (i: number, label: string) =>
      posterior[i * votes.labels.length + votes.labels.indexOf(label)];
    const { preferences } = aggregatePreferences(comparisons(rows), "dawid-skene");
    expect(preferences).toHaveLength(60);
    for (const { item, left, probability } of preferences) {
      const i = votes.items.indexOf(item);
      expect(left).toBe(first.get(item));
      expect(probability).toBeCloseTo(share(i, "first") + share(i, "tie") / 2, 6);
    }
    const wrong = preferences.filter(({ left, probability }) => left.endsWith("a") !== probability > 0.5);
    expect(wrong.length).toBeLessThan(9);
  });
});
