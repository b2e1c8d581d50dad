/** How many more items than majority the default finds, in one draw of a design. */
import { aggregateLabels, aggregatePreferences } from "../../src/votes/aggregate/index.js";
import { draw } from "./design.js";
import type { Design } from "./designs.js";
import { drawLabels } from "./label-design.js";

/** Shares of the items whose truth is not told. */
export interface Trial {
  /** Right by the default, and by majority; of equally likely answers each counts its part. */
  robust: number;
  majority: number;
  /** Decided against all of their votes. */
  held: number;
}

export const nameOf = (design: Design): string => ("pairs" in design ? design.pairs : design.labels).name;

export const trial = (design: Design, seed: number): Trial =>
  "pairs" in design ? pairsTrial(design.pairs, seed) : labelsTrial(design.labels, seed);

function pairsTrial(pool: Parameters<typeof draw>[0], seed: number): Trial {
  const { votes, better, known } = draw(pool, seed);
  const told = new Set(known.map(({ item }) => votes.items[item]));
  const judged = (method: "robust" | "majority") =>
    aggregatePreferences(votes, method, { seed, known }).preferences.filter(({ item }) => !told.has(item));
  const right = (one: ReturnType<typeof judged>) =>
    shareOf(one, ({ item, left, probability }) =>
      probability === 0.5 ? 0.5 : Number(probability > 0.5 === (better.get(item) === left)),
    );
  const robust = judged("robust");
  return {
    robust: right(robust),
    majority: right(judged("majority")),
    held: shareOf(robust, ({ review }) => Number(review !== undefined)),
  };
}

/** Two labels this near are equally likely. */
const EQUAL = 1e-9;

function labelsTrial(pool: Parameters<typeof drawLabels>[0], seed: number): Trial {
  const { votes, truth, known } = drawLabels(pool, seed);
  const K = votes.labels.length;
  const open = [...votes.items.keys()].filter((i) => known[i] < 0);
  const judged = (method: "robust" | "majority") => aggregateLabels(votes, method, { seed, known });
  const right = ({ posterior }: ReturnType<typeof judged>) =>
    shareOf(open, (i) => {
      const row = posterior.subarray(i * K, (i + 1) * K);
      const most = Math.max(...row);
      const best = [...row.keys()].filter((c) => most - row[c] < EQUAL);
      return best.includes(truth[i]) ? 1 / best.length : 0;
    });
  const robust = judged("robust");
  return {
    robust: right(robust),
    majority: right(judged("majority")),
    held: shareOf(open, (i) => Number(robust.items[i].review !== undefined)),
  };
}

const shareOf = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0) / all.length;
