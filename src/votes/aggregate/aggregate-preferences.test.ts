/** What an aggregate of comparisons says of each pair, whatever the method: preferences, reviews, scores, who is left out. */
import { describe, expect, it } from "vitest";
import { rowsWithKey } from "../../../test/votes-with-key.js";
import { RandomStream } from "../../base/random.js";
import { sigmoid } from "../../statistics/special-functions.js";
import { type Comparisons, comparisons, topicsOf } from "../votes.js";
import { aggregatePreferences, PREFERENCE_METHODS } from "./aggregate-preferences.js";
import { bradleyTerry } from "./bradley-terry.js";
import { comparedPairs, sideVotes } from "./compared-pairs.js";
import { copiedVotes, withoutCopies } from "./copying.js";
import { crowdBt } from "./crowd-bt.js";
import { noisyBradleyTerry } from "./noisy-bradley-terry.js";
import { robustPairs } from "./robust-pairs.js";
import { duelsOf } from "./score-estimate.js";

const vote = (left: string, right: string, outcome: number, rater = "r", item = "") => ({
  ...{ item, left, right, rater, outcome },
});

describe("a result against all votes on a pair", () => {
  const beaten = (last: ReturnType<typeof vote>) =>
    aggregatePreferences(
      comparisons([
        ...Array.from({ length: 8 }, (_, i) => [vote("a", "b", 1, `${i}`), vote("b", "c", 1, `${i}`)]).flat(),
        last,
      ]),
      "bradley-terry",
    ).preferences;

  it("is marked, whichever side the votes are for", () => {
    const because = "because of how their raters judge elsewhere";
    expect(beaten(vote("c", "a", 1)).map(({ review }) => review)).toEqual([
      ...[undefined, undefined],
      `the only vote says left; the result says right, ${because}`,
    ]);
    expect(beaten(vote("a", "c", 0)).map(({ review }) => review)).toEqual([
      ...[undefined, undefined],
      `the only vote says right; the result says left, ${because}`,
    ]);
    expect(beaten(vote("a", "c", 1)).map((one) => "review" in one)).toEqual([false, false, false]);
  });

  it("is none where the result is for no side", () => {
    const cycle = (outcome: number) =>
      aggregatePreferences(
        comparisons(
          [
            ["a", "b"],
            ["b", "c"],
            ["c", "a"],
          ].map(([left, right]) => vote(left, right, outcome)),
        ),
        "bradley-terry",
      ).preferences;
    for (const outcome of [0, 1]) {
      expect(cycle(outcome).map(({ probability }) => probability)).toEqual([0.5, 0.5, 0.5]);
      expect(cycle(outcome).map((one) => "review" in one)).toEqual([false, false, false]);
    }
  });
});

describe("scores", () => {
  it("are of candidates that recur, or may recur as all pairs are of one item", () => {
    const scored = (items: [string, string]) =>
      aggregatePreferences(
        comparisons([vote("a", "b", 1, "r", items[0]), vote("c", "d", 1, "r", items[1])]),
        "majority",
      ).scores.map(({ candidate }) => candidate);
    expect(scored(["", ""])).toEqual(["a", "b", "c", "d"]);
    expect(scored(["i", "j"])).toEqual([]);
  });
});

it("without votes there is nothing to aggregate", () => {
  for (const method of PREFERENCE_METHODS)
    expect(() => aggregatePreferences(comparisons([]), method)).toThrow("there are no votes to aggregate");
});

/** 400 pairs of candidates that recur, five votes each in an order of chance; four of 20 raters copy, and turn round on law. */
const DRAWN = (() => {
  const random = new RandomStream(2, "test/left-out");
  const rows = Array.from({ length: 400 }, (_, p) => {
    const [left, right] = [p % 20, 20 + (p % 19)];
    const topic = ["law", "food", "sport"][p % 3];
    let before = -1;
    return random
      .shuffled(Array.from({ length: 20 }, (__, w) => w))
      .slice(0, 5)
      .map((w) => {
        const better = random.bernoulli(1 / (1 + Math.exp((left - right + 19.5) / 4))) ? 1 : 0;
        const own = w >= 16 && topic === "law" ? 1 - better : better;
        before = w < 4 && before >= 0 && random.bernoulli(0.85) ? before : own;
        return { ...vote(`${left}`, `${right}`, before, `r${w}`), topic };
      });
  }).flat();
  const votes = comparisons(rows);
  return { votes, time: Float64Array.from(rows.keys()), topics: topicsOf(rows.map(({ topic }) => topic)) };
})();

