import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { propagateBeliefs } from "./belief-propagation.js";
import { equalAbilities } from "./equal-abilities.js";
import { robust } from "./robust.js";
import { separateParts, takenByThemselves } from "./separate-raters.js";

/** Parts of 20 raters each, with 400 items of their own and five votes an item. */
function parts(seed: number, skills: readonly ((w: number) => number)[]) {
  const random = new RandomStream(seed, "test/separate");
  const truth: number[] = [];
  const rows = skills.flatMap((skill, p) =>
    Array.from({ length: 400 }, (_, i) => {
      const is = random.int(2);
      truth.push(is);
      const able = random.shuffled([...Array(20).keys()]).slice(0, 5);
      return able.map((w) => ({
        item: `${p}/${i}`,
        rater: `${p}/${w}`,
        label: `${random.bernoulli(skill(w)) ? is : 1 - is}`,
      }));
    }).flat(),
  );
  return { votes: labelVotes(rows), truth };
}
const ones = (votes: LabelVotes) => new Float64Array(votes.item.length).fill(1);

describe("connected parts of raters and items", () => {
  const rows = [
    ["i", "a"],
    ["j", "b"],
    ["i", "c"],
    ["k", "b"],
    ["l", "d"],
    ["j", "d"],
  ].map(([item, rater], v) => ({ item, rater, label: `${v % 2}` }));
  const votes = labelVotes(rows);

  it("have all votes of their raters, by their own indices", () => {
    const known = Int32Array.from([-1, 0, -1, 1]);
    const found = separateParts(votes, ones(votes), known);
    expect(found.map((part) => part.votes.raters)).toEqual([
      ["a", "c"],
      ["b", "d"],
    ]);
    const [, second] = found;
    expect(second.votes.items).toEqual(["j", "k", "l"]);
    expect([...second.votes.item]).toEqual([0, 1, 2, 0]);
    expect([...second.votes.rater]).toEqual([0, 0, 1, 1]);
    expect([...second.votes.label]).toEqual([1, 1, 0, 1]);
    expect([...second.raters, ...second.items]).toEqual([1, 3, 1, 2, 3]);
    expect(second.known).toEqual(Int32Array.from([0, -1, 1]));
    expect(separateParts(votes, ones(votes), undefined)[0].known).toBeUndefined();
  });

  it("are not connected by votes without weight, which they leave out", () => {
    const weight = Float64Array.from([1, 1, 1, 0.5, 1, 0]);
    const found = separateParts(votes, weight, undefined).map((part) => part.votes.raters);
    expect(found).toEqual([["a", "c"], ["b"], ["d"]]);
    expect([...separateParts(votes, weight, undefined)[1].weight]).toEqual([1, 0.5]);
  });

  it("are none for raters whose votes have no weight", () => {
    const weight = Float64Array.from([1, 0, 1, 0, 1, 1]);
    const found = separateParts(votes, weight, undefined).map((part) => part.votes.raters);
    expect(found).toEqual([["a", "c"], ["d"]]);
  });
});

