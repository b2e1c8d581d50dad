import { describe, expect, it } from "vitest";
import { simulatedLabels } from "../../../test/simulated-votes.js";
import { spread } from "../../../test/spread.js";
import { RandomStream } from "../../base/random.js";
import { logGamma } from "../../statistics/special-functions.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { aggregateLabels, LABEL_METHODS } from "./aggregate-labels.js";
import { sharedAnswers } from "./collusion.js";
import { discoveries } from "./false-discovery.js";
import { gladObjective } from "./glad.js";
import { likeliest } from "./label-estimate.js";
import { expectation, type MaceParameters, mace } from "./mace.js";
import { majority } from "./majority.js";
import { minimize } from "./minimize.js";

const accuracy = (posterior: Float64Array, truth: readonly number[], K: number): number => {
  const best = likeliest(posterior, K);
  return truth.filter((t, i) => t === best[i]).length / truth.length;
};

/** So many raters answer from a key of their own. */
function withRing(votes: LabelVotes, members: ReadonlySet<number>, seed: number): LabelVotes {
  const random = new RandomStream(seed, "key");
  const key = votes.items.map(() => random.int(votes.labels.length));
  return {
    ...votes,
    label: votes.label.map((y, v) => (members.has(votes.rater[v]) ? key[votes.item[v]] : y)),
  };
}

describe("every method", () => {
  const { votes, truth } = simulatedLabels(1, {
    items: 400,
    raters: 30,
    votesPerItem: 7,
    labels: 3,
    least: 0.4,
  });
  it.each(LABEL_METHODS)(
    "%s: probabilities, at least as good as a rater, skills inside their intervals",
    (method) => {
      const { posterior, items, raters } = aggregateLabels(votes, method);
      for (let i = 0; i < truth.length; i++) {
        const row = posterior.subarray(i * 3, i * 3 + 3);
        expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        expect(items[i].probability).toBe(Math.max(...row));
      }
      expect(accuracy(posterior, truth, 3)).toBeGreaterThan(0.88);
      for (const { skill } of raters) {
        expect(skill.low).toBeLessThanOrEqual(skill.estimate);
        expect(skill.estimate).toBeLessThanOrEqual(skill.high);
      }
    },
  );

  it.each(LABEL_METHODS)("%s answers without NaN where there is little to go by", (method) => {
    const vote = (item: string, rater: string, label: string) => ({ item, rater, label });
    const cases = [
      [vote("i", "r", "a")],
      [vote("i", "r", "a"), vote("j", "r", "a")],
      [vote("i", "r", "a"), vote("i", "s", "b")],
      [vote("i", "r", "a"), vote("i", "s", "b"), vote("j", "r", "b"), vote("j", "s", "a")],
      [vote("i", "r", "a"), vote("i", "s", "b"), vote("i", "t", "c")],
    ];
    for (const rows of cases) {
      const { posterior, raters } = aggregateLabels(labelVotes(rows), method);
      expect(posterior.every(Number.isFinite)).toBe(true);
      for (const { skill, flags } of raters) {
        expect([skill.estimate, skill.low, skill.high].every(Number.isFinite)).toBe(true);
        expect(flags).toEqual([]);
      }
    }
  });

  it("gives the same bytes for the same seed, and refuses tables that do not fit", () => {
    expect(aggregateLabels(votes, "mace", { seed: 4 })).toEqual(aggregateLabels(votes, "mace", { seed: 4 }));
    const rows = Array.from({ length: 6000 }, (_, i) => ({ item: `${i}`, rater: "r", label: `${i}` }));
    expect(() => aggregateLabels(labelVotes(rows))).toThrow("6000 different labels");
    expect(() => aggregateLabels(labelVotes([]))).toThrow("no votes");
  });
});

