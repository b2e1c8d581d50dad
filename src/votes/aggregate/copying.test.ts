import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import type { LabelVotes } from "../votes.js";
import { copiedVotes, flagCopiers, withoutCopies } from "./copying.js";
import { aggregateLabels, aggregatePreferences } from "./index.js";
import type { RaterFlag } from "./rater-flags.js";

const SKILL = 0.8;

/**
 * Items of five votes by raters drawn from all, in an order of chance; who copies repeats the vote before its own on
 * `share` of the items, and judges the others.
 */
function drawn(seed: number, { raters = 30, copiers = 0, items = 600, share = 0.8, skill = SKILL }) {
  const random = new RandomStream(seed, "test/copying");
  const [item, rater, label]: number[][] = [[], [], []];
  const truth = Int32Array.from({ length: items }, () => random.int(2));
  for (let i = 0; i < items; i++) {
    const order = Array.from({ length: raters }, (_, w) => ({ w, at: random.uniform() }))
      .sort((a, b) => a.at - b.at)
      .slice(0, 5);
    let before = -1;
    for (const { w } of order) {
      const judged = random.uniform() < skill ? truth[i] : 1 - truth[i];
      const copied = w < copiers && before >= 0 && random.uniform() < share;
      before = copied ? before : judged;
      item.push(i);
      rater.push(w);
      label.push(before);
    }
  }
  const votes: LabelVotes = {
    items: Array.from(truth, (_, i) => `${i}`),
    raters: Array.from({ length: raters }, (_, w) => `${w}`),
    labels: ["no", "yes"],
    item: Int32Array.from(item),
    rater: Int32Array.from(rater),
    label: Int32Array.from(label),
  };
  return { votes, truth, time: Float64Array.from(item.keys()) };
}

describe("raters who repeat the vote before theirs", () => {
  it("are found by the order of the votes, with how often they do", () => {
    const { votes, time } = drawn(1, { copiers: 6 });
    const { copiers, kept } = copiedVotes(votes, time);
    const found = copiers.map(({ rater }) => rater);
    expect(found.every((rater) => rater < 6)).toBe(true);
    expect(found.length).toBeGreaterThanOrEqual(5);
    for (const { rater, followed, agreed, expected } of copiers) {
      // Copied: (agreed - expected) / (followed - expected), .8 in truth.
      expect((agreed - expected) / (followed - expected)).toBeGreaterThan(0.4);
      const own = Float64Array.from(votes.rater.keys()).filter((v) => votes.rater[v] === rater);
      const first = [...own].filter((v) => v % 5 === 0);
      expect(own.length - first.length).toBe(followed);
      expect(first.every((v) => kept[v] === 1)).toBe(true);
      for (const v of own)
        if (v % 5 > 0) expect(kept[v]).toBeCloseTo(1 - (agreed - expected) / (followed - expected), 12);
    }
    for (let v = 0; v < kept.length; v++) if (!found.includes(votes.rater[v])) expect(kept[v]).toBe(1);
  });

  it("follow, agree and were expected to as the votes of their items say, in whatever order votes are told", () => {
    const { votes: all } = drawn(4, { copiers: 6, items: 1200 });
    // Items of two to five votes, some of them with two votes at one time, told in no order.
    const kept = [...all.item.keys()].filter((v) => v % 5 < 2 + (all.item[v] % 4));
    const told = new RandomStream(1, "test/copying/order").shuffled(kept);
    const take = (values: Int32Array) => Int32Array.from(told, (v) => values[v]);
    const votes = { ...all, item: take(all.item), rater: take(all.rater), label: take(all.label) };
    const time = Float64Array.from(told, (v) => (all.item[v] % 7 === 0 && v % 5 === 2 ? v - 1 : v));
    const found = copiedVotes(votes, time);
    expect(found.copiers.length).toBeGreaterThanOrEqual(5);
    expect(found.copiers.map(({ rater }) => rater)).toEqual(
      found.copiers.map(({ rater }) => rater).sort((a, b) => a - b),
    );

    const orders = votes.items.map((): number[] => []);
    for (const [v, i] of votes.item.entries()) orders[i].push(v);
    for (const order of orders) order.sort((a, b) => time[a] - time[b]);
    /** The vote cast just before this one on its item, if at another time. */
    const previous = (v: number): number => {
      const order = orders[votes.item[v]];
      const last = order[order.indexOf(v) - 1];
      return last !== undefined && time[last] < time[v] ? last : -1;
    };
    for (const { rater, followed, agreed, expected } of found.copiers) {
      const own = [...votes.rater.keys()].filter((v) => votes.rater[v] === rater);
      let sums = { followed: 0, agreed: 0, expected: 0 };
      for (const v of own) {
        const others = orders[votes.item[v]].filter(
          (other) => other !== v && other !== previous(v) && previous(other) !== v,
        );
        if (previous(v) < 0 || others.length === 0) continue;
        const same = (other: number) => votes.label[other] === votes.label[v];
        sums = {
          followed: sums.followed + 1,
          agreed: sums.agreed + Number(same(previous(v))),
          expected: sums.expected + others.filter(same).length / others.length,
        };
      }
      expect({ followed, agreed, expected }).toEqual({ ...sums, expected: expect.closeTo(sums.expected, 9) });
      const copied = (agreed - expected) / (followed - expected);
      for (const v of own) expect(found.kept[v]).toBeCloseTo(previous(v) < 0 ? 1 : 1 - copied, 12);
    }
  });

  it("are not found by votes cast at one time, which are one case", () => {
    const { votes, time } = drawn(1, { copiers: 6 });
    const [{ rater }] = copiedVotes(votes, time).copiers;
    // All its votes together, and those after them on each item later still.
    const at = [...votes.item.keys()].filter((v) => votes.rater[v] === rater);
    const place = new Map(at.map((v) => [votes.item[v], v]));
    const once = time.map((_, v) => {
      const own = place.get(votes.item[v]);
      return own === undefined || v < own ? v : 1e6 + (v - own);
    });
    expect(copiedVotes(votes, once).copiers.map((copier) => copier.rater)).not.toContain(rater);
  });

  it("are not found without times, nor where votes of an item have one time", () => {
    const { votes } = drawn(1, { copiers: 6 });
    expect(copiedVotes(votes, undefined).copiers).toEqual([]);
    expect(copiedVotes(votes, Float64Array.from(votes.item)).copiers).toEqual([]);
  });

  it("are hardly ever found among honest raters, skilled or not", () => {
    let flagged = 0;
    for (const skill of [0.6, 0.8, 0.97])
      for (let seed = 1; seed <= 10; seed++) {
        const { votes, time } = drawn(seed, { skill });
        flagged += copiedVotes(votes, time).copiers.length;
      }
    // Of 900 raters.
    expect(flagged).toBeLessThanOrEqual(2);
  });

  it("are not two experts who always follow each other, where the others tell who is right", () => {
    const random = new RandomStream(3, "test/copying/experts");
    const [item, rater, label]: number[][] = [[], [], []];
    for (let i = 0; i < 400; i++) {
      const truth = random.int(2);
      for (const w of [0, 1, 2, 3, 4, 5, 6].map((w) => (w < 2 ? w : 4 * w - 6 + random.int(4)))) {
        item.push(i);
        rater.push(w);
        label.push(random.uniform() < (w < 2 ? 0.97 : 0.75) ? truth : 1 - truth);
      }
    }
    const votes: LabelVotes = {
      items: Array.from({ length: 400 }, (_, i) => `${i}`),
      raters: Array.from({ length: 22 }, (_, w) => `${w}`),
      labels: ["no", "yes"],
      ...{ item: Int32Array.from(item), rater: Int32Array.from(rater), label: Int32Array.from(label) },
    };
    expect(copiedVotes(votes, Float64Array.from(item.keys())).copiers).toEqual([]);
  });

  it("are flagged with their numbers", () => {
    const flags: RaterFlag[][] = [[], []];
    flagCopiers(flags, [{ rater: 1, followed: 40, agreed: 38, expected: 27.25 }]);
    expect(flags[0]).toEqual([]);
    expect(flags[1]).toEqual([
      {
        kind: "copying",
        reason:
          "repeats the vote cast before its own on 38 of 40 items; 27.3 were expected from the other votes on them",
      },
    ]);
  });
});

