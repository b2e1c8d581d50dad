/** Label methods against their formulas, written out over a handful of votes. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { logSigmoid, sigmoid } from "../../statistics/special-functions.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { aggregateLabels } from "./aggregate-labels.js";
import { dawidSkene, labelPosterior, oneCoin, pooledDawidSkene } from "./dawid-skene.js";
import { glad, gladObjective, gladPosterior } from "./glad.js";
import { classShares, confusionsOnKnown, fixKnown } from "./known-labels.js";
import {
  confusionCounts,
  confusions,
  likeliest,
  meanRow,
  normalizeRows,
  softmaxRows,
  voteShares,
} from "./label-estimate.js";
import { mace } from "./mace.js";
import { majority, wawa } from "./majority.js";
import { robust } from "./robust.js";
import { voteLists } from "./vote-lists.js";
import { cappedWeights } from "./weight-cap.js";

/** Rows of a text: item, rater, label. */
const votesOf = (text: string): LabelVotes =>
  labelVotes(
    text
      .trim()
      .split(/\s*,\s*/)
      .map((row) => {
        const [item, rater, label] = row.split(" ");
        return { item, rater, label };
      }),
  );
/** Three items, three raters, two labels; items 0: x x y, 1: y x, 2: y y. */
const SMALL = votesOf("i a x, i b x, i c y, j a y, j c x, k b y, k c y");

function expectClose(actual: ArrayLike<number>, expected: readonly number[], digits = 9): void {
  expect(actual.length).toBe(expected.length);
  for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, digits);
}
const normalized = (row: readonly number[]): number[] => {
  const total = row.reduce((a, b) => a + b, 0);
  return row.map((value) => value / total);
};

describe("tables", () => {
  it("are normalised by rows; a row of zeros becomes even", () => {
    const rows = Float64Array.of(1, 3, 0, 0, 2, 2);
    normalizeRows(rows, 2);
    expectClose(rows, [0.25, 0.75, 0.5, 0.5, 0.5, 0.5]);
    const logs = Float64Array.of(Math.log(1), Math.log(3), -1000, -1000 + Math.log(4));
    softmaxRows(logs, 2);
    expectClose(logs, [0.25, 0.75, 0.2, 0.8]);
  });

  it("of votes are shares, weighted if asked", () => {
    expectClose(voteShares(SMALL), [2 / 3, 1 / 3, 0.5, 0.5, 0, 1]);
    expectClose(voteShares(SMALL, [1, 1, 4, 3, 1, 1, 1]), [1 / 3, 2 / 3, 0.25, 0.75, 0, 1]);
  });

  it("give the likeliest label, of equal ones the first", () => {
    expect([...likeliest(Float64Array.of(0.2, 0.5, 0.3, 0.4, 0.2, 0.4, 0.1, 0.2, 0.7), 3)]).toEqual([
      1, 0, 2,
    ]);
  });

  it("of confusions count votes by what was true", () => {
    // Truths: i is x for 3 in 4, j even, k y. By rater: a said x of i, y of j; b x of i, y of k; c y, x, y.
    const posterior = Float64Array.of(0.75, 0.25, 0.5, 0.5, 0, 1);
    const counts = [...[0.75, 0.5, 0.25, 0.5], ...[0.75, 0, 0.25, 1], ...[0.5, 0.75, 0.5, 0.25 + 1]];
    expectClose(confusionCounts(SMALL, posterior), counts);
    const weight = [1, 2, 0, 0.5, 1, 1, 3];
    expectClose(confusionCounts(SMALL, posterior, weight), [
      ...[0.75, 0.25, 0.25, 0.25],
      ...[1.5, 0, 0.5, 1],
      ...[0.5, 0, 0.5, 3],
    ]);
    const rows = [0, 2, 4, 6, 8, 10].flatMap((at) => normalized([counts[at] + 0.1, counts[at + 1] + 0.1]));
    expectClose(confusions(SMALL, posterior, 0.1), rows);
    expectClose(confusions(SMALL, posterior, 0, weight).slice(0, 4), [0.75, 0.25, 0.5, 0.5]);
    expectClose(meanRow(posterior, 2), [1.25 / 3, 1.75 / 3]);
  });

  it("list votes by owner in their order", () => {
    const lists = voteLists(Int32Array.of(2, 0, 2, 3, 0), 5);
    expect([...lists.start]).toEqual([0, 2, 2, 4, 5, 5]);
    expect([...lists.vote]).toEqual([1, 4, 0, 2, 3]);
  });
});