describe("reliable raters count for more", () => {
  const { votes, truth } = simulatedLabels(2, {
    items: 500,
    raters: 20,
    votesPerItem: 5,
    least: 0.4,
    most: 1,
  });
  const base = accuracy(majority(votes).posterior, truth, 2);
  it.each(["dawid-skene", "one-coin", "mace", "glad", "robust"] as const)(
    "%s beats the majority",
    (method) => {
      expect(accuracy(aggregateLabels(votes, method).posterior, truth, 2)).toBeGreaterThan(base + 0.03);
    },
  );
});

describe("skills", () => {
  it("are recovered within their intervals at the nominal rate, sparse votes too", () => {
    for (const pool of [
      { items: 600, raters: 60, votesPerItem: 5 },
      { items: 200, raters: 40, votesPerItem: 3 },
    ]) {
      let [covered, all] = [0, 0];
      for (const seed of spread("skills", [0, 1, 2, 3], 2)) {
        const { votes, skill } = simulatedLabels(seed, pool);
        for (const [w, report] of aggregateLabels(votes).raters.entries()) {
          all++;
          if (report.skill.low <= skill[w] && skill[w] <= report.skill.high) covered++;
        }
      }
      expect(covered / all).toBeGreaterThan(0.89);
      expect(covered / all).toBeLessThan(0.995);
    }
  });

  it("flag those who guess and those who turn answers round, and none of the honest", () => {
    const { votes, truth } = simulatedLabels(3, { items: 800, raters: 30, votesPerItem: 7, least: 0.7 });
    const known = Int32Array.from(truth);
    const random = new RandomStream(1, "guesses");
    const label = votes.label.map((y, v) => {
      if (votes.rater[v] < 3) return random.int(2);
      return votes.rater[v] < 6 ? 1 - truth[votes.item[v]] : y;
    });
    const kindsBy = (gold?: Int32Array) =>
      aggregateLabels({ ...votes, label }, "robust", { known: gold }).raters.map(({ flags }) =>
        flags.map(({ kind }) => kind).join(),
      );
    expect(kindsBy(known)).toEqual([
      ...Array(3).fill("guessing"),
      ...Array(3).fill("contrary"),
      ...Array(24).fill(""),
    ]);
    // Without known answers some 187 votes do not tell one who guesses from one of another taste.
    expect(kindsBy()).toEqual([...Array(3).fill(""), ...Array(3).fill("contrary"), ...Array(24).fill("")]);
  });
});

describe("collusion", () => {
  it("finds a ring of 30%, names no honest rater, and keeps the truths", () => {
    for (const seed of spread("ring", [1, 2, 3], 1)) {
      const { votes, truth } = simulatedLabels(seed, {
        items: 800,
        raters: 40,
        votesPerItem: 6,
        least: 0.65,
      });
      const ring = new Set(Array.from({ length: 12 }, (_, r) => r));
      const attacked = withRing(votes, ring, seed);
      const { groups, posterior, raters } = aggregateLabels(attacked);
      const found = groups.flat().map(({ rater }) => rater);
      expect(found.filter((rater) => ring.has(rater)).length).toBeGreaterThanOrEqual(11);
      expect(found.filter((rater) => !ring.has(rater))).toEqual([]);
      expect(raters[found[0]].flags[0].reason).toMatch(
        /follows the answers of group 1 \(1\d raters\) on \d+ of \d+ items/,
      );
      const byMajority = accuracy(majority(attacked).posterior, truth, 2);
      expect(accuracy(posterior, truth, 2)).toBeGreaterThan(byMajority + 0.05);
    }
  });

  it("finds none among honest raters, whatever their skills and biases", () => {
    for (const seed of [1, 2, 3, 4]) {
      const { votes } = simulatedLabels(seed, { items: 600, raters: 40, votesPerItem: 5 });
      // Half of the raters say the first label when in doubt.
      const random = new RandomStream(seed, "bias");
      const label = votes.label.map((y, v) => (votes.rater[v] % 2 === 0 && random.bernoulli(0.3) ? 0 : y));
      expect(sharedAnswers({ ...votes, label }).colluding).toEqual([]);
    }
  });
});

