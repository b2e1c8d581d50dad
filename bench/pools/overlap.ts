/** From how much overlap on the default tells raters apart: pools of 12 by votes a pair and votes a rater. */

import { propagateBeliefs } from "../../src/votes/aggregate/belief-propagation.js";
import { comparedPairs, sideVotes } from "../../src/votes/aggregate/compared-pairs.js";
import { equalAbilities } from "../../src/votes/aggregate/equal-abilities.js";
import { aggregatePreferences } from "../../src/votes/aggregate/index.js";
import { honest, inverting, raters } from "./behaviours.js";
import { draw, type Pool } from "./design.js";

export interface Overlap {
  votes: number;
  perRater: number;
  /** Items that two raters share, on average. */
  shared: number;
  /** All raters alike (.8), and 3 of them inverting. */
  alike: Pool;
  mixed: Pool;
}

const RATERS = 12;
const LIARS = 3;
const SKILL = 0.8;

export const OVERLAPS: readonly Overlap[] = [1, 2, 3, 5].flatMap((votes) =>
  [5, 10, 20, 40, 80].map((perRater) => {
    const pairs = Math.round((RATERS * perRater) / votes);
    const shared = (pairs * votes * (votes - 1)) / (RATERS * (RATERS - 1));
    const size = { votes, pairs };
    const name = `overlap ${votes} ${perRater}`;
    const good = (count: number) => raters(count, "honest", () => honest(SKILL));
    const alike = { name: `${name}, alike`, ...size, raters: () => good(RATERS) };
    const liars = raters(LIARS, "hostile", () => inverting(SKILL));
    const mixed = { name: `${name}, mixed`, ...size, raters: () => [...good(RATERS - LIARS), ...liars] };
    return { votes, perRater, shared, alike, mixed };
  }),
);

/** One draw: what an ability a rater gains in nats, whether it was called for, and what became of the results. */
export interface OverlapTrial {
  nats: number;
  called: number;
  /** Share of the pairs whose result is not that of majority. */
  corrected: number;
  /** Share of pairs right by the default less that by majority. */
  gained: number;
}

export function overlapTrial(pool: Pool, seed: number): OverlapTrial {
  const { votes, better } = draw(pool, seed);
  const sides = sideVotes(votes, comparedPairs(votes), false).votes;
  const [robust, majority] = (["robust", "majority"] as const).map((method) =>
    aggregatePreferences(votes, method, { seed }),
  );
  let [corrected, gained] = [0, 0];
  for (const [p, { item, left, probability }] of robust.preferences.entries()) {
    const [own, most] = [probability, majority.preferences[p].probability].map((x) => Math.sign(x - 0.5));
    const truth = better.get(item) === left ? 1 : -1;
    if (most !== 0 && own !== most) corrected += 1 / robust.preferences.length;
    gained += (truth * (own - most)) / 2 / robust.preferences.length;
  }
  return {
    nats: propagateBeliefs(sides).logEvidence - equalAbilities(sides).logEvidence,
    called: Number(robust.model !== "alike"),
    corrected,
    gained,
  };
}
