// What malicious raters cost the whole loop, by how their votes are aggregated; writes docs/results/poisoned-loop.md.
//
//   npm run report:poisoned-loop -- 1 2 3     those seeds; each is three runs of a smaller demo, a few minutes each
//   node scripts/report-poisoned-loop.mjs --report 1 2 3     the document again, from the newest finished run of each
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { studentInterval, studentRatioInterval } from "../dist/statistics/means.js";

const again = process.argv[2] === "--report";
const seeds = process.argv.slice(again ? 3 : 2).map(Number);
if (seeds.length === 0 || seeds.some((seed) => !Number.isInteger(seed))) {
  console.error("usage: node scripts/report-poisoned-loop.mjs [--report] SEED...");
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
  const found = readdirSync("runs")
    .filter((name) => new RegExp(`^poisoned-loop-${condition}-${seed}(-\\d+)?$`).test(name))
    .map((name) => `runs/${name}/result.json`)
    .filter((path) => statSync(path, { throwIfNoEntry: false }))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  return JSON.parse(readFileSync(found[0], "utf8"));
}

const results = Object.fromEntries(Object.keys(CONDITIONS).map((condition) => [condition, []]));
for (const seed of seeds)
  for (const condition of Object.keys(CONDITIONS)) {
    const result = again ? newest(condition, seed) : run(condition, seed);
    results[condition].push(result);
    console.error(`seed ${seed}, ${condition}: reward model ${result.rewardModel.goldPairs.estimate.toFixed(3)}, wins ${result.winRate.estimate.toFixed(3)}`);
  }

const percent = (x) => `${(100 * x).toFixed(1)}%`;
const ends = ({ low, high }, show) => (Number.isFinite(low) ? `${show(low)} to ${show(high)}` : "no interval");
/** The mean of the seeds' shares, and the number of cases of all seeds. */
function overSeeds(list) {
  const interval = studentInterval(list.map(({ estimate }) => estimate));
  const cases = list.reduce((sum, share) => sum + share.n, 0);
  return `${percent(interval.estimate)} (${ends(interval, percent)}; ${list.length} seeds, ${cases} cases)`;
}
const rewardOf = (result) => result.rewardModel.goldPairs;
const winsOf = ({ winRate }) => ({ ...winRate, n: winRate.prompts });
const row = (name, of) => `| ${name} | ${Object.keys(CONDITIONS).map((c) => overSeeds(results[c].map(of))).join(" | ")} |`;

/** What the default aggregate still loses of what majority loses, over seeds. */
function shareLost(of) {
  const loss = (condition) => results[condition].map((result, i) => of(results.clean[i]).estimate - of(result).estimate);
  const [own, base] = [loss("default"), loss("majority")];
  if (base.reduce((sum, lost) => sum + lost, 0) <= 0) return { estimate: Number.NaN, text: "(majority lost nothing)" };
  const interval = studentRatioInterval(own, base);
  const why = Number.isFinite(interval.low) ? "Fieller's interval over seeds" : interval.caution;
  return { ...interval, text: `${interval.estimate.toFixed(2)} (${ends(interval, (x) => x.toFixed(2))}; ${why})` };
}
const [lostReward, lostWins] = [shareLost(rewardOf), shareLost(winsOf)];

const each = seeds.flatMap((seed, i) =>
  Object.keys(CONDITIONS).map((c) => {
    const { votes, rewardModel, winRate } = results[c][i];
    const malicious = votes.raters.filter(({ kind }) => kind === "malicious");
    const flagged = (list) => `${list.filter(({ flags }) => flags.length > 0).length} of ${list.length}`;
    const others = votes.raters.filter(({ kind }) => kind !== "malicious");
    return `| ${seed} | ${NAMES[c]} | ${percent(votes.labels.estimate)} | ${percent(rewardModel.goldPairs.estimate)} | ${percent(winRate.estimate)} | ${results[c][i].ppo.gold.estimate.toFixed(2)} | ${flagged(malicious)}, ${flagged(others)} |`;
  }),
);

const document = `# Poisoned raters, the whole loop

\`npm run report:poisoned-loop -- ${seeds.join(" ")}\`: the demo with ${Object.entries(SMALLER).map(([key, value]) => `${key} ${value}`).join(", ")} and seeds
${seeds.join(", ")}; 30 raters, 3 votes a pair, of whom none or 9 (30%) are malicious: they know what is better and say the opposite. The
reward model is the network that PPO then optimises against. No aggregate sees gold. Means over seeds with Student's 95% intervals,
which take the seeds' figures for normal.

| | ${Object.values(NAMES).join(" | ")} |
|---|---|---|---|
${row("reward model, held-out pairs whose better side by gold it scores higher", rewardOf)}
${row("PPO beats SFT by gold, held-out prompts", winsOf)}

Of what majority vote loses, the default aggregate still loses ${lostReward.text} in the reward model's accuracy
(bar: at most a third, ${lostReward.estimate <= 1 / 3 ? "met" : "**not met**"}) and ${lostWins.text} in PPO's win rate.

| seed | raters, aggregate | labels right | reward model | PPO wins | gold after PPO | flagged: malicious, others |
|---|---|---|---|---|---|---|
${each.join("\n")}

Labels right: of the training pairs that gold tells apart, those whose better side the aggregate found. The same with a
linear reward model, more kinds of malice and five seeds: [poisoned raters](poisoned-raters.md).
`;
writeFileSync("docs/results/poisoned-loop.md", document);
console.log(document);
