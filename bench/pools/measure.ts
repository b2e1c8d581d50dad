/** What each method makes of a pool's votes, held against the truth. */
import {
  aggregatePreferences,
  PREFERENCE_METHODS,
  type PreferenceMethod,
} from "../../src/votes/aggregate/index.js";
import type { Comparisons } from "../../src/votes/votes.js";
import { draw, KINDS, type Kind, type Pool } from "./design.js";

/** @typeParam M names of the methods. */
export interface PoolResult<M extends string> {
  /** Share of the pairs whose better side a method finds; a probability of one half counts one half. */
  accuracy: Record<M, number>;
  /** Of the default: raters by kind, and how many of them have a flag. */
  raters: Record<Kind, { count: number; flagged: number }>;
  /** Mean noise that the default states, and the share of its pairs that are wrong. */
  noise: { stated: number; found: number };
  /** Pairs that the default decides against all of their votes. */
  againstAll: number;
}

export function measurePool(pool: Pool, seed: number): PoolResult<PreferenceMethod> {
  const { votes, kinds, better, known, time, topics } = draw(pool, seed);
  const accuracy = {} as PoolResult<PreferenceMethod>["accuracy"];
  const raters = Object.fromEntries(
    KINDS.map((kind) => [kind, { count: 0, flagged: 0 }]),
  ) as PoolResult<PreferenceMethod>["raters"];
  const noise = { stated: 0, found: 0 };
  let againstAll = 0;
  const unanimous = unanimousPairs(votes);
  const toldItems = new Set(known.map(({ item }) => votes.items[item]));
  for (const method of PREFERENCE_METHODS) {
    const { preferences, raters: reports } = aggregatePreferences(votes, method, {
      seed,
      known,
      time,
      topics,
    });
    const judged = preferences.filter(({ item }) => !toldItems.has(item));
    let right = 0;
    for (const { item, left, right: other, probability, noise: stated } of judged) {
      const leftIsBetter = better.get(item) === left;
      const share = probability === 0.5 ? 0.5 : Number(probability > 0.5 === leftIsBetter);
      right += share;
      if (method !== "robust") continue;
      noise.stated += stated / judged.length;
      noise.found += (1 - share) / judged.length;
      const all = unanimous.get(`${item} ${left} ${other}`);
      if (all !== undefined && all !== probability > 0.5) againstAll++;
    }
    accuracy[method] = right / judged.length;
    if (method === "robust")
      for (const [w, { flags }] of reports.entries()) {
        raters[kinds[w]].count++;
        if (flags.length > 0) raters[kinds[w]].flagged++;
      }
  }
  return { accuracy, raters, noise, againstAll };
}

/** The pairs on which all votes agree, by item and candidates in either order: whether for the first named. */
function unanimousPairs(votes: Comparisons): Map<string, boolean> {
  const said = new Map<string, { left: number; count: number }>();
  for (let v = 0; v < votes.item.length; v++) {
    const [item, left, right] = [
      votes.items[votes.item[v]],
      votes.candidates[votes.left[v]],
      votes.candidates[votes.right[v]],
    ];
    for (const [key, outcome] of [
      [`${item} ${left} ${right}`, votes.outcome[v]],
      [`${item} ${right} ${left}`, 1 - votes.outcome[v]],
    ] as const) {
      const one = said.get(key) ?? { left: 0, count: 0 };
      said.set(key, { left: one.left + outcome, count: one.count + 1 });
    }
  }
  return new Map(
    [...said].flatMap(([key, { left, count }]) =>
      left === 0 || left === count ? [[key, left === count]] : [],
    ),
  );
}