describe("known labels", () => {
  const known = Int32Array.of(1, -1, 0);

  it("are certain, and leave the rest as it was", () => {
    const posterior = voteShares(SMALL);
    fixKnown(posterior, known, 2);
    expectClose(posterior, [0, 1, 0.5, 0.5, 1, 0]);
    const same = voteShares(SMALL);
    fixKnown(same, undefined, 2);
    expectClose(same, [2 / 3, 1 / 3, 0.5, 0.5, 0, 1]);
  });

  it("do not count in how common labels are, unless all are known", () => {
    const posterior = Float64Array.of(1, 0, 0.25, 0.75, 0.5, 0.5);
    expectClose(classShares(posterior, Int32Array.of(0, -1, -1), 2), [0.375, 0.625]);
    expectClose(classShares(posterior, Int32Array.of(0, 1, 1), 2), [1.75 / 3, 1.25 / 3]);
    expectClose(classShares(posterior, undefined, 2), [1.75 / 3, 1.25 / 3]);
  });

  it("give each rater's confusions, leaning on the pool's by four votes", () => {
    // Truths for the pool: i y, j even, k x (known). Counts of all raters by truth: of x said x .5 (j by c), y .5 (j by
    // a) and k by b and c; of y said x: i by a and b and .5, y: i by c and .5.
    const pool = [...normalized([0.5 + 0.5, 0.5 + 2.5]), ...normalized([0.5 + 2.5, 0.5 + 1.5])];
    const gold = [
      ...[0, 0, 1, 0], // a said x of i, which is y
      ...[0, 1, 1, 0],
      ...[0, 1, 0, 1],
    ];
    const expected = [0, 1, 2].flatMap((w) =>
      [0, 2].flatMap((c) => normalized([0, 1].map((y) => gold[w * 4 + c + y] + 4 * pool[c + y]))),
    );
    expectClose(confusionsOnKnown(SMALL, known), expected);
  });
});

describe("majority and its weighted form", () => {
  it("are shares of votes, by all and by those who agree with most", () => {
    expectClose(majority(SMALL).posterior, [2 / 3, 1 / 3, 0.5, 0.5, 0, 1]);
    // Winners x, x (the first of equal ones), y: a agrees in 1 of 2, b in 2 of 2, c in 2 of 3.
    const [a, b, c] = [1 / 2, 1, 2 / 3];
    const posterior = [
      [a + b, c],
      [c, a],
      [0, b + c],
    ].flatMap(normalized);
    const estimate = wawa(SMALL);
    expectClose(estimate.posterior, posterior);
    expectClose(estimate.confusion, [...confusions(SMALL, Float64Array.from(posterior), 0)]);
    expectClose(majority(SMALL).confusion, [...confusions(SMALL, voteShares(SMALL), 0)]);
  });
});

