// How often the statistical filters hold honest raters, and how often they find what they look for, in pools of
// simulated raters. Writes docs/results/filters.md.
//
//   npm run build && node scripts/report-filters.mjs [pools, default 600]
import { writeFileSync } from "node:fs";
import { filterSchema, runFilters } from "../dist/votes/filters/index.js";
import { judgementsOf } from "../dist/votes/judgement/index.js";
import { hiddenValues, simulatedRaters, simulateVotes } from "../dist/votes/simulate/index.js";
import { sentences } from "../dist/votes/simulate/values.js";
import { TaskDefinition } from "../dist/votes/tasks/index.js";
import { RandomStream } from "../dist/base/random.js";
import { rateOfSums, shareInterval } from "../dist/statistics/rates.js";
import { machine } from "./machine.mjs";

const pools = Number(process.argv[2] ?? 600);
/**
 * Seeds from 1 and 1,000 on were run while the filters were developed, some from 100,001 on while this document was
 * written; these were not.
 */
const [HONEST_SEED, MIXED_SEED] = [300_001, 400_001];
const FILTERS = ["too-fast", "straight-lining", "self-contradiction", "intransitive", "failed-gold", "copied-text"];
const ATTACKS = ["fast", "straight-lining", "random", "malicious", "colluding", "noisy", "biased", "minority"];
const TASK = TaskDefinition.parse({ kind: "pairwise" });

/** Prompts with three responses each, all compared with each other; a fifth of the pairs are gold. */
function makeItems(seed, values, prompts) {
  const random = new RandomStream(seed, "report/items");
  const items = [];
  for (let p = 0; p < prompts; p++) {
    const prompt = `Question ${p}: ${sentences(random, 1)}`;
    const texts = Array.from({ length: 3 }, () => sentences(random, 1 + random.int(6)));
    for (const [a, b] of [[0, 1], [1, 2], [0, 2]]) {
      const [left, right] = [values.gold(prompt, texts[a]), values.gold(prompt, texts[b])];
      // Gold items are clear ones, as a person would choose them.
      const gold = Math.abs(left - right) > 1.5 && random.bernoulli(0.5) ? { kind: "pairwise", aspects: { overall: { verdict: left > right ? "left" : "right" } }, flags: [] } : undefined;
      items.push({ id: `${p}-${a}${b}`, task: TASK, content: { prompt, responses: [a, b].map((at) => ({ name: `${at}`, text: texts[at] })) }, ...(gold && { gold }) });
    }
  }
  return items;
}

function run(seed, shares) {
  const values = hiddenValues(seed);
  const items = makeItems(seed, values, 40);
  const raters = simulatedRaters({ raters: 20, shares, groups: 1, talkative: 0.3 }, values, seed);
  const votes = simulateVotes(items, raters, { votesPerItem: 12, repeats: 0.15, seed });
  const findings = runFilters(judgementsOf(votes, items), items, filterSchema.parse({ nearDuplicate: false, personalData: false, safetyConflict: false }));
  const held = (filter) => new Set(findings.filter((f) => f.filter === filter && f.severity === "hold").flatMap((f) => f.raters));
  const kind = new Map(raters.map((rater) => [rater.id, rater.kind]));
  return { kind, held, votes: votes.length / raters.length };
}

const figure = ({ estimate, low, high }) => `${(100 * estimate).toFixed(1)}% (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;

// 1. Honest pools: the share of pools with any rater held, and of raters held.
const honest = Array.from({ length: pools }, (_, i) => run(HONEST_SEED + i, { honest: 1 }));
const falseAlarms = FILTERS.map((filter) => {
  const held = honest.map((r) => r.held(filter).size);
  return [filter, shareInterval(held.filter((n) => n > 0).length, pools), rateOfSums(held, Array(pools).fill(20))];
});
const any = honest.map((r) => new Set(FILTERS.flatMap((f) => [...r.held(f)])).size);

// 2. Pools with a fifth of another kind: the share of that kind that is held, and of the honest raters.
const few = Math.ceil(pools / 5);
const power = ATTACKS.map((attack) => {
  const mixed = Array.from({ length: few }, (_, i) => run(MIXED_SEED + i, { honest: 0.8, [attack]: 0.2 }));
  const cells = FILTERS.map((filter) => {
    let [found, n] = [0, 0];
    for (const { kind, held } of mixed) {
      const ids = held(filter);
      for (const [id, k] of kind) if (k === attack) { n++; if (ids.has(id)) found++; }
    }
    return found / n;
  });
  const heldOf = (which) => {
    const each = mixed.map(({ kind, held }) => {
      const ids = new Set(FILTERS.flatMap((f) => [...held(f)]));
      const own = [...kind].filter(([, k]) => (k === attack) === which).map(([id]) => id);
      return { found: own.filter((id) => ids.has(id)).length, count: own.length };
    });
    return rateOfSums(each.map(({ found }) => found), each.map(({ count }) => count));
  };
  return [attack, cells, heldOf(true), heldOf(false)];
});

const document = `# What the rater filters find

- Command: \`npm run build && node scripts/report-filters.mjs ${pools}\`
- Processor: ${machine()}. Nothing here is timed, and all of it is computed in 64 bits.
- Seeds: ${HONEST_SEED} to ${HONEST_SEED + pools - 1} for honest pools, ${MIXED_SEED} to ${MIXED_SEED + few - 1} for mixed ones, named in the script before they were run. Seeds from 1 and
  from 1000 on had been looked at while the filters were made.
- Design: a seed is a pool of 20 simulated raters, about ${Math.round(honest[0].votes)} votes each on 120 pairs with hidden values, gold items and hidden repeats; the
  filters' defaults. n = ${pools} pools of honest raters (${20 * pools} raters), and ${few} pools for each other kind (${4 * few} raters of it).
- Intervals: 95%, of rates over pools: raters of one pool, who judge the same items, are one cluster (docs/results/intervals.md). Columns
  without an interval: n as above, so that of independent raters a 95% interval is at most ${(100 * shareInterval(2 * few, 4 * few).high - 50).toFixed(1)} points either way.

## Honest raters held by mistake (${pools} pools of honest raters only)

| filter | pools with any honest rater held | honest raters held | stated |
|---|---|---|---|
${falseAlarms.map(([name, p, r]) => `| ${name} | ${figure(p)} | ${figure(r)} | ${name === "failed-gold" ? "at most 5% of honest raters" : name === "copied-text" ? "measured only" : "at most 1% of pools"} |`).join("\n")}
| any of them | | ${figure(rateOfSums(any, Array(pools).fill(20)))} | |

## Share of each kind of rater that is held (${few} pools, a fifth of the raters of that kind)

| kind | ${FILTERS.join(" | ")} | any | honest raters beside them |
|---|${FILTERS.map(() => "---").join("|")}|---|---|
${power.map(([attack, cells, all, beside]) => `| ${attack} | ${cells.map((c) => (c === 0 ? "" : `${(100 * c).toFixed(0)}%`)).join(" | ")} | ${figure(all)} | ${figure(beside)} |`).join("\n")}

A minority with other values is honest: what is held of it is a cost. Colluding and malicious raters who read and write like
others are found by gold and by the aggregation's own tests, not by these filters alone. *Stated* is what docs/filters.md says of the filter's
settings; where the interval of "pools with any honest rater held" lies above it, the filter does not keep what it states.
`;
writeFileSync("docs/results/filters.md", document);
console.log(document);
