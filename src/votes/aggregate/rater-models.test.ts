/** Which model of the raters the default takes, and that its estimate is that model's. */
import { describe, expect, it } from "vitest";
import { simulatedLabels } from "../../../test/simulated-votes.js";
import { RandomStream } from "../../base/random.js";
import type { LabelVotes } from "../votes.js";
import { propagateBeliefs } from "./belief-propagation.js";
import { dawidSkene, oneCoin } from "./dawid-skene.js";
import { equalAbilities } from "./equal-abilities.js";
import { withLabelShares } from "./held-out-votes.js";
import { likeliest, meanRight } from "./label-estimate.js";
import { majority } from "./majority.js";
import { robust } from "./robust.js";

const pool = (options: Partial<Parameters<typeof simulatedLabels>[1]> = {}) =>
  simulatedLabels(4, { items: 300, raters: 12, votesPerItem: 5, ...options });
/** The same votes, some of them said anew. */
const changed = (votes: LabelVotes, label: (v: number, random: RandomStream) => number): LabelVotes => {
  const random = new RandomStream(4, "changed");
  return { ...votes, label: votes.label.map((_, v) => label(v, random)) };
};
const half = (votes: LabelVotes) => Float64Array.from(votes.item, (_, v) => (v % 3 === 0 ? 0.5 : 1));

