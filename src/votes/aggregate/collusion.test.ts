/** How rings are looked for: which pairs make suspects, by which truths, and without whom. */
import { describe, expect, it } from "vitest";
import { simulatedLabels } from "../../../test/simulated-votes.js";
import { RandomStream } from "../../base/random.js";
import { normalQuantile } from "../../statistics/normal.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { sharedAnswers, suspectPairs } from "./collusion.js";
import { independentRaters } from "./independent-raters.js";
import { copied, ring, ringAgainstOthers } from "./ring.js";
import { voteLists } from "./vote-lists.js";

const namesOf = (votes: LabelVotes) =>
  sharedAnswers(votes).colluding.map((group) => group.map(({ rater }) => votes.raters[rater]).sort());

/** Adds `count` of the honest raters, right in a share of their votes, to an item. */
function honestly(random: RandomStream, item: string, { raters = 16, count = 5, right = 0.8, labels = 2 }) {
  const is = random.int(labels);
  return random
    .shuffled([...Array(raters).keys()])
    .slice(0, count)
    .map((w) => {
      const says = random.bernoulli(right) ? is : (is + 1 + random.int(labels - 1)) % labels;
      return { item, rater: `honest ${w}`, label: `${says}` };
    });
}

/** Votes of which the members' follow a key of chance in 95 of 100. */
function withKey(votes: LabelVotes, members: readonly number[], seed: number): LabelVotes {
  const random = new RandomStream(seed, "ring");
  const key = votes.items.map(() => random.int(2));
  const follows = (v: number) => members.includes(votes.rater[v]) && random.bernoulli(0.95);
  return { ...votes, label: votes.label.map((y, v) => (follows(v) ? key[votes.item[v]] : y)) };
}

it("pairs that stand out are up to one in five by chance", () => {
  // 47 pairs of median 0 or less, and three whose p are to be at most .2 * rank / 50: .004, .008 and .012.
  const about = Array.from({ length: 47 }, (_, i) => (i - 25) / 25);
  const found = (...p: number[]) =>
    suspectPairs(Float64Array.from([...about, ...p.map((one) => -normalQuantile(one))]), 2)[0].sort();
  expect(found(0.0119, 0.0039, 0.0079)).toEqual([47, 48, 49]);
  expect(found(0.0121, 0.0039, 0.0079)).toEqual([48, 49]);
  expect(found(0.0121, 0.0039, 0.0081)).toEqual([48]);
  expect(found(0.0121, 0.0041, 0.0081)).toEqual([]);
});

describe("a ring is looked for", () => {
  it("by truths of the majority, by EM's and by the others', whichever show more, and without the votes of those found before", () => {
    const [few, many] = [
      [2, 3, 4],
      [10, 11, 12, 13],
    ];
    const shown: string[] = [];
    const shares: number[] = [];
    for (const seed of [1, 2, 3, 4]) {
      const pool = simulatedLabels(seed, { items: 200, raters: 20, votesPerItem: 6, least: 0.5 }).votes;
      const votes = withKey(withKey(pool, few, 3), many, 4);
      const byRater = voteLists(votes.rater, votes.raters.length);
      const strongest = (suspects: number[], found: number[]) => {
        const weight = Float64Array.from(votes.rater, (w) => (found.includes(w) ? 0 : 1));
        const [majority, em] = [0, 2].map((steps) => {
          const model = independentRaters(votes, weight, steps, undefined);
          return ring(votes, model, byRater, suspects, 0.01)?.members ?? [];
        });
        const isSuspect = votes.rater.map((w) => Number(suspects.includes(w)));
        const others = independentRaters(
          votes,
          weight.map((share, v) => share * (1 - isSuspect[v])),
          2,
          undefined,
        );
        // Suspects with under 27 of 100 votes on their items have no part in the truths that would matter.
        const theirs = new Set(votes.item.filter((_, v) => isSuspect[v] * weight[v] > 0));
        const there = votes.item.reduce((n, i, v) => n + (theirs.has(i) ? weight[v] : 0), 0);
        const share = isSuspect.reduce((n, is, v) => n + is * weight[v], 0) / there;
        const apart =
          share >= 0.27 && share < 0.5
            ? (ringAgainstOthers(votes, others, byRater, suspects, 0.01)?.members ?? [])
            : [];
        shares.push(share);
        const all = { majority, em, apart };
        const best = Object.entries(all).reduce((a, b) =>
          copied(b[1]) > copied(a[1]) || a[1].length === 0 ? b : a,
        );
        shown.push(best[0]);
        return best[1];
      };
      expect(sharedAnswers(votes).colluding, `seed ${seed}`).toEqual([
        strongest(many, []),
        strongest(few, many),
      ]);
    }
    expect(Math.min(...shares)).toBeLessThan(0.27);
    expect(Math.max(...shares)).toBeGreaterThan(0.27);
    expect(shown).toContain("apart");
    expect(new Set(shown).size).toBeGreaterThan(1);
  });

  it("among those who agree by threes: two rings stay two, though some of each agree on other items", () => {
    const random = new RandomStream(1, "test/linked");
    const rows = Array.from({ length: 60 }, (_, i) => [
      ...["a", "b"].flatMap((name) => {
        const label = `${random.int(2)}`;
        return [0, 1, 2].map((w) => ({ item: `${i}`, rater: `${name}${w}`, label }));
      }),
      ...honestly(random, `${i}`, {}),
    ]);
    // On 60 more items each, a0 agrees with b0, a1 with b1 and a2 with b2.
    const links = [0, 1, 2].flatMap((w) =>
      Array.from({ length: 60 }, (_, i) => {
        const [item, label] = [`${w}/${i}`, `${random.int(2)}`];
        return [
          ...["a", "b"].map((name) => ({ item, rater: `${name}${w}`, label })),
          ...honestly(random, item, {}),
        ];
      }),
    );
    expect(namesOf(labelVotes([...rows, ...links].flat())).sort()).toEqual([
      ["a0", "a1", "a2"],
      ["b0", "b1", "b2"],
    ]);
  });

  it("where two of its members share few items, about five", () => {
    const random = new RandomStream(1, "test/sparse");
    const pool = { raters: 114, count: 4, right: 0.75, labels: 3 };
    const own = Array.from({ length: 24 }, (_, i) => {
      const label = `${random.int(3)}`;
      const three = random.shuffled([..."abcdef"]).slice(0, 3);
      return [
        ...three.map((rater) => ({ item: `own ${i}`, rater, label })),
        ...honestly(random, `own ${i}`, { ...pool, count: 3 }),
      ];
    });
    const rest = Array.from({ length: 150 }, (_, i) => honestly(random, `${i}`, pool));
    expect(namesOf(labelVotes([...own, ...rest].flat()))).toEqual([["a", "b", "c", "d", "e", "f"]]);
  });
});
