/** Rates by label against their formulas written out, and what they make of raters with few votes on a label. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { type RatesOptions, ratesByLabel } from "./rates-by-label.js";

/** Three labels, the first of them common; raters who differ, four votes an item. */
function drawn(seed: number, items = 30, raters = 7): LabelVotes {
  const random = new RandomStream(seed, "test/rates");
  const rows = Array.from({ length: items }, (_, i) => {
    const is = [0, 0, 1, 0, 2, 0][i % 6];
    const able = random.shuffled([...Array(raters).keys()]).slice(0, 4);
    return able.map((w) => {
      const right = random.bernoulli(is === 0 ? 0.9 : 0.4 + 0.08 * w);
      return { item: `${i}`, rater: `${w}`, label: `${right ? is : (is + 1 + random.int(2)) % 3}` };
    });
  });
  return labelVotes([...["0", "1", "2"].map((label) => ({ item: "0", rater: "0", label })), ...rows.flat()]);
}

const RATES = Array.from({ length: 50 }, (_, k) => (k + 0.5) / 50);
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const scaled = (values: readonly number[]) => values.map((value) => value / total(values));

/** The steps of EM, until no truth moves by 1e-4. */
function writtenOut(
  votes: LabelVotes,
  begin: readonly number[][],
  weight: ArrayLike<number>,
  known: number[],
) {
  const labels = [...votes.labels.keys()];
  const all = [...votes.item.keys()];
  const fixed = (rows: readonly number[][]) =>
    rows.map((row, i) => (known[i] >= 0 ? labels.map((c) => Number(c === known[i])) : [...row]));
  let truths = fixed(begin);
  let shares = labels.map(() => RATES.map(() => 1 / 50));
  let confusion: number[][][] = [];
  let steps = 0;
  for (let moved = 1; moved >= 1e-4 && steps < 60; steps++) {
    const open = truths.filter((_, i) => known[i] < 0);
    const common = labels.map((c) => total(open.map((row) => row[c])) / open.length);
    const said = (c: number, y: number, w?: number) =>
      total(
        all
          .filter((v) => votes.label[v] === y && (w === undefined || votes.rater[v] === w))
          .map((v) => weight[v] * truths[votes.item[v]][c]),
      );
    const instead = labels.map((c) => scaled(labels.map((y) => (y === c ? 0 : 0.1 + said(c, y)))));
    const beliefs = votes.raters.map((_, w) =>
      labels.map((c) => {
        const missed = total(labels.filter((y) => y !== c).map((y) => said(c, y, w)));
        return scaled(RATES.map((a, k) => shares[c][k] * a ** said(c, c, w) * (1 - a) ** missed));
      }),
    );
    confusion = beliefs.map((own) =>
      own.map((belief, c) => {
        const right = total(belief.map((p, k) => p * RATES[k]));
        return labels.map((y) => (y === c ? right : (1 - right) * instead[c][y]));
      }),
    );
    shares = labels.map((c) =>
      scaled(RATES.map((_, k) => 0.3 / 50 + total(beliefs.map((own) => own[c][k])))),
    );
    const next = fixed(
      votes.items.map((_, i) =>
        scaled(
          labels.map((c) =>
            all
              .filter((v) => votes.item[v] === i)
              .reduce((p, v) => p * confusion[votes.rater[v]][c][votes.label[v]] ** weight[v], common[c]),
          ),
        ),
      ),
    );
    moved = Math.max(...next.flatMap((row, i) => row.map((p, c) => Math.abs(p - truths[i][c]))));
    truths = next;
  }
  return { posterior: truths.flat(), confusion: confusion.flat(2), steps };
}

describe("rates of being right by label", () => {
  const votes = drawn(1);
  const none = votes.items.map(() => -1);
  const expectEqual = (options: RatesOptions, expected: ReturnType<typeof writtenOut>) => {
    const found = ratesByLabel(votes, options);
    expect(found.posterior.length).toBe(expected.posterior.length);
    for (const [at, p] of expected.posterior.entries()) expect(found.posterior[at]).toBeCloseTo(p, 9);
    expect(found.confusion.length).toBe(expected.confusion.length);
    for (const [at, p] of expected.confusion.entries()) expect(found.confusion[at]).toBeCloseTo(p, 9);
    expect(expected.steps).toBeGreaterThan(5);
  };
  const shareOfVotes = (weight: ArrayLike<number>) =>
    votes.items.map((_, i) =>
      scaled(
        votes.labels.map((__, y) =>
          total(
            [...votes.item.keys()].map((v) => (votes.item[v] === i && votes.label[v] === y ? weight[v] : 0)),
          ),
        ),
      ),
    );

  it("are what the formulas come to from the shares of the votes", () => {
    const ones = Array<number>(votes.item.length).fill(1);
    expectEqual({}, writtenOut(votes, shareOfVotes(ones), ones, none));
  });

  it("weigh votes as they are told, and take known labels for known", () => {
    const weight = Float64Array.from(votes.item, (_, v) => 0.5 + (v % 3) / 2);
    const known = votes.items.map((_, i) => (i % 5 === 0 ? i % 3 : -1));
    const expected = writtenOut(votes, shareOfVotes(weight), weight, known);
    expectEqual({ weight, known: Int32Array.from(known) }, expected);
  });

  it("begin with the truths that they are given, and leave those as they are", () => {
    const ones = Array<number>(votes.item.length).fill(1);
    const begin = votes.items.map((_, i) => votes.labels.map((__, c) => (c === i % 3 ? 0.8 : 0.1)));
    const given = Float64Array.from(begin.flat());
    expectEqual({ begin: given }, writtenOut(votes, begin, ones, none));
    expect([...given]).toEqual(begin.flat());
  });
});

describe("a rater with few votes on a label", () => {
  /** Ten raters who are right on x in 36 of 40 items, 30 of them known, and on y in a share; one more has two right votes on y. */
  const newcomer = (rate: number) => {
    const rows = ["x", "y"].flatMap((label) =>
      Array.from({ length: 40 }, (_, i) =>
        Array.from({ length: 10 }, (__, w) => {
          const right = (i + 4 * w) % 40 < 40 * (label === "x" ? 0.9 : rate);
          return { item: `${label}${i}`, rater: `${w}`, label: right === (label === "x") ? "x" : "y" };
        }),
      ).flat(),
    );
    const some = ["y0", "y1"].map((item) => ({ item, rater: "new", label: "y" }));
    const votes = labelVotes([...rows, ...some]);
    const known = Int32Array.from(votes.items, (item) =>
      Number(item.slice(1)) < 30 ? votes.labels.indexOf(item[0]) : -1,
    );
    const { confusion } = ratesByLabel(votes, { known });
    const at = votes.raters.indexOf("new") * 4;
    return { onX: confusion[at], onY: confusion[at + 3] };
  };

  it("is what raters are like there, and on the other label what they are like on that", () => {
    for (const rate of [0.6, 0.75]) {
      const { onX, onY } = newcomer(rate);
      expect(Math.abs(onX - 0.9)).toBeLessThan(0.05);
      expect(Math.abs(onY - rate)).toBeLessThan(0.05);
    }
  });
});