describe("Dawid and Skene", () => {
  const prior = [0.3, 0.7];
  const confusion = Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.5, 0.5, 0.7, 0.3, 0.1, 0.9);
  /** P(label | truth) by raters a, b, c. */
  const of = (w: number, c: number, y: number) => confusion[(w * 2 + c) * 2 + y];

  it("multiply what raters say by how common labels are", () => {
    const rows = [
      [0, 1].map((c) => prior[c] * of(0, c, 0) * of(1, c, 0) * of(2, c, 1)),
      [0, 1].map((c) => prior[c] * of(0, c, 1) * of(2, c, 0)),
      [0, 1].map((c) => prior[c] * of(1, c, 1) * of(2, c, 1)),
    ];
    expectClose(labelPosterior(SMALL, prior, confusion), rows.flatMap(normalized));
    const weighted = [0, 1].map((c) => prior[c] * of(0, c, 0) ** 0.5 * of(2, c, 1) ** 2);
    const weight = [0.5, 0, 2, 1, 1, 1, 1];
    expectClose(labelPosterior(SMALL, prior, confusion, weight).slice(0, 2), normalized(weighted));
    // What a rater never says has the least probability, not none.
    const never = confusion.slice();
    never.set([1, 0], 0);
    expect(labelPosterior(SMALL, prior, never).every(Number.isFinite)).toBe(true);
  });

  /** One M step and one E step from shares, by the formulas; confusions of the truths that come out. */
  function step(
    shares: readonly number[],
    toConfusion: (posterior: Float64Array) => Float64Array,
    weight?: readonly number[],
  ) {
    const pi = [0, 1].map((c) => (shares[c] + shares[2 + c] + shares[4 + c]) / 3);
    return labelPosterior(SMALL, pi, toConfusion(Float64Array.from(shares)), weight);
  }
  const shares = [2 / 3, 1 / 3, 0.5, 0.5, 0, 1];

  it("begin with the votes' shares and go on by steps", () => {
    const byHand = step(shares, (truths) => confusions(SMALL, truths, 0.1));
    const one = dawidSkene(SMALL, { iterations: 1, pseudo: 0.1 });
    expectClose(one.posterior, [...byHand]);
    expectClose(one.confusion, [...confusions(SMALL, byHand, 0.1)]);
    const two = step([...byHand], (truths) => confusions(SMALL, truths, 0.1));
    expectClose(dawidSkene(SMALL, { iterations: 2, tolerance: 0, pseudo: 0.1 }).posterior, [...two]);
    // The counts added pull away from the bound's maximum: without a tolerance, steps go on where it falls.
    let many = step(shares, (truths) => confusions(SMALL, truths, 2));
    for (let i = 1; i < 12; i++) many = step([...many], (truths) => confusions(SMALL, truths, 2));
    expectClose(dawidSkene(SMALL, { iterations: 12, tolerance: 0, pseudo: 2 }).posterior, [...many]);
    const from = Float64Array.of(0.1, 0.9, 0.8, 0.2, 0.5, 0.5);
    expectClose(dawidSkene(SMALL, { iterations: 1, pseudo: 0.1, start: from.slice() }).posterior, [
      ...step([...from], (truths) => confusions(SMALL, truths, 0.1)),
    ]);
    const weight = [1, 0.5, 2, 1, 1, 1, 1];
    const weighted = [...voteShares(SMALL, weight)];
    expectClose(dawidSkene(SMALL, { iterations: 1, pseudo: 0.1, weight }).posterior, [
      ...step(weighted, (truths) => confusions(SMALL, truths, 0.1, weight), weight),
    ]);
  });

  it("with one coin have one accuracy a rater, wrong answers sharing the rest", () => {
    // Of three labels: the rater is right in .5 of one and 1 of the other vote, plus a tenth of a vote in three.
    const three = votesOf("i a x, j a y, j b z, k b y");
    const truths = Float64Array.of(0.5, 0.25, 0.25, 0, 1, 0, 0, 0.5, 0.5);
    const { confusion: coin } = oneCoin(three, { iterations: 0, start: truths, pseudo: 0.1 });
    const [a, b] = [1.6 / 2.3, (0 + 0.5 + 0.1) / 2.3];
    for (const [w, right] of [a, b].entries())
      for (let at = 0; at < 9; at++)
        expect(coin[w * 9 + at]).toBeCloseTo(at % 4 === 0 ? right : (1 - right) / 2, 12);
    const silent = oneCoin({ ...three, raters: ["a", "b", "c"] }, { iterations: 0, start: truths });
    expectClose(silent.confusion.slice(18), Array(9).fill(1 / 3));
    const { confusion: weighted } = oneCoin(three, { iterations: 0, start: truths, weight: [3, 1, 1, 1] });
    expect(weighted[0]).toBeCloseTo((3 * 0.5 + 1) / 4, 12);
  });

  it("with a pool lean on it by so many votes", () => {
    const truths = Float64Array.from(shares);
    const counts = confusionCounts(SMALL, truths);
    const sums = [0, 1, 2, 3].map((at) => 0.5 + counts[at] + counts[4 + at] + counts[8 + at]);
    const pool = [...normalized(sums.slice(0, 2)), ...normalized(sums.slice(2))];
    for (const strength of [4, 1.5]) {
      const { confusion: leaning } = pooledDawidSkene(SMALL, {
        ...{ iterations: 0, start: truths.slice() },
        ...(strength !== 4 && { strength }),
      });
      const expected = [0, 2, 4, 6, 8, 10].flatMap((at) =>
        normalized([0, 1].map((y) => counts[at + y] + strength * pool[(at % 4) + y])),
      );
      expectClose(leaning, expected);
    }
    const weight = [1, 0, 1, 1, 1, 0, 1];
    const { confusion: without } = pooledDawidSkene(SMALL, { iterations: 0, start: truths.slice(), weight });
    const others = confusionCounts(SMALL, truths, weight);
    const poolRow = normalized([0, 1].map((y) => 0.5 + others[y] + others[4 + y] + others[8 + y]));
    expectClose(without.slice(4, 6), poolRow); // a rater without weight is the pool's
  });

  it("stop where the bound of the evidence no longer grows, and never before it does", () => {
    const random = new RandomStream(1, "em");
    const rows = Array.from({ length: 60 }, (_, i) =>
      ["a", "b", "c", "d"].map((rater) => ({
        ...{ item: `${i}`, rater },
        label: random.bernoulli(rater === "a" ? 0.95 : 0.7) ? `${i % 2}` : `${1 - (i % 2)}`,
      })),
    ).flat();
    const votes = labelVotes(rows);
    const long = dawidSkene(votes, { iterations: 3000, tolerance: 0 });
    const stopped = dawidSkene(votes, { iterations: 3000, tolerance: 1e-12 });
    for (const [at, value] of long.posterior.entries()) expect(stopped.posterior[at]).toBeCloseTo(value, 3);
    // A tolerance beyond any growth ends with the second step, whose bound is the first to be compared.
    expect(dawidSkene(votes, { iterations: 50, tolerance: 10 })).toEqual(
      dawidSkene(votes, { iterations: 2, tolerance: 0 }),
    );
    expect(dawidSkene(votes, { tolerance: 0 })).toEqual(dawidSkene(votes, { iterations: 100, tolerance: 0 }));
    // The bound in each step is E[log P(votes, T)] + entropy, for a vote: the step that grows by less is the last.
    const bound = (iterations: number): number => {
      const { posterior, confusion: said } = dawidSkene(votes, { iterations, tolerance: 0 });
      const pi = meanRow(posterior, 2);
      let sum = 0;
      for (let at = 0; at < posterior.length; at++)
        if (posterior[at] > 0) sum += posterior[at] * (Math.log(pi[at % 2]) - Math.log(posterior[at]));
      for (let v = 0; v < votes.item.length; v++)
        for (let c = 0; c < 2; c++) {
          const p = posterior[votes.item[v] * 2 + c];
          if (p > 0)
            sum += p * Math.log(Math.max(1e-10, said[(votes.rater[v] * 2 + c) * 2 + votes.label[v]]));
        }
      return sum / votes.item.length;
    };
    const bounds = Array.from({ length: 12 }, (_, i) => bound(i + 1));
    const last = 6; // stop at the step whose growth is just below the tolerance
    const tolerance = (bounds[last] - bounds[last - 1] + (bounds[last - 1] - bounds[last - 2])) / 2;
    expect(bounds[last] - bounds[last - 1]).toBeLessThan(bounds[last - 1] - bounds[last - 2]);
    expect(dawidSkene(votes, { iterations: 50, tolerance }).posterior).toEqual(
      dawidSkene(votes, { iterations: last + 1, tolerance: 0 }).posterior,
    );
  });

  it("begin with what raters are like on known items", () => {
    const known = Int32Array.of(1, -1, 0);
    const first = labelPosterior(SMALL, [0.5, 0.5], confusionsOnKnown(SMALL, known));
    fixKnown(first, known, 2);
    const { posterior, confusion: said } = dawidSkene(SMALL, { iterations: 0, known });
    // Shares of the one open item, j, are even.
    expectClose(posterior, [...first]);
    expectClose(said, [...confusions(SMALL, first, 0)]);
    const none = dawidSkene(SMALL, { iterations: 0, known: Int32Array.of(-1, -1, -1) });
    expectClose(none.posterior, shares);
    expectClose(dawidSkene(SMALL, { iterations: 1, known }).posterior.slice(0, 2), [0, 1]);
  });
});

