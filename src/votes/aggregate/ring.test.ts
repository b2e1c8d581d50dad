/** Who is held to be a ring, against counts and sums over all pairs. */
import { describe, expect, it } from "vitest";
import { simulatedLabels } from "../../../test/simulated-votes.js";
import { RandomStream } from "../../base/random.js";
import { normalQuantile } from "../../statistics/normal.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { merged, sharedAnswers, suspectPairs, testedPairs } from "./collusion.js";
import { labelPosterior, oneCoin } from "./dawid-skene.js";
import { independentRaters, truthWithout } from "./independent-raters.js";
import { classShares } from "./known-labels.js";
import { confusions } from "./label-estimate.js";
import {
  copied,
  followers,
  type GroupMember,
  keyOf,
  ring,
  ringAgainstOthers,
  sharedWithOthers,
} from "./ring.js";
import { sampledLists } from "./sampled-lists.js";
import { voteLists } from "./vote-lists.js";

const POOL = simulatedLabels(1, { items: 60, raters: 9, votesPerItem: 4, labels: 3, least: 0.5 }).votes;
const lists = (votes: LabelVotes) => voteLists(votes.rater, votes.raters.length);
const ones = (votes: LabelVotes) => new Float64Array(votes.item.length).fill(1);

describe("raters who err independently", () => {
  const weight = ones(POOL).map((_, v) => (POOL.rater[v] === 2 ? 0 : 1));

  it.each([
    ["majority", 0, undefined],
    ["steps of EM", 2, undefined],
    ["known labels", 2, Int32Array.from(POOL.items, (_, i) => (i % 4 === 0 ? i % 3 : -1))],
  ] as const)("have truths by %s, without the votes that are looked at", (_, steps, known) => {
    const model = independentRaters(POOL, weight, steps, known);
    const { posterior } = oneCoin(POOL, { weight, pseudo: 0.5, iterations: steps, tolerance: 0, known });
    const confusion = confusions(POOL, posterior, 0.5);
    expect(model.confusion).toEqual(confusion);
    const prior = classShares(posterior, known, 3);
    const truth = new Float64Array(3);
    const byItem = voteLists(POOL.item, POOL.items.length);
    for (let i = 0; i < 12; i++) {
      const own = [...byItem.vote.slice(byItem.start[i], byItem.start[i] + 2)];
      for (const left of [own.slice(0, 1), own]) {
        truthWithout(POOL, model, left, truth);
        const others = weight.map((share, v) => (left.includes(v) ? 0 : share));
        const row = labelPosterior(POOL, prior, confusion, others).slice(i * 3, i * 3 + 3);
        const label = known?.[i] ?? -1;
        for (let c = 0; c < 3; c++) expect(truth[c]).toBeCloseTo(label < 0 ? row[c] : c === label ? 1 : 0, 9);
      }
    }
  });

  it("agree as often as their confusions say, by pairs with enough in common", () => {
    const model = independentRaters(POOL, weight, 2, undefined);
    const byItem = sampledLists(POOL, 0);
    for (const leastCommon of [3, 14]) {
      const { first, second, z } = testedPairs(POOL, model, byItem, lists(POOL), leastCommon);
      const found = new Map(first.map((u, i) => [`${u} ${second[i]}`, z[i]]));
      expect(found.size).toBe(first.length);
      const truth = new Float64Array(3);
      let pairs = 0;
      for (let u = 0; u < 9; u++)
        for (let v = u + 1; v < 9; v++) {
          let [common, agreed, expected, variance] = [0, 0, 0, 0];
          for (let a = 0; a < POOL.item.length; a++)
            for (let b = 0; b < POOL.item.length; b++) {
              if (POOL.rater[a] !== u || POOL.rater[b] !== v || POOL.item[a] !== POOL.item[b]) continue;
              common++;
              if (POOL.label[a] === POOL.label[b]) agreed++;
              truthWithout(POOL, model, [a, b], truth);
              let p = 0;
              for (let c = 0; c < 3; c++)
                for (let y = 0; y < 3; y++)
                  p += truth[c] * model.confusion[u * 9 + c * 3 + y] * model.confusion[v * 9 + c * 3 + y];
              expected += p;
              variance += p * (1 - p);
            }
          if (common < leastCommon) {
            expect(found.has(`${u} ${v}`)).toBe(false);
            continue;
          }
          pairs++;
          expect(found.get(`${u} ${v}`)).toBeCloseTo((agreed - expected) / Math.sqrt(variance + 0.25), 9);
        }
      expect(pairs).toBe(first.length);
      expect(pairs).toBeGreaterThan(2);
    }
  });

  it("are tested on the votes that were drawn, and no others", () => {
    const model = independentRaters(POOL, weight, 0, undefined);
    const none = { start: new Int32Array(POOL.items.length + 1), vote: new Int32Array() };
    expect(testedPairs(POOL, model, none, lists(POOL), 1).first).toEqual([]);
    // Two votes an item: raters share fewer items than with all four.
    const few = sampledLists(POOL, 1, 0);
    const tested = testedPairs(POOL, model, few, lists(POOL), 1);
    const pairs = new Set<string>();
    for (let i = 0; i < POOL.items.length; i++) {
      const [a, b] = [...few.vote.slice(few.start[i], few.start[i + 1])].map((v) => POOL.rater[v]);
      pairs.add([a, b].sort((x, y) => x - y).join(" "));
    }
    expect(tested.first.map((u, i) => `${u} ${tested.second[i]}`).sort()).toEqual([...pairs].sort());
  });
});

