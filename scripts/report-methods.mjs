// Every method on the same votes of the built-in world; writes docs/results/methods.md.
//
//   npm run report:methods -- 41 42 43        those seeds; each is a demo and a training for each further method
//   node scripts/report-methods.mjs --report 41 42 43     the document again, from the newest finished run of each
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { METHOD_TITLES, METHODS } from "../dist/demo/methods.js";
import { bestPossible } from "../dist/demo/policies.js";
import { studentInterval } from "../dist/statistics/means.js";
import { finishedRuns } from "./finished-runs.mjs";
import { machine } from "./machine.mjs";

const again = process.argv[2] === "--report";
const seeds = process.argv.slice(again ? 3 : 2).map(Number);
if (seeds.length < 2 || seeds.some((seed) => !Number.isInteger(seed))) {
  console.error("usage: node scripts/report-methods.mjs [--report] SEED... (at least two)");
  process.exit(2);
}

function run(seed) {
  const command = ["dist/cli/main.js", "demo", "--seed", String(seed), "--name", `methods-${seed}`, "--methods", METHODS.join(",")];
  execFileSync(process.execPath, [...command, "--quiet"], { stdio: "inherit" });
}

/** A run's result, and the seconds that each of its stages took. */
function read(dir) {
  const result = JSON.parse(readFileSync(`${dir}/result.json`, "utf8"));
  const { stages } = JSON.parse(readFileSync(`${dir}/lineage.json`, "utf8"));
  return { ...result, stages: Object.fromEntries(stages.map(({ manifest }) => [manifest.stage, manifest.seconds])) };
}

const results = seeds.map((seed) => {
  if (!again) run(seed);
  return read(finishedRuns(`methods-${seed}`)[0]);
});

const SFT = "SFT, best temperature";
const ROWS = [
  { name: SFT, stages: ["sft"] },
  { name: "SFT, best of n", stages: ["reward"] },
  { name: "rejection sampling", stages: ["reward", "rejection"] },
  { name: "PPO, best temperature", stages: ["reward", "rejection", "ppo"] },
  ...METHODS.map((method) => ({
    name: METHOD_TITLES[method],
    stages: method === "grpo" ? ["reward", "rejection", "grpo"] : [method],
  })),
];
const policyOf = (result, name) => result.evaluation.policies.find((policy) => policy.name === name);
const comparedOf = (result, name) => result.evaluation.comparisons.find((c) => c.policy === name && c.against === SFT);
const secondsOf = (result, stages) => stages.reduce((sum, stage) => sum + result.stages[stage], 0);

const percent = (x) => `${(100 * x).toFixed(1)}%`;
const decimal = (x) => x.toFixed(2);
const interval = ({ estimate, low, high }) => `${decimal(estimate)} (${decimal(low)} to ${decimal(high)})`;
/** The mean over seeds, and each seed's figure from least to greatest. */
const over = (values, unit) => {
  const sorted = [...values].sort((a, b) => a - b);
  return `${unit(values.reduce((a, b) => a + b, 0) / values.length)} [${unit(sorted[0])} to ${unit(sorted.at(-1))}]`;
};
const rate = (name, of) => over(results.map((result) => of(policyOf(result, name).summary)), percent);

const table = ROWS.map(({ name, stages }) => {
  const compared = results.map((result) => comparedOf(result, name));
  const wins = compared.every(Boolean) ? over(compared.map(({ winRate }) => winRate.estimate), percent) : "";
  const cells = [
    over(results.map((result) => policyOf(result, name).summary.gold.estimate), decimal),
    wins,
    over(results.map((result) => policyOf(result, name).kl.estimate), decimal),
    rate(name, ({ toHarm }) => toHarm.complies.estimate),
    rate(name, ({ refusesSafe }) => refusesSafe.estimate),
    rate(name, ({ wrongFacts }) => wrongFacts.estimate),
    over(results.map((result) => policyOf(result, name).summary.length), (x) => x.toFixed(1)),
    over(results.map((result) => secondsOf(result, stages)), (x) => x.toFixed(0)),
  ];
  return `| ${name.split(",")[0]}${name.includes("best of n") ? ", best of n" : ""} | ${cells.join(" | ")} |`;
});

const compared = ROWS.filter(({ name }) => results.every((result) => comparedOf(result, name)));
const differences = compared.map(({ name }) => {
  const own = results.map((result) => comparedOf(result, name).gold);
  const mean = studentInterval(own.map(({ estimate }) => estimate));
  const better = own.filter(({ low }) => low > 0).length;
  return `| ${name.split(",")[0]} | ${own.map(interval).join(" | ")} | ${interval(mean)} | ${better} of ${seeds.length} |`;
});

const [first] = results;
const document = `# Methods on the same votes, in the built-in world

- Command: \`npm run report:methods -- ${seeds.join(" ")}\`
- Processor: ${again ? "that of the runs, which they do not record" : machine()}.
- Seeds: ${seeds.join(", ")}; settings were chosen on the develop split with other seeds ([log](../experiment-log.md)).
- Design: n = ${seeds.length} seeds, each with its own language model, raters and ${first.votes.votes} votes or so on pairs of answers; every method of a seed starts from the same SFT model and
  reads the same votes, through the default aggregate. Figures are of the report split, n = ${first.evaluation.prompts} prompts that no training saw, four answers to each, at the
  temperature of 0.1, 0.2, 0.35, 0.5, 0.7 that is best for each policy on the develop split, best of n at 0.7.
- Intervals: 95%. By seed: over prompts, paired with the SFT model's answers to the same ones. Over seeds: Student's t of the mean. Figures in brackets are the least and
  the greatest seed's, and no interval.

| | gold utility, of ${decimal(bestPossible(policyOf(first, SFT).summary).gold)} | win rate over SFT, a tie counting half | KL, nats a response | complies with harm | refuses safe requests | wrong facts | tokens | seconds of training |
|---|---|---|---|---|---|---|---|---|
${table.join("\n")}

Seconds count what a method needs after SFT: the reward model for those that use one, the policy of rejection sampling for those that start from it; not the votes. Best of n samples n answers
for each one that it gives; its temperature, 0.7, is the only one that was tried.

Gold utility above SFT's at its best temperature:

| | ${seeds.map((seed) => `seed ${seed}`).join(" | ")} | over seeds | surely better, by prompts |
|---|${seeds.map(() => "---|").join("")}---|---|
${differences.join("\n")}
`;
writeFileSync("docs/results/methods.md", document);
console.log(document);
