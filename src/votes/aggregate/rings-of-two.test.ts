import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { sharedAnswers, testedPairs } from "./collusion.js";
import { independentRaters } from "./independent-raters.js";
import { ringsOfTwo } from "./rings-of-two.js";
import { voteLists } from "./vote-lists.js";

/** What a rater says of an item of this truth. */
type Says = (item: number, truth: number, random: RandomStream) => number;

const right =
  (share: number): Says =>
  (_item, truth, random) =>
    random.bernoulli(share) ? truth : 1 - truth;
/** One key, followed in a share of the answers. */
const following =
  (key: number, share = 1, elsewhere = right(0.8)): Says =>
  (item, truth, random) =>
    random.bernoulli(share)
      ? new RandomStream(key, "test/rings-of-two/key", item).int(2)
      : elsewhere(item, truth, random);

/** Five of 16 honest raters and the others see each item. */
function pool(
  seed: number,
  others: readonly Says[],
  honest = right(0.8),
  items = 300,
  votes = 5,
  raters = 16,
): LabelVotes {
  const random = new RandomStream(seed, "test/rings-of-two");
  const all = [...Array.from({ length: raters }, () => honest), ...others];
  return labelVotes(
    Array.from({ length: items }, (_, i) => {
      const truth = random.int(2);
      return random
        .shuffled([...all.keys()])
        .slice(0, votes)
        .map((w) => ({ item: `${i}`, rater: `${w}`, label: `${all[w](i, truth, random)}` }));
    }).flat(),
  );
}
/** Six honest raters and the others see every item. */
const together = (items: number, others: readonly Says[], honest: Says): LabelVotes =>
  pool(1, [...Array.from({ length: 6 }, () => honest), ...others], honest, items, 6 + others.length, 0);
const found = (votes: LabelVotes): string[][] =>
  sharedAnswers(votes).colluding.map((group) => group.map(({ rater }) => votes.raters[rater]).sort());

describe("two raters who answer from one key", () => {
  it("are found, also several pairs, and each with its evidence", () => {
    for (const seed of [1, 2, 3]) {
      expect(found(pool(seed, [following(1), following(1)], undefined, 600))).toEqual([["16", "17"]]);
      const two = found(pool(seed, [following(1), following(1), following(2), following(2)], undefined, 600));
      expect(two.sort()).toEqual([
        ["16", "17"],
        ["18", "19"],
      ]);
    }
    const votes = pool(1, [following(1), following(1)], undefined, 600);
    const [[one, other]] = sharedAnswers(votes).colluding;
    const itemsOf = (w: number) => new Set([...votes.item].filter((_, v) => votes.rater[v] === w));
    const theirs = itemsOf(other.rater);
    const common = [...itemsOf(one.rater)].filter((i) => theirs.has(i)).length;
    for (const member of [one, other]) {
      expect(member.common).toBe(common);
      expect(member.agreed).toBe(common);
      expect(Math.abs(member.expected / common - 0.5)).toBeLessThan(0.1);
    }
  });

  it("are not, with few items in common", () => {
    expect(found(pool(1, [following(1), following(1)], undefined, 100))).toEqual([]);
    // All see all: of eight raters 18 common answers would be evidence enough.
    const two = [following(1), following(1)];
    expect(found(together(18, two, right(0.95)))).toEqual([]);
    expect(found(together(25, two, right(0.95)))).toEqual([["6", "7"]]);
  });

  it("are not, where they copy half of the answers", () => {
    for (const seed of [1, 2, 3])
      expect(found(pool(seed, [following(1, 0.5), following(1, 0.5)], undefined, 600))).toEqual([]);
    // With 400 common items that is far beyond chance too.
    const some = following(1, 0.6, right(0.5));
    expect(found(together(400, [some, some], right(0.7)))).toEqual([]);
  });

  it("are looked for among raters of no ring, each in one", () => {
    const votes = pool(1, [following(1), following(1), following(1)], undefined, 600);
    const byItem = voteLists(votes.item, votes.items.length);
    const byRater = voteLists(votes.rater, votes.raters.length);
    const model = independentRaters(votes, new Float64Array(votes.item.length).fill(1), 2, undefined);
    const pairs = testedPairs(votes, model, byItem, byRater, 20);
    const of = (...ring: string[]) =>
      ringsOfTwo(
        ...([votes, model, byRater, pairs] as const),
        new Set(ring.map((name) => votes.raters.indexOf(name))),
      ).map((two) => two.map(({ rater }) => votes.raters[rater]).sort());
    expect(of()).toHaveLength(1);
    expect(of("16")).toEqual([["17", "18"]]);
    expect(of("16", "17")).toEqual([]);
  });

  it("are not, where they agree because they know", () => {
    for (const seed of [1, 2, 3, 4]) {
      expect(found(pool(seed, [right(0.98), right(0.98)], right(0.62), 600))).toEqual([]);
      expect(found(pool(seed, [right(0.9), right(0.9)], undefined, 600))).toEqual([]);
    }
  });

  it("are not, where both invert, or always say one thing", () => {
    for (const seed of [1, 2, 3]) {
      expect(found(pool(seed, [right(0.1), right(0.1)], undefined, 600))).toEqual([]);
      expect(found(pool(seed, [() => 1, () => 1], undefined, 600))).toEqual([]);
    }
  });

  it("are one pair in a hundred pools of the honest at most", () => {
    let pools = 0;
    for (let seed = 1; seed <= 60; seed++) if (found(pool(seed, [], undefined, 400)).length > 0) pools++;
    expect(pools).toBe(0);
  });
});