describe("what is known of raters", () => {
  const { votes, time, topics } = DRAWN;

  it("changes no other method than the default", () => {
    const flagsOf = (aggregate: ReturnType<typeof aggregatePreferences>) =>
      aggregate.raters.flatMap(({ flags }) => flags.map(({ kind }) => kind));
    for (const method of ["majority", "bradley-terry"] as const) {
      const plain = aggregatePreferences(votes, method);
      expect(aggregatePreferences(votes, method, { topics })).toEqual(plain);
      const ordered = aggregatePreferences(votes, method, { time });
      expect(ordered.preferences).toEqual(plain.preferences);
      expect(ordered.scores).toEqual(plain.scores);
      expect(flagsOf(ordered)).toContain("copying");
    }
  });

  it("makes copies count for less in the default's scores, and in how sure it is", () => {
    const pairs = comparedPairs(votes);
    const { copiers, kept } = copiedVotes(sideVotes(votes, pairs, true).votes, time);
    expect(copiers.length).toBeGreaterThan(1);
    const { probability, score } = robustPairs(votes, pairs, kept);
    const chances = Float64Array.from([...probability].flatMap((p) => [p, 1 - p]));
    withoutCopies(chances, 2, pairs.pair, kept);
    const aggregate = aggregatePreferences(votes, "robust", { time });
    expect(aggregate.groups).toEqual([]);
    for (const [p, one] of aggregate.preferences.entries())
      expect(one.probability).toBeCloseTo(chances[2 * p], 12);
    expect(aggregate.scores.map((one) => one.score)).toEqual([...score]);
  });
});

