/** Scores and their intervals against the equations they solve. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { sigmoid } from "../../statistics/special-functions.js";
import { type Comparisons, comparisons } from "../votes.js";
import { bradleyTerry, strengths, WEAK_PRIOR } from "./bradley-terry.js";
import { crowdBt } from "./crowd-bt.js";
import { noisyBradleyTerry, noisyObjective } from "./noisy-bradley-terry.js";
import { plackettLuce, type Ranking } from "./plackett-luce.js";
import { centre, duelsOf, inverseDiagonal, MAX_INVERTED, withIntervals } from "./score-estimate.js";

const Z = 1.959964;
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 7): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) expect(actual[at]).toBeCloseTo(expected[at], digits);
}

/** Votes of some raters on five candidates, strengths among them. */
const VOTES: Comparisons = (() => {
  const random = new RandomStream(1, "scores");
  return comparisons(
    Array.from({ length: 60 }, (_, v) => {
      const [a, b] = random.shuffled([0, 1, 2, 3, 4]);
      const outcome =
        v % 10 === 0 ? 0.5 : v % 7 === 0 ? 0.75 : random.bernoulli(sigmoid((a - b) / 2)) ? 1 : 0;
      return { item: "", left: `${a}`, right: `${b}`, rater: `${v % 4}`, outcome };
    }),
  );
})();
const DUELS = duelsOf(VOTES.left, VOTES.right, VOTES.outcome);

describe("duels", () => {
  it("are one for each two candidates, with the wins of the first, by the votes' weights", () => {
    const [left, right] = [Int32Array.of(0, 2, 1, 1), Int32Array.of(1, 1, 0, 2)];
    expect(duelsOf(left, right, [1, 0.25, 0.9, 0])).toEqual([
      { a: 0, b: 1, count: 2, wins: 1 + (1 - 0.9) },
      { a: 1, b: 2, count: 2, wins: 0.75 },
    ]);
    expect(duelsOf(left, right, [1, 0.25, 0.5, 0], [2, 0, 0.5, 3])).toEqual([
      { a: 0, b: 1, count: 2.5, wins: 2.25 },
      { a: 1, b: 2, count: 3, wins: 0 },
    ]);
  });
});