describe("GLAD", () => {
  const three = votesOf("i a x, i b z, j a y, k b y, i c x");
  const x = Float64Array.of(0.4, -0.2, 1.3, 0.1, 0.5, -0.6); // abilities of a, b, c; ease of i, j, k

  it("weighs votes by ability and ease; wrong answers share the rest", () => {
    const right = (w: number, i: number) => sigmoid(x[w] * Math.exp(x[3 + i]));
    const says = (w: number, i: number, same: boolean) => (same ? right(w, i) : (1 - right(w, i)) / 2);
    // Labels in order of appearance: x, z, y.
    const i = [0, 1, 2].map((c) => says(0, 0, c === 0) * says(1, 0, c === 1) * says(2, 0, c === 0));
    const j = [0, 1, 2].map((c) => says(0, 1, c === 2));
    const k = [0, 1, 2].map((c) => says(1, 2, c === 2));
    expectClose(gladPosterior(three, x), [i, j, k].flatMap(normalized));
  });

  it("has the expected log-likelihood and normal priors about 1 for its objective", () => {
    const posterior = gladPosterior(three, x);
    let objective = 0;
    for (let v = 0; v < 5; v++) {
      const z = x[three.rater[v]] * Math.exp(x[3 + three.item[v]]);
      const p = posterior[three.item[v] * 3 + three.label[v]];
      objective += p * logSigmoid(z) + (1 - p) * Math.log(sigmoid(-z) / 2);
    }
    for (const value of x) objective -= (value - 1) ** 2 / 2;
    expect(gladObjective(three, posterior, x)).toBeCloseTo(objective, 10);
  });

  it("ends where the objective is flat, and says how often each rater is right", () => {
    const fit = glad(three, { tolerance: 1e-9, iterations: 300 });
    const at = Float64Array.from([...fit.ability, ...fit.ease]);
    const gradient = new Float64Array(6);
    gladObjective(three, fit.posterior, at, gradient);
    for (const slope of gradient) expect(Math.abs(slope)).toBeLessThan(0.05);
    gladObjective(three, fit.posterior, new Float64Array(6).fill(1), gradient);
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.3);
    expectClose(fit.posterior, [...gladPosterior(three, at)]);
    const accuracy = (w: number, items: number[]) =>
      items.reduce((sum, i) => sum + sigmoid(fit.ability[w] * Math.exp(fit.ease[i])), 0) / items.length;
    for (const [w, items] of [[0, 1], [0, 2], [0]].entries()) {
      const a = accuracy(w, items);
      for (let cell = 0; cell < 9; cell++)
        expect(fit.confusion[w * 9 + cell]).toBeCloseTo(cell % 4 === 0 ? a : (1 - a) / 2, 12);
    }
  });
});