describe("suspects", () => {
  it("stand out from all others, or are higher than one in so many pairs is by chance", () => {
    const random = new RandomStream(1, "z");
    const z = Float64Array.from({ length: 200 }, () => random.normal());
    const twenty = -normalQuantile(20 / 400); // 20 raters: one high pair each, 200 pairs
    z.set([twenty + 0.01, twenty - 0.01, 9]);
    const [apart, high] = suspectPairs(z, 20);
    expect(apart).toContain(2);
    expect(apart.length).toBeLessThan(8);
    expect(high).toEqual([...z.keys()].filter((i) => z[i] > twenty));
    expect(high).toContain(0);
    expect(high).not.toContain(1);
    // No more than a half by chance, however few the pairs are.
    expect(suspectPairs(Float64Array.of(-0.1, 0.1), 50)[1]).toEqual([1]);
    expect(suspectPairs(new Float64Array(), 5)).toEqual([[], []]);
  });
});

describe("a key", () => {
  it("is what most say, own votes left out; none where two are even", () => {
    expect(keyOf(Int32Array.of(1, 3, 2), -1)).toBe(1);
    expect(keyOf(Int32Array.of(1, 3, 3), -1)).toBe(-1);
    expect(keyOf(Int32Array.of(3, 3, 2), 0)).toBe(1);
    expect(keyOf(Int32Array.of(4, 3, 2), 0)).toBe(-1);
    expect(keyOf(Int32Array.of(0, 1, 0), 1)).toBe(-1);
    expect(keyOf(Int32Array.of(2, 2, 3), -1)).toBe(2);
    expect(keyOf(Int32Array.of(0, 0), -1)).toBe(-1);
  });

  it("is followed by those who agree with it more than their errors explain", () => {
    const random = new RandomStream(3, "key");
    const { votes, truth } = simulatedLabels(3, { items: 120, raters: 14, votesPerItem: 6, least: 0.6 });
    const key = votes.items.map(() => random.int(2));
    // 0 to 3 copy all of it, 4 half of it, the others none.
    const label = votes.label.map((y, v) => {
      const w = votes.rater[v];
      return w < 4 || (w === 4 && random.bernoulli(0.5)) ? key[votes.item[v]] : y;
    });
    const attacked = { ...votes, label };
    expect(truth.length).toBe(120);
    const model = independentRaters(attacked, ones(votes), 0, undefined);
    const seeds = [0, 1, 2];
    const members = followers(attacked, model, lists(attacked), seeds, 0.01);
    expect(members.map(({ rater }) => rater)).toEqual([0, 1, 2, 3]);
    for (const { rater, common, agreed, expected } of members) {
      const own = [...votes.item.keys()].filter((v) => votes.rater[v] === rater);
      let [n, same, sum] = [0, 0, 0];
      const t = new Float64Array(2);
      for (const v of own) {
        const says = [0, 0];
        for (let other = 0; other < label.length; other++)
          if (votes.item[other] === votes.item[v] && seeds.includes(votes.rater[other]) && other !== v)
            says[label[other]]++;
        if (says[0] === says[1]) continue;
        const said = says[0] > says[1] ? 0 : 1;
        truthWithout(attacked, model, [v], t);
        n++;
        if (label[v] === said) same++;
        sum += t[0] * model.confusion[rater * 4 + said] + t[1] * model.confusion[rater * 4 + 2 + said];
      }
      expect({ common, agreed }).toEqual({ common: n, agreed: same });
      expect(expected).toBeCloseTo(sum, 9);
      expect(copied([{ rater, common, agreed, expected }])).toBeGreaterThanOrEqual(0.75);
    }
    const followed = ring(attacked, model, lists(attacked), seeds, 0.01);
    expect(followed?.members.map(({ rater }) => rater)).toEqual([0, 1, 2, 3]);
    expect(followed?.knowBetter).toBe(false);
    // Two who follow each other's key are no ring.
    const two = { ...votes, label: votes.label.map((y, v) => (votes.rater[v] < 2 ? key[votes.item[v]] : y)) };
    const other = independentRaters(two, ones(votes), 0, undefined);
    expect(ring(two, other, lists(two), [0, 1], 0.01)).toBeUndefined();
  });
});

