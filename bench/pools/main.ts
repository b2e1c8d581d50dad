/**
 * npm run report:pools: every method on every pool of raters, five seeds: a line for each pool.
 *
 *   -- --only TEXT   pools with that in their name; -- --seeds 101,102   other seeds.
 *   -- --designs     small designs in which raters can hardly be checked instead, into docs/results/aggregation.md;
 *      --draws 2000  of each; --raw FOLDER  where draws are kept, so that a run that was stopped goes on.
 */
import { parseArgs } from "node:util";
import { studentInterval } from "../../src/statistics/means.js";
import { LABEL_METHODS, PREFERENCE_METHODS } from "../../src/votes/aggregate/index.js";
import { KINDS } from "./design.js";
import { LABEL_POOLS } from "./label-pools.js";
import { measurePool, type PoolResult } from "./measure.js";
import { measureLabelPool } from "./measure-labels.js";
import { POOLS } from "./pools.js";
import { reportDesigns } from "./report-designs.js";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seeds: { type: "string" },
    designs: { type: "boolean" },
    draws: { type: "string" },
    raw: { type: "string" },
  },
});
const SEEDS = [1, 2, 3, 4, 5];
const seeds = values.seeds?.split(",").map(Number) ?? SEEDS;
const mean = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const points = (x: number): string => (100 * x).toFixed(1);

/** Where draws are kept unless another folder is named. */
const RAW = "bench/dist/draws";

if (values.designs) reportDesigns(Number(values.draws ?? 2000), values.raw ?? RAW, values.only);
else reportPools();

function reportPools(): void {
  const wanted = <P extends { name: string }>(pools: readonly P[]): P[] =>
    pools.filter(({ name }) => name.includes(values.only ?? ""));
  for (const pool of wanted(POOLS))
    report(
      pool.name,
      PREFERENCE_METHODS,
      seeds.map((seed) => measurePool(pool, seed)),
    );
  for (const pool of wanted(LABEL_POOLS))
    report(
      `labels: ${pool.name}`,
      LABEL_METHODS,
      seeds.map((seed) => measureLabelPool(pool, seed)),
    );
}

function report<M extends string>(
  name: string,
  methods: readonly (M | "robust" | "majority" | "dawid-skene")[],
  results: readonly PoolResult<M | "robust" | "majority" | "dawid-skene">[],
): void {
  const of = (method: (typeof methods)[number]) => mean(results.map(({ accuracy }) => accuracy[method]));
  const best = Math.max(of("majority"), of("dawid-skene"));
  const lost = studentInterval(
    results.map(({ accuracy: a }) => a.robust - Math.max(a.majority, a["dawid-skene"])),
  );
  const flags = KINDS.flatMap((kind) => {
    const count = results.reduce((sum, { raters }) => sum + raters[kind].count, 0);
    const flagged = results.reduce((sum, { raters }) => sum + raters[kind].flagged, 0);
    return count === 0 ? [] : [`${kind} ${flagged}/${count}`];
  });
  const noise = `${points(mean(results.map((r) => r.noise.stated)))}/${points(mean(results.map((r) => r.noise.found)))}`;
  const verdict = of("robust") - best < -0.01 ? "WORSE" : "     ";
  console.log(
    `${verdict} ${name.padEnd(68)} ${methods.map((m) => points(of(m)).padStart(5)).join(" ")}  ${points(lost.estimate).padStart(5)} (${points(lost.low)} to ${points(lost.high)})  noise ${noise}  against ${mean(results.map((r) => r.againstAll))}  ${flags.join(", ")}`,
  );
}