describe("the weight of a rater", () => {
  it("is at most its share of what is left", () => {
    // Totals 6, 3, 1, 1 and a cap of 2/5: m = .4 (m + 5) = 10/3 for the first; the second is below it.
    const rater = Int32Array.from([...Array(6).fill(0), ...Array(3).fill(1), 2, 3]);
    const weight = cappedWeights(rater, 4, new Float64Array(11).fill(1), 0.4);
    expectClose(weight, [...Array(6).fill(10 / 3 / 6), 1, 1, 1, 1, 1]);
    // A cap of 3/10 binds both: m = .3 (2 + 2 m) = 1.5.
    const both = cappedWeights(rater, 4, new Float64Array(11).fill(1), 0.3);
    expectClose(both, [...Array(6).fill(1.5 / 6), ...Array(3).fill(0.5), 1, 1]);
    // A quarter each is what all have at most: as many as the least.
    expectClose(cappedWeights(rater, 4, new Float64Array(11).fill(1), 0.25), [
      ...[...Array(6).fill(1 / 6), ...Array(3).fill(1 / 3), 1, 1],
    ]);
    expectClose(cappedWeights(rater, 4, new Float64Array(11).fill(1), 0.2), Array(11).fill(1));
    // Votes of weight 0 make no rater.
    const some = Float64Array.from([...Array(9).fill(1), 0, 0]);
    expectClose(cappedWeights(rater, 4, some, 0.4), [...some]);
  });

  it("is bounded in the default when that is asked for", () => {
    const rows = Array.from({ length: 40 }, (_, i) => [
      { item: `${i}`, rater: "much", label: "x" },
      { item: `${i}`, rater: `r${i % 8}`, label: i % 3 === 0 ? "x" : "y" },
    ]).flat();
    const votes = labelVotes(rows);
    const { weight } = robust(votes, { maxShare: 0.2 });
    // 40 and eight times 5: m = .2 (m + 40) = 10.
    expectClose(
      weight,
      rows.map(({ rater }) => (rater === "much" ? 0.25 : 1)),
    );
    expectClose(robust(votes).weight, Array(80).fill(1));
  });
});