describe("the default's model of the raters", () => {
  it("is that all are alike, where they are", () => {
    const { votes, truth } = pool();
    const alike = changed(votes, (v, random) =>
      random.bernoulli(0.8) ? truth[votes.item[v]] : 1 - truth[votes.item[v]],
    );
    const known = Int32Array.from(truth, (label, i) => (i < 10 ? label : -1));
    const strength = half(alike);
    const { model, posterior, ability, weight } = robust(alike, { known, strength });
    const expected = equalAbilities(alike, { weight: strength, known });
    expect(model).toBe("alike");
    expect(posterior).toEqual(expected.posterior);
    expect([...ability]).toEqual(Array(12).fill(expected.ability));
    expect(weight).toEqual(strength);
  });

  it("is an ability for each, where they differ", () => {
    const { votes, truth } = pool({ least: 0.5, most: 0.98 });
    const known = Int32Array.from(truth, (label, i) => (i < 10 ? label : -1));
    const strength = half(votes);
    const { model, posterior, ability, groups } = robust(votes, { known, strength });
    const expected = propagateBeliefs(votes, { weight: strength, known, own: 0.15 });
    expect([model, groups]).toEqual(["abilities", []]);
    expect(posterior).toEqual(expected.posterior);
    expect(ability).toEqual(expected.ability);
  });

  it("is one in which experts count in full, where some agree far more than the others", () => {
    const { votes, truth } = simulatedLabels(1, {
      items: 500,
      raters: 30,
      votesPerItem: 6,
      least: 0.5,
      most: 0.62,
    });
    const experts = changed(votes, (v, random) => {
      if (votes.rater[v] >= 6) return votes.label[v];
      return random.bernoulli(0.97) ? truth[votes.item[v]] : 1 - truth[votes.item[v]];
    });
    const strength = half(experts);
    const { model, posterior, ability } = robust(experts, { strength });
    const expected = oneCoin(experts, { weight: strength, pseudo: 0.5, known: undefined });
    expect(model).toBe("experts");
    expect(posterior).toEqual(expected.posterior);
    expect(ability).toEqual(meanRight(expected.confusion, experts));
    const right = truth.filter((label, i) => posterior[i * 2 + label] > 0.5).length;
    expect(right / 500).toBeGreaterThan(0.75);
  });

  it("is confusions, where raters mistake labels each in its own way, and never for sides", () => {
    const { votes, truth } = pool({ labels: 3, items: 600 });
    // Each takes one label, another for each rater, for one of the others, which depends on the rater too.
    const confusing = changed(votes, (v, random) => {
      const is = truth[votes.item[v]];
      const odd = is === votes.rater[v] % 3;
      return random.bernoulli(odd ? 0.15 : 0.95) ? is : (is + 1 + (votes.rater[v] % 2)) % 3;
    });
    const strength = half(confusing);
    const { model, posterior, ability } = robust(confusing, { strength });
    const expected = dawidSkene(confusing, { weight: strength, pseudo: 0.01, known: undefined });
    expect(model).toBe("confusions");
    expect(posterior).toEqual(expected.posterior);
    expect(ability).toEqual(meanRight(expected.confusion, confusing));
    expect(robust(confusing, { strength, confusions: false }).model).not.toBe("confusions");
  });

  it("is rates by label, where some always say the common one", () => {
    const { votes, truth } = simulatedLabels(4, { items: 900, raters: 40, votesPerItem: 5 });
    const rare = truth.map((_, i) => Number(i % 10 === 0));
    const drawn = changed(votes, (v, random) =>
      votes.rater[v] % 3 === 0 ? 0 : random.bernoulli(0.82) ? rare[votes.item[v]] : 1 - rare[votes.item[v]],
    );
    const { model, posterior, ability } = robust(drawn);
    expect(model).toBe("rates");
    const right = (of: Float64Array) => rare.filter((c, i) => of[i * 2 + c] > 0.5).length;
    expect(right(posterior)).toBeGreaterThan(right(majority(drawn).posterior));
    expect(right(posterior)).toBeGreaterThan(right(propagateBeliefs(drawn, { own: 0.15 }).posterior) + 6);
    for (const w of [0, 3, 6, 9]) expect(ability[w]).toBeLessThan(0.6);
  });

  it("has labels as common as the votes show, where raters check each other, and only there", () => {
    const { votes, truth } = pool({ items: 600 });
    const rare = truth.map((_, i) => Number(i % 10 === 0));
    const say = (v: number, random: RandomStream) =>
      random.bernoulli(0.82) ? rare[votes.item[v]] : 1 - rare[votes.item[v]];
    const drawn = changed(votes, say);
    const even = equalAbilities(drawn);
    expect(robust(drawn).model).toBe("alike");
    expect(robust(drawn).posterior).toEqual(withLabelShares(even.posterior, 2));
    const first = Int32Array.from(votes.item.keys()).filter(
      (v) => v === 0 || votes.item[v] !== votes.item[v - 1],
    );
    const of = (values: Int32Array) => Int32Array.from(first, (v) => values[v]);
    const single = { ...drawn, item: of(drawn.item), rater: of(drawn.rater), label: of(drawn.label) };
    expect([...likeliest(robust(single).posterior, 2)]).toEqual([...single.label]);
  });

  it("is none in which few raters see a label that the many do not", () => {
    const { votes, truth } = simulatedLabels(2, { items: 900, raters: 40, votesPerItem: 5 });
    const rare = truth.map((_, i) => Number(i % 10 === 0));
    // A part of the raters sees the rare label in every third item.
    const drawn = changed(votes, (v, random) => {
      if (votes.rater[v] < 12 && votes.item[v] % 3 === 0) return 1;
      return random.bernoulli(0.82) ? rare[votes.item[v]] : 1 - rare[votes.item[v]];
    });
    const right = (of: Float64Array) => rare.filter((c, i) => of[i * 2 + c] > 0.5).length / 900;
    const { posterior, model } = robust(drawn);
    expect(model).toBe("alike");
    expect(right(posterior)).toBeGreaterThan(right(majority(drawn).posterior));
  });

  it("is nothing where there is one label", () => {
    const votes = changed(pool().votes, () => 0);
    expect(robust({ ...votes, labels: ["x"] })).toEqual({
      posterior: new Float64Array(300).fill(1),
      ability: new Float64Array(12).fill(1),
      ...{ model: "alike", groups: [] },
      weight: new Float64Array(votes.item.length).fill(1),
    });
  });
});