describe("intervals", () => {
  it("of two scores are of their difference, shared", () => {
    // The mean being held, the difference has precision w + r / 2 and each score half of it.
    const [w, r] = [3, 0.4];
    const score = Float64Array.of(0.7, -0.7);
    const { low, high } = withIntervals(score, [{ a: 0, b: 1, information: w }], Float64Array.of(r, r));
    const half = Z * Math.sqrt(1 / (w + r / 2)) * 0.5;
    expectClose(low, [0.7 - half, -0.7 - half], 4);
    expectClose(high, [0.7 + half, -0.7 + half], 4);
  });

  it("of three that met equally are of the plane in which the mean is 0", () => {
    const edges = [
      { a: 0, b: 1, information: 2 },
      { a: 2, b: 1, information: 2 },
      { a: 0, b: 2, information: 2 },
    ];
    const none = new Float64Array(3);
    const half = Math.sqrt(2 / 3 / 6);
    expectClose(withIntervals(none, edges, none).high, Array(3).fill(Z * half), 4);
    expectClose(withIntervals(none, edges, none, 0.8).low, Array(3).fill(-1.281552 * half), 4);
    expectClose(
      withIntervals(none, edges, new Float64Array(3).fill(3)).high,
      Array(3).fill(Z * Math.sqrt(2 / 3 / 9)),
      4,
    );
  });

  it("are as much narrower as the information is more, whatever its size, and of the prior alone without any", () => {
    for (const size of [1e-8, 1, 1e8]) {
      const edges = [
        { a: 0, b: 1, information: 2 * size },
        { a: 2, b: 1, information: 2 * size },
        { a: 0, b: 2, information: 2 * size },
      ];
      const { high } = withIntervals(new Float64Array(3), edges, new Float64Array(3));
      for (const end of high) expect(end * Math.sqrt(size)).toBeCloseTo(Z * Math.sqrt(2 / 3 / 6), 4);
    }
    const { high } = withIntervals(new Float64Array(3), [], new Float64Array(3).fill(5));
    expectClose(high, Array(3).fill(Z * Math.sqrt(2 / 3 / 5)), 4);
  });

  it("beyond the limit are those of each score by itself", () => {
    const C = MAX_INVERTED + 1;
    const edges = Array.from({ length: C }, (_, i) => ({ a: i, b: (i + 1) % C, information: 1 + (i % 2) }));
    const prior = Float64Array.from({ length: C }, (_, i) => 0.1 * (i % 5));
    const { low, high } = withIntervals(new Float64Array(C), edges, prior);
    for (const i of [1, 2, 3, 400]) {
      const half = Z / Math.sqrt(prior[i] + 3);
      expect(high[i]).toBeCloseTo(half, 5);
      expect(low[i]).toBeCloseTo(-half, 5);
    }
    const within = withIntervals(new Float64Array(C - 1), edges.slice(0, C - 2), prior.slice(0, C - 1));
    expect(within.high[250]).toBeGreaterThan(1.5 * (Z / Math.sqrt(3)));
  });

  it("come from the inverse of the information", () => {
    const random = new RandomStream(2, "matrix");
    const n = 6;
    const B = Array.from({ length: n }, () => Array.from({ length: n }, () => random.normal()));
    const A = B.map((row, i) =>
      Float64Array.from(
        B,
        (other, j) => row.reduce((sum, x, k) => sum + x * other[k], 0) + (i === j ? 1 : 0),
      ),
    );
    const diagonal = inverseDiagonal(A);
    for (let i = 0; i < n; i++) {
      // Column i of the inverse by Gauss and Jordan.
      const rows = A.map((row, r) => [...row, r === i ? 1 : 0]);
      for (let k = 0; k < n; k++) {
        const pivot = rows[k][k];
        rows[k] = rows[k].map((x) => x / pivot);
        for (let r = 0; r < n; r++) if (r !== k) rows[r] = rows[r].map((x, c) => x - rows[r][k] * rows[k][c]);
      }
      expect(diagonal[i]).toBeCloseTo(rows[i][n], 9);
    }
  });

  it("are about scores whose mean is 0", () => {
    const score = Float64Array.of(1, 2, 6);
    expect(centre(score)).toBe(score);
    expectClose(score, [-2, -1, 3]);
    expect([...centre(new Float64Array())]).toEqual([]);
  });
});

