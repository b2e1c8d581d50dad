/** What a method's estimate becomes: reviews, scores, and who is left out of which method. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { comparisons, topicsOf } from "../votes.js";
import { aggregatePreferences, PREFERENCE_METHODS } from "./aggregate-preferences.js";
import { comparedPairs, sideVotes } from "./compared-pairs.js";
import { copiedVotes, withoutCopies } from "./copying.js";
import { robustPairs } from "./robust-pairs.js";

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
