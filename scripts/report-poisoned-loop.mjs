// What malicious raters cost the whole loop, by aggregation method; writes docs/results/poisoned-loop.md.
//
//   npm run report:poisoned-loop -- 1 2 3     those seeds; each is three runs of a smaller demo, a few minutes each
//   node scripts/report-poisoned-loop.mjs --report 1 2 3     the document again, from the newest finished run of each
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { studentInterval } from "../dist/statistics/means.js";
import { finishedRuns } from "./finished-runs.mjs";
import { machine } from "./machine.mjs";

const again = process.argv[2] === "--report";
const seeds = process.argv.slice(again ? 3 : 2).map(Number);
if (seeds.length < 2 || seeds.some((seed) => !Number.isInteger(seed))) {
  console.error("usage: node scripts/report-poisoned-loop.mjs [--report] SEED... (at least two)");
  process.exit(2);
}
const CONDITIONS = {
  clean: { raters: "honest", aggregate: "majority" },
  majority: { raters: "poisoned", aggregate: "majority" },
  default: { raters: "poisoned", aggregate: "robust" },
};
const NAMES = {
  clean: "30 honest raters, majority",
  majority: "9 of 30 malicious, majority",
  default: "9 of 30 malicious, default aggregate",
};
const SMALLER = { pairs: 8000, heldOutPairs: 1500, demonstrations: 5000, "ppo.iterations": 15 };

function run(condition, seed) {
  const settings = Object.entries({ ...SMALLER, ...CONDITIONS[condition] }).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const command = ["dist/cli/main.js", "demo", "--seed", String(seed), "--name", `poisoned-loop-${condition}-${seed}`, ...settings];
  return JSON.parse(execFileSync(process.execPath, [...command, "--json", "--quiet"], { encoding: "utf8", maxBuffer: 1 << 26 }));
}

function newest(condition, seed) {
  const [found] = finishedRuns(`poisoned-loop-${condition}-${seed}`);
  return JSON.parse(readFileSync(`${found}/result.json`, "utf8"));
}

/** PPO against SFT, both at the usual temperature. */
const against = (result) => result.evaluation.comparisons.find(({ policy, against: other }) => policy === "PPO" && other === "SFT");
const winsOf = (result) => against(result).winRate.estimate;
const goldOf = (result) => result.evaluation.policies.find(({ name }) => name === "PPO").summary.gold.estimate;

const results = Object.fromEntries(Object.keys(CONDITIONS).map((condition) => [condition, []]));
for (const seed of seeds)
  for (const condition of Object.keys(CONDITIONS)) {
    const result = again ? newest(condition, seed) : run(condition, seed);
    results[condition].push(result);
    console.error(`seed ${seed}, ${condition}: reward model ${result.rewardModel.goldPairs.estimate.toFixed(3)}, wins ${winsOf(result).toFixed(3)}`);
  }

/** Shares end at 0 and 1, and so do their intervals. */
const percent = (x) => `${(100 * Math.min(1, Math.max(0, x))).toFixed(1)}%`;
const points = (x) => (100 * x).toFixed(1);
/** Mean over seeds with its interval. */
const over = (values, unit) => {
  const { estimate, low, high } = studentInterval(values);
  return `${unit(estimate)} (${unit(low)} to ${unit(high)})`;
};
const rewardOf = (result) => result.rewardModel.goldPairs.estimate;

const row = (name, of) => `| ${name} | ${Object.keys(CONDITIONS).map((c) => over(results[c].map(of), percent)).join(" | ")} |`;
/** What a condition loses against honest raters, seed by seed. */
const lost = (condition, of) => results[condition].map((result, i) => of(results.clean[i]) - of(result));
const lostRow = (name, of) => `| ${name} | | ${over(lost("majority", of), points)} | ${over(lost("default", of), points)} |`;

/**
 * The bar, "at most a third of majority's loss": the mean over seeds of the own loss minus a third of majority's is
 * below 0.
 */
function bar(of) {
  const base = lost("majority", of);
  const beyond = studentInterval(lost("default", of).map((own, i) => own - base[i] / 3));
  const verdict = beyond.high < 0 ? "met" : beyond.low > 0 ? "**not met**" : "not settled by so few seeds";
  return `${points(beyond.estimate)} (${points(beyond.low)} to ${points(beyond.high)}): ${verdict}`;
}
const sumOf = (values) => values.reduce((a, b) => a + b, 0);

const each = seeds.flatMap((seed, i) =>
  Object.keys(CONDITIONS).map((c) => {
    const { votes, rewardModel } = results[c][i];
    const malicious = votes.raters.filter(({ kind }) => kind === "malicious");
    const flagged = (list) => `${list.filter(({ flags }) => flags.length > 0).length} of ${list.length}`;
    const others = votes.raters.filter(({ kind }) => kind !== "malicious");
    return `| ${seed} | ${NAMES[c]} | ${percent(votes.labels.estimate)} | ${percent(rewardModel.goldPairs.estimate)} | ${percent(winsOf(results[c][i]))} | ${goldOf(results[c][i]).toFixed(2)} | ${flagged(malicious)}, ${flagged(others)} |`;
  }),
);

const document = `# Poisoned raters, the whole loop

- Command: \`npm run report:poisoned-loop -- ${seeds.join(" ")}\`
- Processor: ${again ? "that of the runs, which they do not record" : machine()}.
- Seeds: ${seeds.join(", ")}.
- Design: a seed is three runs of the demo, one for each column, with ${Object.entries(SMALLER).map(([key, value]) => `${key} ${value}`).join(", ")}; 30 raters, 3 votes a pair.
  n = ${seeds.length} seeds, with ${sumOf(results.clean.map(({ rewardModel }) => rewardModel.goldPairs.n))} held-out pairs that gold tells apart in all, and ${results.clean[0].evaluation.prompts} held-out prompts, the same in each.
- Intervals: 95%, Student's t over seeds (what another seed's training would make); losses are paired, seed by seed. Rows of the table of
  seeds are single runs and have none.

None or 9 (30%) of the raters are malicious: they know what is better and say the opposite. The reward model is the network that PPO then
optimises against; the default aggregate is that for comparisons. No aggregate sees gold.

| | ${Object.values(NAMES).join(" | ")} |
|---|---|---|---|
${row("reward model: held-out pairs whose better side by gold it scores higher", rewardOf)}
${lostRow("lost against honest raters, points", rewardOf)}
${row("PPO beats SFT by gold, held-out prompts", winsOf)}
${lostRow("lost against honest raters, points", winsOf)}

The default aggregate's loss less a third of majority's, in points (the bar is below 0): reward model ${bar(rewardOf)}; PPO's wins
${bar(winsOf)}. A negative loss is better than honest raters by majority.

| seed | raters, aggregate | labels right | reward model | PPO wins | gold after PPO | flagged: malicious, others |
|---|---|---|---|---|---|---|
${each.join("\n")}

Labels right: of the training pairs that gold tells apart, those whose better side the aggregate found. A linear reward model with more
kinds of malice and more seeds: [poisoned raters](poisoned-raters.md).
`;
writeFileSync("docs/results/poisoned-loop.md", document);
console.log(document);