describe("Bradley and Terry", () => {
  it.each([
    ["the weak prior", undefined],
    ["a prior of its own", { shape: 2.5, rate: 0.8 }],
  ])("with %s solves p = (a - 1 + W) / (b + sum n / (p + q))", (_, prior) => {
    const { shape, rate } = prior ?? WEAK_PRIOR;
    const p = strengths(DUELS, new Float64Array(5).fill(1), { prior, tolerance: 1e-12 });
    const wins = new Float64Array(5).fill(shape - 1);
    const rates = new Float64Array(5).fill(rate);
    for (let v = 0; v < 60; v++) {
      const [a, b, o] = [VOTES.left[v], VOTES.right[v], VOTES.outcome[v]];
      wins[a] += o;
      wins[b] += 1 - o;
      rates[a] += 1 / (p[a] + p[b]);
      rates[b] += 1 / (p[a] + p[b]);
    }
    expectClose(
      p,
      wins.map((won, i) => won / rates[i]),
      8,
    );
    const { score, low, high } = bradleyTerry(DUELS, 5, { prior, tolerance: 1e-12 });
    expectClose(score, centre(p.map(Math.log)));
    const edges = Array.from(VOTES.left, (a, v) => {
      const win = sigmoid(score[a] - score[VOTES.right[v]]);
      return { a, b: VOTES.right[v], information: win * (1 - win) };
    });
    const wanted = withIntervals(
      score,
      edges,
      p.map((value) => rate * value),
    );
    expectClose(low, wanted.low);
    expectClose(high, wanted.high);
  });

  it("steps from its start, as often as it is told, and ends when nothing moves", () => {
    const start = Float64Array.of(1, 2, 1, 0.5, 1);
    const { shape, rate } = WEAK_PRIOR;
    const step = (p: ArrayLike<number>): Float64Array => {
      const [wins, rates] = [new Float64Array(5).fill(shape - 1), new Float64Array(5).fill(rate)];
      for (const { a, b, count, wins: won } of DUELS) {
        wins[a] += won;
        wins[b] += count - won;
        rates[a] += count / (p[a] + p[b]);
        rates[b] += count / (p[a] + p[b]);
      }
      return wins.map((won, i) => won / rates[i]);
    };
    expectClose(strengths(DUELS, start, { iterations: 1 }), step(start), 12);
    expectClose(strengths(DUELS, start, { iterations: 2 }), step(step(start)), 12);
    expectClose(strengths(DUELS, start, { tolerance: 1e9 }), step(start), 12);
    const moved = Math.max(...step(step(start)).map((p, i) => Math.abs(Math.log(p / step(start)[i]))));
    expectClose(strengths(DUELS, start, { tolerance: moved * 1.01 }), step(step(start)), 12);
    expectClose(
      strengths(DUELS, start, { tolerance: moved * 0.99, iterations: 3 }),
      step(step(step(start))),
      12,
    );
    expect([...start]).toEqual([1, 2, 1, 0.5, 1]);
  });

  it("without a prior has strengths that sum to 1, and leaves who never played as it was", () => {
    const prior = { shape: 1, rate: 0 };
    const p = strengths([{ a: 0, b: 1, count: 4, wins: 3 }], new Float64Array(2).fill(1), { prior });
    expectClose(p, [0.75, 0.25]);
    const three = strengths([{ a: 0, b: 1, count: 4, wins: 3 }], new Float64Array(3).fill(1), {
      ...{ prior, iterations: 1 },
    });
    expectClose(three, [1.5 / 3, 0.5 / 3, 1 / 3]);
  });
});

describe("Crowd-BT", () => {
  const chance = (eta: number, p: number) => (eta * p) / (eta * p + (1 - eta) * (1 - p));

  /** One round by the formulas: how honest raters are, and what votes are believed to say. */
  function round(eta: ArrayLike<number>, p: ArrayLike<number>, trusted: ReadonlySet<number>) {
    const honest = new Float64Array(4).fill(3);
    const count = new Float64Array(4).fill(4);
    const believed = VOTES.outcome.map((o, v) => {
      const w = VOTES.rater[v];
      const win = p[VOTES.left[v]] / (p[VOTES.left[v]] + p[VOTES.right[v]]);
      honest[w] += o * chance(eta[w], win) + (1 - o) * chance(eta[w], 1 - win);
      count[w]++;
      return o * chance(eta[w], win) + (1 - o) * (1 - chance(eta[w], 1 - win));
    });
    return { eta: honest.map((sum, w) => (trusted.has(w) ? 1 : sum / count[w])), believed };
  }
  const ones = new Float64Array(5).fill(1);

  it.each([[[]], [[2]], [[0, 3]]])("takes its steps, the trusted being %j", (names) => {
    const trusted = new Set<number>(names);
    const first = Float64Array.from({ length: 4 }, (_, w) => (trusted.has(w) ? 1 : 0.75));
    const weight = VOTES.rater.map((w) => (trusted.has(w) ? 1 : 0));
    const begun = duelsOf(VOTES.left, VOTES.right, VOTES.outcome, trusted.size > 0 ? weight : undefined);
    const p = strengths(begun, ones, { iterations: 20 });
    const one = round(first, p, trusted);
    const got = crowdBt(VOTES, { iterations: 1, trusted });
    expectClose(got.honesty, one.eta, 9);
    expectClose(got.score, bradleyTerry(duelsOf(VOTES.left, VOTES.right, one.believed), 5).score);
    const again = strengths(duelsOf(VOTES.left, VOTES.right, one.believed), p, { iterations: 20 });
    const two = round(one.eta, again, trusted);
    expectClose(crowdBt(VOTES, { iterations: 2, trusted }).honesty, two.eta, 9);
    const most = (a: ArrayLike<number>, b: Float64Array) =>
      Math.max(...b.map((eta, w) => Math.abs(eta - a[w])));
    expectClose(crowdBt(VOTES, { tolerance: 1, trusted }).honesty, one.eta, 9);
    // It ends with the first round in which no eta moves by more.
    const tolerance = 1.001 * most(one.eta, two.eta);
    const ended = most(first, one.eta) < tolerance ? one : two;
    expectClose(crowdBt(VOTES, { tolerance, trusted }).honesty, ended.eta, 9);
  });

  it("believes nothing of a vote that cannot be", () => {
    const sure = comparisons([
      { item: "", left: "a", right: "b", rater: "r", outcome: 1 },
      { item: "", left: "b", right: "a", rater: "s", outcome: 1 },
    ]);
    const { honesty, score } = crowdBt(sure, { trusted: new Set([0, 1]) });
    expect([...honesty]).toEqual([1, 1]);
    expectClose(score, [0, 0]);
  });
});

