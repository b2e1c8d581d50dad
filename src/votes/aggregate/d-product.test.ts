/**
 * The bars on D_Product (24,945 votes of 176 raters with known truths); attackers are drawn anew for each seed: for one
 * by default, for five under PLUMB_FULL=1, whose mean is then held to the bar.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sharedFile } from "../../../test/shared.js";
import { FULL } from "../../../test/spread.js";
import { RandomStream } from "../../base/random.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { aggregateLabels } from "./aggregate-labels.js";
import { likeliest } from "./label-estimate.js";
import { robust } from "./robust.js";

/** The seeds of the attacks. */
const ATTACKS = FULL ? [1, 2, 3, 4, 5] : [2];

const answers = sharedFile("data/crowd/d_product_answers.csv");
const truths = sharedFile("data/crowd/d_product_truth.csv");
const rows = (path: string): string[][] =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(","));

describe.skipIf(answers === undefined || truths === undefined)("D_Product", () => {
  const votes = labelVotes(
    answers === undefined ? [] : rows(answers).map(([item, rater, label]) => ({ item, rater, label })),
  );
  const truth = new Map(truths === undefined ? [] : rows(truths).map(([item, label]) => [item, label]));
  const accuracy = ({ items, labels }: LabelVotes, posterior: Float64Array): number => {
    const best = likeliest(posterior, labels.length);
    return items.filter((item, i) => labels[best[i]] === truth.get(item)).length / items.length;
  };
  let clean: ReturnType<typeof aggregateLabels> | undefined;
  /** What the default makes of the votes as they are. */
  const byDefault = () => {
    clean ??= aggregateLabels(votes);
    return clean;
  };
  const flagged = (aggregate: ReturnType<typeof aggregateLabels>) =>
    aggregate.raters.flatMap(({ flags }, w) => (flags.length > 0 ? [w] : []));

  it.each([
    ["majority", 0.897, 0.0005],
    ["dawid-skene", 0.94, 0.0005],
    ["mace", 0.929, 0.003],
    ["glad", 0.928, 0.003],
    ["robust", 0.94, 0.0005],
  ] as const)("%s is right on %d", (method, published, within) => {
    const aggregate = method === "robust" ? byDefault() : aggregateLabels(votes, method);
    expect(aggregate.method).toBe(method);
    expect(Math.abs(accuracy(votes, aggregate.posterior) - published)).toBeLessThan(within);
  });

  it.each([
    [0, 0.9395, [1]], // .940 in three digits
    [0.2, 0.93, ATTACKS],
    [0.4, 0.9, ATTACKS],
  ])(
    "the default with %d of the raters colluding is right on %d, and flags few of the honest",
    (share, bar, seeds) => {
      let sum = 0;
      for (const seed of seeds) {
        const random = new RandomStream(seed, "attack");
        const W = votes.raters.length;
        const bad = new Set(random.shuffled([...Array(W).keys()]).slice(0, Math.round(share * W)));
        const key = votes.items.map(() => random.int(2));
        const label = votes.label.map((y, v) => (bad.has(votes.rater[v]) ? key[votes.item[v]] : y));
        const aggregate = share === 0 ? byDefault() : aggregateLabels({ ...votes, label });
        sum += accuracy(votes, aggregate.posterior);
        const honest = flagged(aggregate).filter((w) => !bad.has(w)).length;
        expect(honest / (W - bad.size)).toBeLessThanOrEqual(0.05);
      }
      expect(sum / seeds.length).toBeGreaterThanOrEqual(bar);
    },
  );

  it("hears what experts confuse, unless that would answer the items anew", () => {
    const attacked = (share: number, seed: number, says: (v: number) => string) => {
      const W = votes.raters.length;
      const order = new RandomStream(seed, "attack").shuffled([...Array(W).keys()]);
      const bad = new Set(order.slice(0, Math.round(share * W)));
      const label = votes.label.map((y, v) => (bad.has(votes.rater[v]) ? votes.labels.indexOf(says(v)) : y));
      return robust({ ...votes, label });
    };
    // Raters who agree on many matches look like experts beside those who never see one.
    const never = attacked(0.3, 12, () => "0");
    expect(never.model).toBe("confusions");
    expect(accuracy(votes, never.posterior)).toBeGreaterThan(0.925);
    // Confusions would believe the three in ten who see a match in every third item.
    const dissent = attacked(0.3, 13, (v) => (votes.item[v] % 3 === 0 ? "1" : votes.labels[votes.label[v]]));
    expect(dissent.model).toBe("experts");
    expect(accuracy(votes, dissent.posterior)).toBeGreaterThan(0.9);
  });
});
