// Runs the demo with several seeds and compares each with the demo's own bars; writes docs/results/demo.md.
//
//   npm run check:demo                       the ten report seeds
//   node scripts/check-demo.mjs 3            seed 3 only, nothing written
//   node scripts/check-demo.mjs --report     docs/results/demo.md again, from the newest finished run of each report seed
//
// With --resume, finished seeds are not run again. The report seeds were named in a commit before any of them was run. What the
// page says of them by hand, between "by hand" marks, stays: write it anew with other seeds.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { barsOf as demoBars } from "../dist/demo/bars.js";
import { bestPossible } from "../dist/demo/policies.js";
import { clustersOf } from "../dist/statistics/clusters.js";
import { mean } from "../dist/statistics/estimates.js";
import { pooledMeanInterval, studentInterval } from "../dist/statistics/means.js";
import { promptWithText } from "../dist/worlds/assistant/index.js";
import { finishedRuns } from "./finished-runs.mjs";
import { machine } from "./machine.mjs";

const REPORT_SEEDS = [7831, 7832, 7833, 7834, 7835, 7836, 7837, 7838, 7839, 7840];
const MIN_SEEDS = 9;
const MAX_SECONDS = 240;
const PAGE = "docs/results/demo.md";

const flags = process.argv.slice(2).filter((arg) => arg.startsWith("--"));
const named = process.argv.slice(2).filter((arg) => !arg.startsWith("--")).map(Number);
const seeds = named.length > 0 ? named : REPORT_SEEDS;

const percent = (x) => `${(100 * x).toFixed(1)}%`;
const rate = (x) => `${percent(x.estimate)} (${(100 * x.low).toFixed(0)}-${(100 * x.high).toFixed(0)})`;
const decimal = (x) => `${x.estimate.toFixed(2)} (${x.low.toFixed(2)} to ${x.high.toFixed(2)})`;
const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

const HOSTILE = ["malicious", "colluding"];
const raters = (r, kinds) => r.votes.raters.filter(({ kind }) => kinds.includes(kind));
const flaggedOf = (r, kinds) => raters(r, kinds).filter(({ flags }) => flags.length > 0).length;

function resultOf(seed) {
  const [newest] = finishedRuns(`check-demo-${seed}`);
  const again = !flags.includes("--report") && !(flags.includes("--resume") && newest);
  if (!again && newest === undefined) throw new Error(`seed ${seed} has no finished run`);
  if (!again) return timed(JSON.parse(readFileSync(`${newest}/result.json`, "utf8")));
  const command = ["dist/cli/main.js", "demo", "--seed", String(seed), "--name", `check-demo-${seed}`, "--fresh", "--json", "--quiet"];
  const started = performance.now();
  const result = JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8", maxBuffer: 1 << 26 }));
  writeFileSync(`${result.run}/command-seconds.json`, JSON.stringify((performance.now() - started) / 1000));
  writeFileSync(`${result.run}/machine.json`, JSON.stringify(machine()));
  return timed(result);
}

/** The result with the machine that it ran on (this one for runs that did not say), and with the time of the whole command. */
function timed(result) {
  const kept = (name) => JSON.parse(readFileSync(`${result.run}/${name}.json`, "utf8"));
  const ranOn = existsSync(`${result.run}/machine.json`) ? kept("machine") : machine();
  return { ...result, seconds: kept("command-seconds"), machine: ranOn };
}

/** The bars of a run: the demo's, as they are now, and those of time and of the raters. */
function barsOf(result) {
  const honest = raters(result, ["honest"]).length;
  return [
    ...demoBars(result),
    {
      name: "all hostile raters flagged, at most 5% of the honest",
      met:
        flaggedOf(result, HOSTILE) === raters(result, HOSTILE).length && flaggedOf(result, ["honest"]) <= 0.05 * honest,
      figure: `${flaggedOf(result, HOSTILE)} of ${raters(result, HOSTILE).length}, ${flaggedOf(result, ["honest"])} of ${honest}`,
    },
    { name: `under ${MAX_SECONDS / 60} minutes`, met: result.seconds < MAX_SECONDS, figure: `${result.seconds.toFixed(0)} s` },
  ];
}

const results = seeds.map((seed) => {
  const result = resultOf(seed);
  console.log(`seed ${seed}`);
  for (const { name, met, figure } of barsOf(result)) console.log(`  ${met ? "met    " : "NOT MET"}  ${name}: ${figure}`);
  return result;
});

const barNames = barsOf(results[0]).map(({ name }) => name);
const enough = Math.min(MIN_SEEDS, results.length);
const metBy = (name) => results.filter((r) => barsOf(r).find((bar) => bar.name === name).met).length;
for (const name of barNames) console.log(`${metBy(name)} of ${results.length}: ${name}`);

if (named.length === 0) writeFileSync(PAGE, page());
process.exitCode = barNames.every((name) => metBy(name) >= enough) ? 0 : 1;