describe("Bradley and Terry with raters who do not look", () => {
  it("has minus the log posterior for its objective: scores N(0, 4), biases N(0, 1), skills N(1, 1)", () => {
    const random = new RandomStream(3, "objective");
    const x = Float64Array.from({ length: 5 + 2 * 4 }, () => 2 * random.normal());
    let objective = 0;
    for (let i = 0; i < 5; i++) objective += x[i] ** 2 / 8;
    for (let w = 0; w < 4; w++) objective += x[5 + w] ** 2 / 2 + (x[9 + w] - 1) ** 2 / 2;
    for (const [v, w] of VOTES.rater.entries()) {
      const [bias, look] = [sigmoid(x[5 + w]), sigmoid(x[9 + w])];
      const says = look * sigmoid(x[VOTES.left[v]] - x[VOTES.right[v]]) + (1 - look) * bias;
      objective -= VOTES.outcome[v] * Math.log(says) + (1 - VOTES.outcome[v]) * Math.log(1 - says);
    }
    const gradient = new Float64Array(13);
    expect(noisyObjective(VOTES, x, gradient)).toBeCloseTo(objective, 9);
    for (let at = 0; at < 13; at++) {
      const moved = (by: number) =>
        noisyObjective(
          VOTES,
          x.map((value, i) => (i === at ? value + by : value)),
          new Float64Array(13),
        );
      expect(gradient[at], `${at}`).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 5);
    }
  });

  it("is at the objective's minimum, with the information of its votes in the intervals", () => {
    const { score, low, high, attention, leftBias } = noisyBradleyTerry(VOTES);
    const logit = (p: number) => Math.log(p / (1 - p));
    const x = Float64Array.from([...score, ...leftBias.map(logit), ...attention.map(logit)]);
    const gradient = new Float64Array(13);
    noisyObjective(VOTES, x, gradient);
    for (const slope of gradient) expect(Math.abs(slope)).toBeLessThan(1e-4);
    const edges = Array.from(VOTES.left, (a, v) => {
      const [b, w] = [VOTES.right[v], VOTES.rater[v]];
      const win = sigmoid(score[a] - score[b]);
      const says = attention[w] * win + (1 - attention[w]) * leftBias[w];
      return { a, b, information: (attention[w] * win * (1 - win)) ** 2 / (says * (1 - says)) };
    });
    const wanted = withIntervals(score, edges, new Float64Array(5).fill(0.25));
    expectClose(low, wanted.low);
    expectClose(high, wanted.high);
  });
});