describe("raters who agree because they know", () => {
  /** What the members share with the others, by items with their votes. */
  const shared = (items: readonly { members: string; others: string }[]) => {
    const votes = labelVotes(
      items.flatMap(({ members, others }, i) => [
        ...[...members].map((label, w) => ({ item: `${i}`, rater: `m${w}`, label })),
        ...[...others].map((label, w) => ({ item: `${i}`, rater: `o${w}`, label })),
      ]),
    );
    const raters = votes.raters.flatMap((name, w) => (name.startsWith("m") ? [w] : []));
    return sharedWithOthers(votes, raters);
  };

  it("are those whose key the others' votes are for, beyond chance, as often as for each other's", () => {
    // In each block of items the others agree (a a or b b) in five of six; b is as common as a.
    const block = (keys: string) =>
      [...keys].map((key, i) => ({
        members: key.repeat(3),
        others: i % 6 === 5 ? "ab" : i % 2 === 0 ? "aa" : "bb",
      }));
    const truth = "ababababababababababababababababababababababababababababababababababababababababab".slice(
      0,
      48,
    );
    // By hand: the others agree with the key in 88, 78, 48 and 8 of 96 votes, .5 by chance, and with each other in 40 of 48
    // pairs, (56^2 + 40^2) / 96^2 by chance. A key that is wrong on six still has most of it, as experts' have; one that is
    // right by chance alone, and one that is the opposite, are rings'.
    const own = 40 / 48 - (56 ** 2 + 40 ** 2) / 96 ** 2;
    for (const [keys, agreed] of [
      [truth, 88],
      [`bababa${truth.slice(6)}`, 78],
      ["abba".repeat(12), 48],
      ["ba".repeat(24), 8],
    ] as const) {
      const { part, deviation } = shared(block(keys));
      expect(part).toBeCloseTo((agreed / 96 - 0.5) / own, 12);
      // On 40 items both agree with the key or neither does, one more or one less than chance.
      expect(deviation).toBeCloseTo(Math.sqrt(40) / 96 / own, 12);
    }
  });

  it("or who agree no more among themselves than the others do", () => {
    const torn = [
      ...Array(6).fill({ members: "abb", others: "aaa" }),
      ...Array(6).fill({ members: "baa", others: "bba" }),
    ];
    // Members agree in 1 pair of 3; others in 24 of 36, more than the 20 of chance.
    expect(shared(torn).part).toBe(Number.POSITIVE_INFINITY);
  });

  it("or where the others agree among themselves by chance at most", () => {
    const apart = [..."aabb"].map((key) => ({ members: key.repeat(3), others: "ab" }));
    expect(shared(apart).part).toBe(Number.POSITIVE_INFINITY);
  });

  it("which nobody can say where no two of the others share an item", () => {
    const alone = [..."abab"].map((key) => ({ members: key.repeat(3), others: key }));
    expect(shared(alone).part).toBeNaN();
  });
});