describe("discoveries", () => {
  it("finds the large scores among normal ones, and nothing in normal ones", () => {
    const random = new RandomStream(1, "z");
    const none = Float64Array.from({ length: 2000 }, () => random.normal());
    expect(discoveries(none, 0.01)).toEqual([]);
    const some = none.slice();
    for (let i = 0; i < 50; i++) some[i * 40] = 6;
    expect(discoveries(some, 0.01).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, i) => i * 40),
    );
    // Twice as wide: 6 is then no more than 3 is among normal ones.
    const wide = none.map((z) => 2 * z);
    wide[0] = 6;
    expect(discoveries(wide, 0.01)).toEqual([]);
  });
});

describe("formulas", () => {
  const { votes } = simulatedLabels(5, { items: 12, raters: 5, votesPerItem: 3, labels: 3 });

  it("GLAD's gradient is that of its objective", () => {
    const random = new RandomStream(1, "glad");
    const posterior = majority(votes).posterior;
    const x = Float64Array.from({ length: 17 }, () => random.normal());
    const gradient = new Float64Array(17);
    gladObjective(votes, posterior, x, gradient);
    for (let at = 0; at < x.length; at++) {
      const moved = (by: number) =>
        gladObjective(
          votes,
          posterior,
          x.map((value, i) => (i === at ? value + by : value)),
        );
      expect(-gradient[at]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
    }
  });

  it("MACE's E step is the sum over truths and over who knew", () => {
    const parameters: MaceParameters = {
      knows: Float64Array.of(0.3, 0.7, 0.8, 0.2),
      answers: Float64Array.of(0.6, 0.4, 0.1, 0.9),
      shares: Float64Array.of(0.7, 0.3),
    };
    const two = labelVotes([
      { item: "i", rater: "r", label: "a" },
      { item: "i", rater: "s", label: "b" },
    ]);
    // P(a by r | t) = .7 [t = a] + .3 .6, P(b by s | t) = .2 [t = b] + .8 .9
    const ifA = 0.7 * (0.7 + 0.18) * 0.72;
    const ifB = 0.3 * 0.18 * (0.2 + 0.72);
    const { posterior, logLikelihood, knowing, answering } = expectation(two, parameters);
    expect(posterior[0]).toBeCloseTo(ifA / (ifA + ifB), 12);
    expect(logLikelihood).toBeCloseTo(Math.log(ifA + ifB), 12);
    const guessed = (0.7 * 0.18 * 0.72 + ifB) / (ifA + ifB);
    expect(knowing[0]).toBeCloseTo(guessed, 12);
    expect(knowing[1]).toBeCloseTo(1 - guessed, 12);
    expect(answering[0]).toBeCloseTo(guessed, 12);
  });

  it("MACE knows who answers without looking", () => {
    const pool = simulatedLabels(6, { items: 300, raters: 10, votesPerItem: 6, least: 0.9 });
    const label = pool.votes.label.map((y, v) => (pool.votes.rater[v] === 0 ? 1 : y));
    const { confusion } = mace({ ...pool.votes, label });
    expect(confusion[1]).toBeGreaterThan(0.9); // says 1 where the truth is 0
    expect(confusion[3]).toBeGreaterThan(0.9);
    expect(confusion[4]).toBeGreaterThan(0.75);
  });

  it("logGamma has the tabled values", () => {
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 11);
    expect(logGamma(11)).toBeCloseTo(Math.log(3628800), 10);
    expect(logGamma(100)).toBeCloseTo(359.1342053695754, 9);
  });

  it("L-BFGS finds the minimum of Rosenbrock's valley", () => {
    const rosenbrock = (x: Float64Array, gradient: Float64Array): number => {
      const bend = x[1] - x[0] ** 2;
      gradient[0] = -2 * (1 - x[0]) - 400 * x[0] * bend;
      gradient[1] = 200 * bend;
      return (1 - x[0]) ** 2 + 100 * bend ** 2;
    };
    const [x, y] = minimize(rosenbrock, Float64Array.of(-1.2, 1));
    expect(x).toBeCloseTo(1, 5);
    expect(y).toBeCloseTo(1, 5);
  });
});