describe("preferences", () => {
  it("have the chance of the likelier side being the worse one for their noise, whichever side it is", () => {
    // The same votes told of left and of right: three agree, one does not.
    const rows = ["x", "y"].flatMap((item) =>
      Array.from({ length: 12 }, (_, p) =>
        ["r", "s", "t", "u"].map((rater, w) => {
          const agrees = w !== p % 4;
          return {
            ...{ item: `${item}${p}`, left: `${item}a${p}`, right: `${item}b${p}`, rater },
            outcome: (item === "x") === agrees ? 1 : 0,
          };
        }),
      ).flat(),
    );
    for (const method of ["robust", "majority"] as const) {
      const { preferences } = aggregatePreferences(comparisons(rows), method);
      for (const { item, probability, noise, votes } of preferences) {
        expect(probability > 0.5).toBe(item.startsWith("x"));
        expect(noise).toBeCloseTo(item.startsWith("x") ? 1 - probability : probability, 12);
        expect(noise).toBeLessThan(0.4);
        expect(votes).toBe(4);
      }
      if (method === "majority")
        for (const { probability, noise } of preferences) {
          expect(Math.abs(probability - 0.5)).toBe(0.25);
          expect(noise).toBe(0.25);
        }
    }
    const torn = aggregatePreferences(
      comparisons(
        [...rows.slice(0, 2), ...rows.slice(0, 2)].map((row, v) => ({
          ...row,
          rater: `${v}`,
          outcome: v % 2,
        })),
      ),
      "majority",
    );
    expect(torn.preferences[0]).toMatchObject({ probability: 0.5, noise: 0.4, votes: 4 });
  });

  it("by majority are mean outcomes of the pair's left side", () => {
    const rows = [
      { item: "p", left: "a", right: "b", rater: "r", outcome: 1 },
      { item: "p", left: "b", right: "a", rater: "s", outcome: 0.75 },
      { item: "p", left: "b", right: "a", rater: "t", outcome: 0 },
      { item: "q", left: "c", right: "a", rater: "r", outcome: 0 },
    ];
    // An item's own responses have no scores: a of p is not a of q.
    expect(aggregatePreferences(comparisons(rows), "majority").scores).toEqual([]);
    const votes = comparisons(rows, { shared: true });
    const aggregate = aggregatePreferences(votes, "majority");
    const { preferences, scores, groups, method } = aggregate;
    expect("model" in aggregate).toBe(false);
    expect(preferences).toStrictEqual([
      { item: "p", left: "a", right: "b", probability: 0.75, noise: 0.25, votes: 3 },
      { item: "q", left: "c", right: "a", probability: 0, noise: 0, votes: 1 },
    ]);
    expect(scores.map(({ candidate }) => candidate)).toEqual(["a", "b", "c"]);
    expect({ groups, method }).toEqual({ groups: [], method: "majority" });
  });

  it.each([
    [
      "bradley-terry",
      (v: Comparisons) => bradleyTerry(duelsOf(v.left, v.right, v.outcome), v.candidates.length),
    ],
    ["crowd-bt", crowdBt],
    ["noisy-bradley-terry", noisyBradleyTerry],
  ] as const)("by %s are what its scores say", (method, scoresOf) => {
    const random = new RandomStream(4, "few");
    const votes = comparisons(
      Array.from({ length: 60 }, (_, v) => {
        const [a, b] = random.shuffled([0, 1, 2, 3]);
        return {
          item: "",
          left: `${a}`,
          right: `${b}`,
          rater: `${v % 3}`,
          outcome: random.bernoulli(sigmoid(a - b)) ? 1 : 0,
        };
      }),
    );
    const own = scoresOf(votes);
    const { preferences, scores } = aggregatePreferences(votes, method);
    for (const [c, { candidate, score, low, high }] of scores.entries()) {
      expect(candidate).toBe(votes.candidates[c]);
      expect([score, low, high]).toEqual([own.score[c], own.low[c], own.high[c]]);
    }
    for (const { left, right, probability } of preferences) {
      const [a, b] = [left, right].map((name) => own.score[votes.candidates.indexOf(name)]);
      expect(probability).toBeCloseTo(sigmoid(a - b), 12);
    }
  });

  it("are made without the votes of those who answer from a key", () => {
    const rows = rowsWithKey();
    const votes = comparisons(rows);
    const { groups, preferences, raters } = aggregatePreferences(votes);
    const found = groups.flat().map(({ rater }) => votes.raters[rater]);
    expect(found.sort()).toEqual(["r0", "r1", "r2", "r3"]);
    const weight = Float64Array.from(votes.rater, (w) => (found.includes(votes.raters[w]) ? 0 : 1));
    const kept = [...votes.rater.keys()].filter((v) => weight[v] === 1);
    const others = comparisons(kept.map((v) => rows[v]));
    const want = aggregatePreferences(others).preferences;
    const wanted = new Map(
      want.map((one) => [one.item, one.left.startsWith("a") ? one.probability : 1 - one.probability]),
    );
    for (const { item, left, probability } of preferences)
      expect(left.startsWith("a") ? probability : 1 - probability).toBeCloseTo(wanted.get(item) ?? 0.5, 6);
    for (const { rater, flags } of raters)
      expect(flags.some(({ kind }) => kind === "colluding")).toBe(found.includes(rater));
  });

  it("are made without them where candidates recur, too", () => {
    const random = new RandomStream(6, "ring/recurring");
    const rows = Array.from({ length: 150 }, (_, p) => {
      const [a, b] = random.shuffled(Array.from({ length: 12 }, (__, c) => c));
      const key = random.bernoulli(0.5);
      return random
        .shuffled(Array.from({ length: 14 }, (__, w) => w))
        .slice(0, 6)
        .map((w) => {
          const says = w < 4 ? key : random.bernoulli(0.85) === a < b;
          return { item: `${p}`, left: `${a}`, right: `${b}`, rater: `r${w}`, outcome: says ? 1 : 0 };
        });
    }).flat();
    const votes = comparisons(rows, { shared: true });
    const { groups, preferences } = aggregatePreferences(votes);
    const found = groups.flat().map(({ rater }) => votes.raters[rater]);
    expect(found.sort()).toEqual(["r0", "r1", "r2", "r3"]);
    const weight = Float64Array.from(votes.rater, (w) => (found.includes(votes.raters[w]) ? 0 : 1));
    const want = robustPairs(votes, comparedPairs(votes), weight);
    for (const [p, { probability }] of preferences.entries())
      expect(probability).toBeCloseTo(want.probability[p], 12);
  });

  it("judge raters by known answers, on whichever side they are told", () => {
    const random = new RandomStream(8, "gold");
    const first = Array.from({ length: 40 }, () => random.bernoulli(0.5));
    const skill = [0.9, 0.6, 0.2];
    const right = [0, 0, 0];
    const rows = first.flatMap((better, p) =>
      skill.map((accuracy, w) => {
        const is = random.bernoulli(accuracy);
        if (is) right[w]++;
        const turned = (p + w) % 2 === 0;
        const [left, other] = turned ? [`b${p}`, `a${p}`] : [`a${p}`, `b${p}`];
        return {
          item: `${p}`,
          left,
          right: other,
          rater: `r${w}`,
          outcome: (better === is) !== turned ? 1 : 0,
        };
      }),
    );
    const votes = comparisons(rows);
    const at = (name: string) => votes.candidates.indexOf(name);
    const known = first.map((better, p) => {
      const [a, b, outcome] = [at(`a${p}`), at(`b${p}`), better ? 1 : 0];
      const item = votes.items.indexOf(`${p}`);
      return p % 3 === 0
        ? { item, left: b, right: a, outcome: 1 - outcome }
        : { item, left: a, right: b, outcome };
    });
    // With every truth known the likeliest skill is the share of right answers.
    const { raters } = aggregatePreferences(votes, "majority", { known });
    for (const [w, report] of raters.entries()) expect(report.skill.estimate).toBeCloseTo(right[w] / 40, 6);
    // A known tie has no right side, and says nothing of who took one.
    const ties = known.map((one, p) => (p < 10 ? { ...one, outcome: 0.5 } : one));
    const free = known.slice(10);
    expect(aggregatePreferences(votes, "majority", { known: ties }).raters).toEqual(
      aggregatePreferences(votes, "majority", { known: free }).raters,
    );
  });

  it("bound a rater's weight when asked, which makes much less of one who voted on everything", () => {
    const rows = Array.from({ length: 60 }, (_, p) => {
      const pair = { item: `${p}`, left: `a${p}`, right: `b${p}` };
      return [
        { ...pair, rater: "much", outcome: p % 6 === 0 ? 0 : 1 },
        { ...pair, rater: `r${p % 12}`, outcome: 1 },
      ];
    }).flat();
    const votes = comparisons(rows);
    // Totals 60 and 12 of 5: m = .1 (m + 60), a ninth of a vote of the busy one.
    const bounded = aggregatePreferences(votes, "robust", { maxShare: 0.1 });
    const free = aggregatePreferences(votes);
    const [before, after] = [free, bounded].map(({ preferences }) => preferences[0].probability);
    expect(after).toBeGreaterThan(before + 0.1);
    const counts = bounded.raters.map(({ votes: n }) => n).sort((x, y) => y - x);
    expect(counts.slice(0, 3)).toEqual([60, 5, 5]);
  });

  it("bound a rater's weight where candidates recur, too", () => {
    const rows = Array.from({ length: 60 }, (_, p) => {
      const pair = { item: "", left: `a${p % 20}`, right: `b${p}` };
      return [
        { ...pair, rater: "much", outcome: p % 2 },
        ...["r", "s"].map((name, i) => ({ ...pair, rater: `${name}${(p + i) % 12}`, outcome: 1 })),
      ];
    }).flat();
    const votes = comparisons(rows, { shared: true });
    const bounded = aggregatePreferences(votes, "robust", { maxShare: 0.1 });
    // Totals 60, and 24 raters of 5: m = .1 (m + 120).
    const want = robustPairs(
      votes,
      comparedPairs(votes),
      Float64Array.from(votes.rater, (w) => (votes.raters[w] === "much" ? 40 / 3 / 60 : 1)),
    );
    for (const [p, { probability }] of bounded.preferences.entries())
      expect(probability).toBeCloseTo(want.probability[p], 9);
    const free = aggregatePreferences(votes).preferences[0].probability;
    expect(Math.abs(free - bounded.preferences[0].probability)).toBeGreaterThan(0.01);
  });
});
