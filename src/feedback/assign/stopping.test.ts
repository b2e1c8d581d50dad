import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { wilsonInterval } from "../../statistics/estimates.js";
import { isDecided, MAX_RELIABLE, posterior, type SignedVote, signsOf } from "./stopping.js";

const votes = (...signs: number[]): SignedVote[] => signs.map((sign) => ({ sign, reliability: 0.8 }));

describe("posterior", () => {
  it("is Bayes' rule from even odds", () => {
    expect(posterior([])).toBe(0.5);
    expect(posterior(votes(1))).toBeCloseTo(0.8, 12);
    expect(posterior(votes(1, 1))).toBeCloseTo(0.64 / 0.68, 12);
    expect(posterior(votes(1, -1, 0))).toBeCloseTo(0.5, 12);
    expect(posterior([{ sign: -1, reliability: 0.9 }, ...votes(1)])).toBeCloseTo(0.08 / (0.08 + 0.18), 12);
  });

  it("believes nobody too much, and learns nothing from those who are worse than chance", () => {
    expect(posterior([{ sign: 1, reliability: 1 }])).toBeCloseTo(MAX_RELIABLE, 12);
    expect(posterior([{ sign: 1, reliability: 0.1 }])).toBe(0.5);
  });
});

describe("isDecided", () => {
  it("wants the bound and the least number of votes", () => {
    expect(isDecided(votes(1, 1), { probability: 0.94, leastVotes: 2 })).toBe(true);
    expect(isDecided(votes(-1, -1), { probability: 0.94, leastVotes: 2 })).toBe(true);
    expect(isDecided(votes(1, 1), { probability: 0.95, leastVotes: 2 })).toBe(false);
    expect(isDecided(votes(1, 1), { probability: 0.94, leastVotes: 3 })).toBe(false);
  });

  it.each([0.8, 0.9, 0.95])("decides wrongly at most in the stated share: bound %d", (probability) => {
    const random = new RandomStream(3, "assign/stopping/test", Math.round(100 * probability));
    let [decided, wrong, asked] = [0, 0, 0];
    const ITEMS = 20_000;
    const OVERLAP = 12;
    for (let i = 0; i < ITEMS; i++) {
      const truth = random.bernoulli(0.5) ? 1 : -1;
      const cast: SignedVote[] = [];
      while (cast.length < OVERLAP && !isDecided(cast, { probability, leastVotes: 1 })) {
        const reliability = 0.6 + 0.35 * random.uniform();
        cast.push({ sign: random.bernoulli(reliability) ? truth : -truth, reliability });
      }
      asked += cast.length;
      if (!isDecided(cast, { probability, leastVotes: 1 })) continue;
      decided++;
      if (posterior(cast) > 0.5 !== (truth === 1)) wrong++;
    }
    // The promise is on the mean: the lower end of the interval may not be above it.
    const { low, estimate } = wilsonInterval(wrong, decided, 0.999);
    expect(low).toBeLessThan(1 - probability);
    // Nor is it far from being used: asking does not go on when the bound is long reached.
    expect(estimate).toBeGreaterThan((1 - probability) / 4);
    expect(asked / ITEMS).toBeLessThan(OVERLAP / 2);
  });
});

it("reads two-sided questions off answers", () => {
  const aspects = {
    helpful: { verdict: "left" },
    harmless: { verdict: "both-bad" },
    honest: { verdict: "right" },
  } as const;
  expect(signsOf({ kind: "pairwise", aspects, flags: [] })).toEqual({ helpful: 1, harmless: 0, honest: -1 });
  expect(signsOf({ kind: "safety", safe: false, categories: ["S1"], flags: [] })).toEqual({ safe: -1 });
  expect(signsOf({ kind: "ranking", ranks: [1, 2], flags: [] })).toBeUndefined();
});