describe("groups", () => {
  const member = (rater: number, excess: number): GroupMember => ({
    ...{ rater, common: 20, agreed: 10 + excess, expected: 10 },
  });

  it("with members in common become one, each with its strongest evidence", () => {
    const [a, b, c] = [
      [member(3, 1), member(1, 5)],
      [member(7, 2), member(6, 2)],
      [member(9, 4), member(3, 6), member(1, 4)],
    ];
    expect(merged([a, b, c])).toEqual([
      [member(1, 5), member(3, 6), member(9, 4)],
      [member(6, 2), member(7, 2)],
    ]);
    expect(copied([member(1, 5), member(2, 2)])).toBeCloseTo(7 / 20, 12);
  });

  /** So many raters answer from a key of their own in a share of their votes. */
  function withRing(votes: LabelVotes, members: readonly number[], seed: number, share = 1): LabelVotes {
    const random = new RandomStream(seed, "ring");
    const key = votes.items.map(() => random.int(votes.labels.length));
    const label = votes.label.map((y, v) =>
      members.includes(votes.rater[v]) && random.bernoulli(share) ? key[votes.item[v]] : y,
    );
    return { ...votes, label };
  }
  const found = (votes: LabelVotes) =>
    sharedAnswers(votes).colluding.map((group) => group.map(({ rater }) => rater));
  const pool = (seed: number) =>
    simulatedLabels(seed, { items: 500, raters: 30, votesPerItem: 6, least: 0.65 }).votes;

  it("of three are found, and of two with many items in common", () => {
    expect(found(withRing(pool(1), [4, 11, 20], 1))).toEqual([[4, 11, 20]]);
    expect(found(withRing(pool(1), [4, 11], 1))).toEqual([[4, 11]]);
  });

  it("are of those who copy three quarters or more", () => {
    expect(found(withRing(pool(2), [1, 5, 9, 13, 17], 2, 0.95))).toEqual([[1, 5, 9, 13, 17]]);
    expect(found(withRing(pool(2), [1, 5, 9, 13, 17], 2, 0.5))).toEqual([]);
  });

  it("are told apart by their keys, the larger first", () => {
    const both = withRing(withRing(pool(3), [2, 3, 4], 3), [10, 11, 12, 13], 4);
    expect(found(both)).toEqual([
      [10, 11, 12, 13],
      [2, 3, 4],
    ]);
  });

  /** So many raters see things another way, each on the same share of the items, and are right as often as others otherwise. */
  function withTaste(members: number, share: number, seed: number) {
    const { votes, truth } = simulatedLabels(seed, {
      ...{ items: 400, raters: 40, votesPerItem: 5, least: 0.93, most: 0.97 },
    });
    const label = votes.label.map((y, v) =>
      votes.rater[v] < members && (votes.item[v] * 7919) % 100 < 100 * share ? 1 - y : y,
    );
    return { votes: { ...votes, label }, truth };
  }

  it("are not those of people who see a part of the items another way, who are not believed more either", () => {
    for (const [members, share] of [
      [12, 0.25],
      [12, 0.3],
      [8, 0.15],
    ])
      for (const seed of [1, 2, 3])
        expect(sharedAnswers(withTaste(members, share, seed).votes).colluding, `${seed}: ${share}`).toEqual(
          [],
        );
    expect(sharedAnswers(withTaste(12, 0.25, 1).votes).knowing).toEqual([]);
  });

  it("are found where nearly half of the votes are theirs, and one answer in ten differs from the key", () => {
    for (const seed of [1, 2, 3, 4]) {
      const { votes } = simulatedLabels(seed, {
        items: 300,
        raters: 20,
        votesPerItem: 5,
        least: 0.8,
        most: 0.8,
      });
      const random = new RandomStream(seed, "test/noisy-ring");
      const key = votes.items.map(() => random.int(2));
      const label = votes.label.map((y, v) =>
        votes.rater[v] < 9 ? (random.bernoulli(0.9) ? key[votes.item[v]] : 1 - key[votes.item[v]]) : y,
      );
      const names = found({ ...votes, label }).flat();
      expect(names.sort(), `seed ${seed}`).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
  });

  it("have suspects for members only, where those have no part in the truths", () => {
    const { votes } = simulatedLabels(1, { items: 300, raters: 20, votesPerItem: 5, least: 0.8, most: 0.8 });
    const attacked = withRing(votes, [0, 1, 2, 3, 4, 5], 1);
    const weight = Float64Array.from(votes.rater, (w) => (w < 4 ? 0 : 1));
    const others = independentRaters(attacked, weight, 2, undefined);
    const found = ringAgainstOthers(attacked, others, lists(attacked), [0, 1, 2, 3], 0.01);
    expect(found?.members.map(({ rater }) => rater)).toEqual([0, 1, 2, 3]);
    expect(ringAgainstOthers(attacked, others, lists(attacked), [0, 1], 0.01)).toBeUndefined();
  });

  it("are not those of honest raters whom a few turn round", () => {
    // Half of the votes on the items of the first ten are theirs: the others' truths are not the last word.
    for (const seed of [1, 2, 3]) {
      const { votes } = simulatedLabels(seed, {
        items: 200,
        raters: 16,
        votesPerItem: 6,
        least: 0.9,
        most: 0.95,
      });
      const label = votes.label.map((y, v) => (votes.rater[v] >= 10 ? 1 - y : y));
      const names = found({ ...votes, label }).flat();
      expect(
        names.filter((w) => w < 10),
        `seed ${seed}`,
      ).toEqual([]);
    }
  });

  it("are not those of experts in a weak pool", () => {
    for (const seed of [1, 2, 3]) {
      const { votes, truth } = simulatedLabels(seed, {
        items: 500,
        raters: 30,
        votesPerItem: 6,
        least: 0.5,
        most: 0.62,
      });
      const random = new RandomStream(seed, "experts");
      const label = votes.label.map((y, v) =>
        votes.rater[v] < 6 ? (random.bernoulli(0.97) ? truth[votes.item[v]] : 1 - truth[votes.item[v]]) : y,
      );
      expect(found({ ...votes, label }), `seed ${seed}`).toEqual([]);
    }
  });

  it("are found by known answers where they are most of the pool", () => {
    const { votes, truth } = simulatedLabels(5, { items: 400, raters: 20, votesPerItem: 6, least: 0.75 });
    const members = Array.from({ length: 11 }, (_, w) => w);
    const attacked = withRing(votes, members, 5);
    const known = Int32Array.from(truth, (label, i) => (i % 4 === 0 ? label : -1));
    const { colluding: groups } = sharedAnswers(attacked, { known });
    expect(groups[0].map(({ rater }) => rater)).toEqual(members);
    expect(groups).toHaveLength(1);
  });
});