describe("raters who share no items with others", () => {
  const shares = (votes: LabelVotes) => propagateBeliefs(votes).shares;
  const taken = (votes: LabelVotes) =>
    takenByThemselves(votes, { weight: ones(votes), known: undefined, shares: shares(votes), own: 0.15 });

  it("are taken by themselves where each part is alike, and parts differ", () => {
    const { votes, truth } = parts(4, [() => 0.85, () => 0.62]);
    const found = taken(votes);
    expect(found).toHaveLength(2);
    for (const { part, ability, posterior } of found) {
      const alone = equalAbilities(part.votes);
      expect(new Set(ability)).toEqual(new Set([alone.ability]));
      expect(posterior).toEqual(alone.posterior);
    }
    const { model, posterior, ability } = robust(votes, { confusions: false });
    expect(model).toBe("abilities");
    const right = (of: Float64Array) =>
      truth.filter((c, i) => of[i * 2 + votes.labels.indexOf(`${c}`)] > 0.5).length;
    expect(right(posterior)).toBeGreaterThan(right(propagateBeliefs(votes, { own: 0.15 }).posterior) + 8);
    expect(Math.abs(ability[0] - 0.85)).toBeLessThan(0.04);
    expect(Math.abs(ability[20] - 0.62)).toBeLessThan(0.04);
  });

  it("are not, where one part is like another, or there is one", () => {
    const spread = (w: number) => 0.55 + (0.4 * w) / 19;
    expect(taken(parts(2, [spread, spread]).votes)).toEqual([]);
    expect(taken(parts(2, [spread]).votes)).toEqual([]);
  });

  /** 20 raters alike, and a few others who all vote on 200 items of their own; the truths of all items. */
  function withFew(few: number, right: (w: number) => number) {
    const random = new RandomStream(5, "test/separate/few");
    const truth: number[] = [];
    const rows = (part: string, raters: number, count: number, rightOf: (w: number) => number) =>
      Array.from({ length: 200 }, (_, i) => {
        const is = random.int(2);
        truth.push(is);
        const able = random.shuffled([...Array(raters).keys()]).slice(0, count);
        const says = (w: number) => `${random.bernoulli(rightOf(w)) ? is : 1 - is}`;
        return able.map((w) => ({ item: `${part}/${i}`, rater: `${part}/${w}`, label: says(w) }));
      }).flat();
    const votes = labelVotes([...rows("many", 20, 5, () => 0.85), ...rows("few", few, few, right)]);
    return { votes, truth };
  }
  const isFew = ({ part }: { part: { votes: LabelVotes } }) => part.votes.raters[0].startsWith("few");

  it("are so from three raters on: of two who agree nobody knows how often they are right", () => {
    const found = (few: number, right: number) => taken(withFew(few, () => right).votes).filter(isFew);
    expect(found(2, 1)).toEqual([]);
    expect(found(3, 0.6).map(({ part }) => part.votes.raters.toSorted())).toEqual([
      ["few/0", "few/1", "few/2"],
    ]);
  });

  it("are estimated from the weights of their votes and the labels that are known", () => {
    for (const right of [() => 0.6, (w: number) => (w % 2 ? 0.95 : 0.3)]) {
      const { votes, truth } = withFew(6, right);
      const weight = Float64Array.from(votes.item, (_, v) => (v % 3 === 0 ? 0.5 : 1));
      const known = Int32Array.from(truth, (is, i) => (i % 4 === 0 ? votes.labels.indexOf(`${is}`) : -1));
      const given = { weight, known, shares: shares(votes), own: 0.15 };
      const found = takenByThemselves(votes, given).find(isFew);
      if (found === undefined) throw new Error("the few are not taken by themselves");
      const part = { weight: found.part.weight, known: found.part.known };
      const alone =
        right(0) === right(1)
          ? equalAbilities(found.part.votes, part)
          : propagateBeliefs(found.part.votes, { ...part, own: 0.15 });
      expect(found.posterior).toEqual(alone.posterior);
      expect([...found.posterior.slice(0, 2)]).toEqual([0, 1].map((c) => Number(c === known[200])));
      expect(new Set(found.part.weight)).toEqual(new Set([0.5, 1]));
    }
  });

  it("are compared on a sample of very many votes, and then estimated from all", () => {
    const random = new RandomStream(1, "test/separate/many");
    // Two parts of 60,000 votes, five an item.
    const rows = [0.85, 0.62].flatMap((skill, p) =>
      Array.from({ length: 60_000 }, (_, v) => ({
        item: `${p}/${Math.floor(v / 5)}`,
        rater: `${p}/${(v * 7 + Math.floor(v / 100)) % 20}`,
        label: `${Number(random.bernoulli(skill))}`,
      })),
    );
    const votes = labelVotes(rows);
    const found = taken(votes);
    expect(found).toHaveLength(2);
    const alone = equalAbilities(found[0].part.votes);
    expect(found[0].part.votes.item).toHaveLength(60_000);
    expect(found[0].ability[0]).toBe(alone.ability);
    expect(found[0].posterior).toEqual(alone.posterior);
  });

  it("have abilities of their own where they differ among themselves too", () => {
    const { votes } = parts(3, [() => 0.9, (w) => (w % 2 ? 0.95 : 0.3)]);
    const second = taken(votes).find(({ part }) => part.votes.raters[0].startsWith("1/"));
    if (second === undefined) throw new Error("the second part is not taken by itself");
    const alone = propagateBeliefs(second.part.votes, { weight: second.part.weight, own: 0.15 });
    expect(second.posterior).toEqual(alone.posterior);
    expect(second.ability).toEqual(alone.ability);
  });
});