describe("what copies are worth", () => {
  it("scales log-odds by the share of a unit's votes that are none", () => {
    const chances = Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.5, 0.5);
    withoutCopies(chances, 2, Int32Array.of(0, 0, 0, 0, 1), Float64Array.of(1, 1, 0.5, 0.5, 1));
    expect(Math.log(chances[0] / chances[1])).toBeCloseTo(0.75 * Math.log(9), 12);
    expect(chances[2]).toBe(0.2);
    // No votes: as it was.
    expect(chances[4]).toBe(0.5);
  });

  it("makes the default right more often where raters copy, and its noise about what is found", () => {
    const [alone, ordered] = [
      { stated: 0, found: 0 },
      { stated: 0, found: 0 },
    ];
    for (let seed = 1; seed <= 2; seed++) {
      const { votes, truth, time } = drawn(seed, { copiers: 15 });
      for (const [sums, order] of [
        [alone, undefined],
        [ordered, time],
      ] as const) {
        const { items } = aggregateLabels(votes, "robust", { seed, time: order });
        for (const [i, { label, probability }] of items.entries()) {
          sums.stated += (1 - probability) / (2 * items.length);
          sums.found += Number(Number(label === "yes") !== truth[i]) / (2 * items.length);
        }
      }
    }
    // .039 and .138 without the order of the votes.
    expect(alone.stated).toBeLessThan(alone.found / 2);
    expect(ordered.found).toBeLessThan(alone.found - 0.01);
    expect(ordered.stated / ordered.found).toBeGreaterThan(0.85);
    expect(ordered.stated / ordered.found).toBeLessThan(1.3);
  });

  it("reaches comparisons, and no other method's probabilities", () => {
    const { votes, time } = drawn(1, { copiers: 15, items: 300 });
    const compared = {
      candidates: votes.items.flatMap((name) => [`${name}.a`, `${name}.b`]),
      raters: votes.raters,
      items: votes.items,
      item: votes.item,
      left: votes.item.map((i) => 2 * i),
      right: votes.item.map((i) => 2 * i + 1),
      rater: votes.rater,
      outcome: Float64Array.from(votes.label, (label) => 1 - label),
    };
    const noise = (method: "robust" | "majority", order: Float64Array | undefined) => {
      const { preferences, raters } = aggregatePreferences(compared, method, { time: order });
      const copying = raters.filter(({ flags }) => flags.some(({ kind }) => kind === "copying")).length;
      return { copying, mean: preferences.reduce((sum, one) => sum + one.noise, 0) / preferences.length };
    };
    expect(noise("robust", time).copying).toBeGreaterThan(5);
    expect(noise("robust", time).mean).toBeGreaterThan(1.2 * noise("robust", undefined).mean);
    expect(noise("majority", time).mean).toBe(noise("majority", undefined).mean);
  });
});