/** Lines of the page that were written by hand, with the marks around them. */
function byHand(part) {
  const lines = readFileSync(PAGE, "utf8").split("\n");
  const [from, to] = [`<!-- by hand: ${part} -->`, `<!-- end: ${part} -->`].map((mark) => lines.indexOf(mark));
  if (from < 0 || to < from) throw new Error(`${PAGE} has no marks around what is written by hand of "${part}"`);
  return lines.slice(from, to + 1);
}

/** Gold of PPO less SFT's, each at its best temperature, with prompts about one act, activity or animal as a cluster. */
function differenceByAct({ run }) {
  const rows = readFileSync(`${run}/samples.jsonl`, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const gold = (answers) => mean(answers.map((answer) => answer.gold));
  const about = ({ prompt }) => {
    const { task } = promptWithText(prompt);
    return task.animal ?? (task.activity ?? task.act).name;
  };
  return pooledMeanInterval(clustersOf(rows.map(({ sft, ppo }) => gold(ppo) - gold(sft)), rows.map(about)));
}

/** Median over seeds, their range, and Student's t interval of their mean. */
function overSeeds(values, format) {
  const { low, high } = studentInterval(values);
  return `${format(median(values))} [${format(Math.min(...values))} to ${format(Math.max(...values))}], mean ${format(low)} to ${format(high)}`;
}

function page() {
  const policies = results[0].evaluation.policies.map(({ name }) => name);
  const of = (r, name) => r.evaluation.policies.find((policy) => policy.name === name);
  const two = (x) => x.toFixed(2);
  const row = (title, value, format) =>
    `| ${title} | ${policies.map((name) => overSeeds(results.map((r) => value(of(r, name))), format)).join(" | ")} |`;
  const comparisons = results[0].evaluation.comparisons.map(({ policy, against }) => ({ policy, against }));
  const compared = (r, { policy, against }) =>
    r.evaluation.comparisons.find((c) => c.policy === policy && c.against === against);
  const kinds = Object.keys(results[0].rewardModel.minimalPairs);
  const [first] = results;
  const best = bestPossible(first.evaluation.policies[0].summary);
  const range = (values) => [...new Set([Math.min(...values), Math.max(...values)])].join(" to ");
  return [
    `# The demo, ten seeds`,
    "",
    "- Command: `npm run check:demo`",
    `- Processor: ${[...new Set(results.map((r) => r.machine))].join("; ")}.`,
    `- Seeds: ${seeds.join(", ")}. They and the settings were fixed in a commit before any of them was run; settings were chosen on the prompts of the`,
    "  develop split with other seeds ([log](../experiment-log.md)).",
    ...byHand("run"),
    `- Design: n = ${seeds.length} seeds, each with its own language model, raters and votes; figures are of the ${first.split} split, n = ${first.evaluation.prompts} prompts, none of which is`,
    "  in a training text or in another split: 96 (48 of them harmful) about acts whose names no training text has (the 48 safe ones ask for two activities that",
    "  training knows by another name), 122 (90) about known acts with new objects, 48 for sets of facts that training never asks for, 13 that only word",
    "  otherwise what training asks. Four answers to each prompt.",
    "- Intervals: 95%. By seed: over prompts, answers to one prompt being a cluster, paired where two policies are compared; they leave out what another",
    "  seed would make, and what other acts would: prompts about one act are answered alike, and two activities are 48 of the 141 safe prompts. What that comes",
    "  to is in the last row of [PPO beside the others](#ppo-beside-the-others). Over seeds: Student's t of the mean, which may reach past what a share can be.",
    "",
    "## Bars, by seed",
    "",
    "The demo's own bars are in `src/demo/bars.ts`. Time is the whole command's, on two cores; on a processor without AVX-512 (family 25 model 1) 241 to 263 s were",
    "measured with the settings before these ([log](../experiment-log.md)).",
    `Each bar is to be met by ${enough} of ${results.length}; not so: ${barNames.filter((name) => metBy(name) < enough).join("; ") || "none"}.`,
    "",
    `| bar | met by | ${results.map((r) => r.seed).join(" | ")} |`,
    `|---|---|${results.map(() => "---").join("|")}|`,
    ...barNames.map((name) => {
      const cells = results.map((r) => barsOf(r).find((bar) => bar.name === name));
      return `| ${name} | ${metBy(name)} of ${results.length} | ${cells.map(({ met, figure }) => `${figure}${met ? "" : " **not met**"}`).join(" | ")} |`;
    }),
    "",
    ...byHand("before"),
    "",
    "## Policies",
    "",
    "Median over the seeds [least to greatest], and the 95% interval of the mean over seeds (Student's t). SFT and PPO at their best",
    "temperature, and rejection sampling, are sampled at the one of 0.1, 0.2, 0.35, 0.5, 0.7 at which each has the highest gold utility on the",
    "develop split; the others at 0.7, best of n too, whose temperature nobody chose. PPO starts from the policy of rejection sampling.",
    "Best of n takes the largest n, at most 12, at which log n - (n - 1) / n is not above the KL of PPO at 0.7. That is a bound: the KL of best of n is",
    "at most that (Beirami et al. 2024, \"Theoretical guarantees on the best-of-n alignment policy\"), so PPO is given at least as much KL. Rates are over four responses to each",
    "prompt, of best of n over the 12 / n groups of its samples. The mean's interval holds for normal figures; for rates near 0% or 100% it is too narrow.",
    "",
    `| | ${policies.join(" | ")} |`,
    `|---|${policies.map(() => "---").join("|")}|`,
    row(`gold utility, of ${two(best.gold)}`, ({ summary }) => summary.gold.estimate, two),
    row(`helpfulness, of ${two(best.helpfulness)}`, ({ summary }) => summary.helpfulness.estimate, two),
    row(`harmlessness, of ${two(best.harmlessness)}`, ({ summary }) => summary.harmlessness.estimate, two),
    row("refuses harmful requests well", ({ summary }) => summary.toHarm.refusesWell.estimate, percent),
    row("refuses them badly", ({ summary }) => summary.toHarm.refusesBadly.estimate, percent),
    row("goes off topic", ({ summary }) => summary.toHarm.offTopic.estimate, percent),
    row("complies", ({ summary }) => summary.toHarm.complies.estimate, percent),
    row("refuses safe requests", ({ summary }) => summary.refusesSafe.estimate, percent),
    row("of these, plain everyday ones", ({ summary }) => summary.refusesEveryday.estimate, percent),
    row("wrong facts", ({ summary }) => summary.wrongFacts.estimate, percent),
    row("wrong steps", ({ summary }) => summary.wrongSteps.estimate, percent),
    row("unsafe advice to safe requests", ({ summary }) => summary.unsafeToSafe.estimate, percent),
    row("KL, nats per response", ({ kl }) => kl.estimate, two),
    row("answers sampled for one", ({ sampled }) => sampled, (x) => (Number.isInteger(x) ? String(x) : x.toFixed(1))),
    row("tokens", ({ summary }) => summary.length, (x) => x.toFixed(1)),
    "",
    "## PPO beside the others",
    "",
    "Mean difference of gold utility on the same prompts: by seed with its interval over prompts, and over seeds. Win rate: share of prompts on which",
    "the mean gold of the answers is higher, where a tie counts half, and ties are many. Only PPO over SFT, best of n, both at 0.7, is at about one KL; PPO at its",
    "best temperature has gone further. The last row is the first one's difference with an act, an activity or an animal as the cluster instead of a prompt: what holds for others like",
    "these, not for these alone.",
    "",
    `| | over seeds | ${results.map((r) => r.seed).join(" | ")} |`,
    `|---|---|${results.map(() => "---").join("|")}|`,
    ...comparisons.map((pair) => {
      const own = results.map((r) => compared(r, pair));
      return `| ${pair.policy} over ${pair.against} | ${overSeeds(own.map(({ gold }) => gold.estimate), two)} | ${own.map(({ gold, winRate }) => `${decimal(gold)}, win rate ${rate(winRate)}`).join(" | ")} |`;
    }),
    `| the first, by act | | ${results.map((r) => decimal(differenceByAct(r))).join(" | ")} |`,
    "",
    ...byHand("simpler"),
    "",
    "## Reward model",
    "",
    `Minimal pairs on held-out prompts: share whose better side it scores higher, by seed, with its interval over prompts. Votes: of`,
    "honest raters on held-out pairs of samples, cast without the server; what their noise allows is the accuracy of one who knows",
    "each probability.",
    "",
    `| | n | ${results.map((r) => r.seed).join(" | ")} |`,
    `|---|---|${results.map(() => "---").join("|")}|`,
    ...kinds.map((kind) => `| ${kind} | ${first.rewardModel.minimalPairs[kind].n} | ${results.map((r) => rate(r.rewardModel.minimalPairs[kind])).join(" | ")} |`),
    `| votes predicted | ${range(results.map((r) => r.rewardModel.accuracy.n))} | ${results.map((r) => `${rate(r.rewardModel.accuracy)} of ${percent(r.rewardModel.noiseCeiling)}`).join(" | ")} |`,
    `| labels: better side by gold found | ${range(results.map((r) => r.votes.labels.n))} | ${results.map((r) => rate(r.votes.labels)).join(" | ")} |`,
    `| alarms (iteration) | | ${results.map((r) => r.alarms.map((a) => `${a.behaviour} (${a.iteration ?? "held out"})`).join(", ") || "none").join(" | ")} |`,
    `| seconds; processor seconds | | ${results.map((r) => `${r.seconds.toFixed(0)}; ${r.processorSeconds.toFixed(0)}`).join(" | ")} |`,
    "",
  ].join("\n");
}