describe("an aggregate of labels", () => {
  it("names items and raters, counts votes, and says how likely a label is", () => {
    const aggregate = aggregateLabels(SMALL, "majority");
    expect(aggregate.method).toBe("majority");
    expect("model" in aggregate).toBe(false);
    expect(aggregate.items).toStrictEqual([
      { item: "i", label: "x", probability: 2 / 3 },
      { item: "j", label: "x", probability: 0.5 },
      { item: "k", label: "y", probability: 1 },
    ]);
    expect(aggregate.raters.map(({ rater, votes }) => [rater, votes])).toEqual([
      ["a", 2],
      ["b", 2],
      ["c", 3],
    ]);
    expect(aggregate.groups).toEqual([]);
    expect(aggregateLabels(SMALL)).toMatchObject({ method: "robust", model: robust(SMALL).model });
  });

  it("marks a label that contradicts all of its item's votes, and no other", () => {
    const items = aggregateLabels(SMALL, "robust", { known: Int32Array.of(1, -1, 0) }).items;
    expect(items.map(({ label, probability }) => [label, probability])).toEqual([
      ["y", 1],
      [expect.any(String), expect.any(Number)],
      ["x", 1],
    ]);
    // The votes on i differ; those on k are both for y.
    expect(items.map((item) => "review" in item)).toEqual([false, false, true]);
    expect(items[2].review).toBe(
      "all 2 votes say y; the result says x, because of how their raters judge elsewhere",
    );
  });

  it("is refused where a table by item or by rater would not fit", () => {
    const votes = (items: number, raters: number, labels: number): LabelVotes => ({
      ...{ items: Array(items).fill("i"), raters: Array(raters).fill("r"), labels: Array(labels).fill("y") },
      ...{ item: Int32Array.of(0), rater: Int32Array.of(0), label: Int32Array.of(0) },
    });
    expect(() => aggregateLabels(votes(40_000, 1, 1000))).toThrow("a table of 40000000 numbers");
    expect(() => aggregateLabels(votes(1, 1000, 200))).toThrow("a table of 40000000 numbers");
  });

  it("is each method's own", () => {
    const own: Record<string, Float64Array> = {
      wawa: wawa(SMALL).posterior,
      "dawid-skene": dawidSkene(SMALL).posterior,
      "one-coin": oneCoin(SMALL).posterior,
      glad: glad(SMALL).posterior,
      mace: mace(SMALL, { seed: 0 }).posterior,
      robust: robust(SMALL).posterior,
    };
    for (const [method, posterior] of Object.entries(own))
      expect(aggregateLabels(SMALL, method as "wawa").posterior).toEqual(posterior);
  });
});
