/** What each method makes of a pool's labels, held against the truth. */
import { aggregateLabels, LABEL_METHODS, type LabelMethod } from "../../src/votes/aggregate/index.js";
import { KINDS } from "./design.js";
import { drawLabels, type LabelPool } from "./label-design.js";
import type { PoolResult } from "./measure.js";

/** Two labels this near are equally likely. */
const EQUAL = 1e-9;

/** @returns accuracy: share of the items whose label a method finds; of equally likely ones each counts its part. */
export function measureLabelPool(pool: LabelPool, seed: number): PoolResult<LabelMethod> {
  const { votes, truth, known, kinds } = drawLabels(pool, seed);
  const K = votes.labels.length;
  const open = [...votes.items.keys()].filter((i) => known[i] < 0);
  const accuracy = {} as PoolResult<LabelMethod>["accuracy"];
  const raters = Object.fromEntries(
    KINDS.map((kind) => [kind, { count: 0, flagged: 0 }]),
  ) as PoolResult<LabelMethod>["raters"];
  const noise = { stated: 0, found: 0 };
  let againstAll = 0;
  for (const method of LABEL_METHODS) {
    const { posterior, items, raters: reports } = aggregateLabels(votes, method, { seed, known });
    let right = 0;
    for (const i of open) {
      const row = posterior.subarray(i * K, (i + 1) * K);
      const most = Math.max(...row);
      const best = [...row.keys()].filter((c) => most - row[c] < EQUAL);
      const share = best.includes(truth[i]) ? 1 / best.length : 0;
      right += share;
      if (method !== "robust") continue;
      noise.stated += (1 - most) / open.length;
      noise.found += (1 - share) / open.length;
      if (items[i].review !== undefined) againstAll++;
    }
    accuracy[method] = right / open.length;
    if (method === "robust")
      for (const [w, { flags }] of reports.entries()) {
        raters[kinds[w]].count++;
        if (flags.length > 0) raters[kinds[w]].flagged++;
      }
  }
  return { accuracy, raters, noise, againstAll };
}
