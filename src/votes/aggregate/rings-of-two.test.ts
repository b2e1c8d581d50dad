import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { sharedAnswers } from "./collusion.js";

/** What a rater says of an item of this truth. */
type Says = (item: number, truth: number, random: RandomStream) => number;

const right =
  (share: number): Says =>
  (_item, truth, random) =>
    random.bernoulli(share) ? truth : 1 - truth;
/** One key, followed in a share of the answers; elsewhere right in .8. */
const following =
  (key: number, share = 1): Says =>
  (item, truth, random) =>
    random.bernoulli(share)
      ? new RandomStream(key, "test/rings-of-two/key", item).int(2)
      : right(0.8)(item, truth, random);

/** Five of the raters see each of 300 items. */
function pool(seed: number, others: readonly Says[], honest = right(0.8), items = 300): LabelVotes {
  const random = new RandomStream(seed, "test/rings-of-two");
  const all = [...Array.from({ length: 16 }, () => honest), ...others];
  return labelVotes(
    Array.from({ length: items }, (_, i) => {
      const truth = random.int(2);
      return random
        .shuffled([...all.keys()])
        .slice(0, 5)
        .map((w) => ({ item: `${i}`, rater: `${w}`, label: `${all[w](i, truth, random)}` }));
    }).flat(),
  );
}
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
  });

  it("are not, where they copy half of the answers", () => {
    for (const seed of [1, 2, 3])
      expect(found(pool(seed, [following(1, 0.5), following(1, 0.5)], undefined, 600))).toEqual([]);
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