describe("Plackett and Luce", () => {
  const rankings: Ranking[] = [
    { candidates: [0, 1, 2, 3], ranks: [2, 1, 4, 3] },
    { candidates: [3, 2, 0], ranks: [1, 1, 2] },
    { candidates: [2, 1], ranks: [7, 9] },
    { candidates: [0, 3, 2, 1], ranks: [1, 2, 2, 2] },
    { candidates: [1, 3, 0], ranks: [3, 3, 3] },
  ];
  /** Choices written out: who was chosen, from whom. */
  const choices: [chosen: number[], among: number[]][] = [
    [[1], [0, 1, 2, 3]],
    [[0], [0, 2, 3]],
    [[3], [2, 3]],
    [
      [3, 2],
      [3, 2, 0],
    ],
    [[2], [2, 1]],
    [[0], [0, 3, 2, 1]],
  ];

  it.each([
    ["the weak prior", undefined],
    ["a prior of its own", { shape: 2, rate: 0.5 }],
  ])("with %s solves p = (a - 1 + c) / (b + sum of 1 / sum p)", (_, prior) => {
    const { shape, rate } = prior ?? WEAK_PRIOR;
    const { score, low, high } = plackettLuce(rankings, 4, { prior, tolerance: 1e-13 });
    // The scores give strengths up to a factor, which the prior fixes: sum (a - 1 + c) = sum p (b + ...), so
    // 4 (a - 1) + 7 = b sum p + 7.
    const raw = score.map(Math.exp);
    const scale = (4 * (shape - 1)) / rate / raw.reduce((a, b) => a + b, 0);
    const p = raw.map((value) => value * scale);
    const wins = new Float64Array(4).fill(shape - 1);
    const rates = new Float64Array(4).fill(rate);
    const edges: { a: number; b: number; information: number }[] = [];
    for (const [chosen, among] of choices) {
      const total = among.reduce((sum, i) => sum + p[i], 0);
      for (const i of chosen) wins[i]++;
      for (const i of among) rates[i] += chosen.length / total;
      for (const a of among)
        for (const b of among)
          if (a < b) edges.push({ a, b, information: (chosen.length * p[a] * p[b]) / total ** 2 });
    }
    expectClose(
      p,
      wins.map((won, i) => won / rates[i]),
      6,
    );
    const wanted = withIntervals(
      score,
      edges,
      p.map((value) => rate * value),
    );
    expectClose(low, wanted.low, 6);
    expectClose(high, wanted.high, 6);
  });

  it("takes as many steps as it is told", () => {
    const start = new Float64Array(4).fill(1);
    const wins = [2, 1, 2, 2].map((n) => n + 0.1);
    const rates = [1 / 4 + 1 / 3 + 2 / 3 + 1 / 4, 1 / 4 + 1 / 2 + 1 / 4, 0, 0];
    rates[2] = 1 / 4 + 1 / 3 + 1 / 2 + 2 / 3 + 1 / 2 + 1 / 4;
    rates[3] = 1 / 4 + 1 / 3 + 1 / 2 + 2 / 3 + 1 / 4;
    const one = centre(start.map((_, i) => Math.log(wins[i] / (rates[i] + 0.1))));
    expectClose(plackettLuce(rankings, 4, { iterations: 1 }).score, one);
    expectClose(plackettLuce(rankings, 4, { tolerance: 100 }).score, one);
    const step = (p: ArrayLike<number>): number[] => {
      const [won, rate] = [Array<number>(4).fill(0.1), Array<number>(4).fill(0.1)];
      for (const [chosen, among] of choices) {
        for (const i of chosen) won[i]++;
        for (const i of among) rate[i] += chosen.length / among.reduce((sum, k) => sum + p[k], 0);
      }
      return won.map((n, i) => n / rate[i]);
    };
    const scoreOf = (p: readonly number[]) => centre(Float64Array.from(p, Math.log));
    const p = [step(start)];
    for (let i = 0; i < 3; i++) p.push(step(p[i]));
    // It ends with the first round in which no score moves by as much.
    const moved = Math.max(...p[2].map((value, i) => Math.abs(Math.log(value / p[1][i]))));
    expectClose(plackettLuce(rankings, 4, { tolerance: moved * 1.01 }).score, [...scoreOf(p[2])]);
    expectClose(plackettLuce(rankings, 4, { tolerance: moved * 0.99, iterations: 4 }).score, [
      ...scoreOf(p[3]),
    ]);
    const none = plackettLuce([], 2, { prior: { shape: 1, rate: 0 } });
    expectClose(none.score, [0, 0]);
  });
});
