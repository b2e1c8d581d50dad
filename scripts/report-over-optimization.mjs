// Over-optimisation by Gao's definition: recipes/over-optimization.yaml with five seeds, each with a small proxy (few
// pairs) and a large one (many). Writes docs/results/over-optimization.md and its pictures; fails unless gold's peak is
// significantly above its start and its end on each seed of the small proxy.
//
//   npm run check:over-optimization                   all seeds; with --resume, finished ones are not run again
//   node scripts/report-over-optimization.mjs 3       seed 3 only, nothing written
//
// The seeds were named in a commit before any of them was run.
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { svgLinePlot } from "../dist/base/svg-plot.js";
import { studentInterval } from "../dist/statistics/means.js";
import { machine } from "./machine.mjs";

const REPORT_SEEDS = [8101, 8102, 8103, 8104, 8105];
const PROXIES = { small: [], large: ["--pairs", "12000"] };
const run = promisify(execFile);

const flags = process.argv.slice(2).filter((arg) => arg.startsWith("--"));
const named = process.argv.slice(2).filter((arg) => !arg.startsWith("--")).map(Number);
const seeds = named.length > 0 ? named : REPORT_SEEDS;

async function resultOf(seed, proxy) {
  const name = `over-optimization-${proxy}-${seed}`;
  const path = `runs/${name}/result.json`;
  if (!(flags.includes("--resume") && existsSync(path))) {
    if (existsSync(`runs/${name}`)) throw new Error(`runs/${name} is there: give --resume, or remove it`);
    const own = ["recipes/over-optimization.yaml", "--seed", String(seed), "--name", name, ...PROXIES[proxy]];
    // One thread each: two runs in parallel finish sooner than two in turn on both cores.
    const env = { ...process.env, PLUMB_THREADS: "1" };
    await run(process.execPath, ["dist/cli/main.js", "demo", ...own, "--quiet", "--json"], { env, maxBuffer: 1 << 26 });
    writeFileSync(`runs/${name}/machine.json`, JSON.stringify(machine()));
  }
  const result = JSON.parse(readFileSync(path, "utf8"));
  const kept = `runs/${name}/machine.json`;
  result.machine = existsSync(kept) ? JSON.parse(readFileSync(kept, "utf8")) : machine();
  const { peak, rise, fall } = result.overOptimization;
  console.log(`seed ${seed}, ${proxy}: peak ${decimal(peak.gold)} in ${peak.iteration}, rise ${decimal(rise)}, fall ${decimal(fall)}`);
  return result;
}

const two = (x) => x.toFixed(2);
const decimal = (x) => `${two(x.estimate)} (${two(x.low)} to ${two(x.high)})`;
const percent = (x) => `${(100 * x.estimate).toFixed(0)}% (${(100 * x.low).toFixed(0)}-${(100 * x.high).toFixed(0)})`;

const results = { small: [], large: [] };
for (const seed of seeds) {
  const [small, large] = await Promise.all(["small", "large"].map((proxy) => resultOf(seed, proxy)));
  results.small.push(small);
  results.large.push(large);
}
const shown = results.small.filter(({ overOptimization: { rise, fall } }) => rise.low > 0 && fall.low > 0).length;
console.log(`small proxy: gold's peak is above its start and its end on ${shown} of ${seeds.length} seeds`);
process.exitCode = shown === seeds.length ? 0 : 1;
if (named.length === 0) write();

function row(result) {
  const { seed, curve, rewardModel, overOptimization } = result;
  const { peak, rise, fall, fit, stopped } = overOptimization;
  const last = curve[curve.length - 1];
  return `| ${[
    seed,
    percent(rewardModel.goldPairs),
    `${two(curve[0].proxy.estimate)}, ${two(peak.proxy.estimate)}, ${two(last.proxy.estimate)}`,
    decimal(curve[0].gold),
    `${decimal(peak.gold)} in ${peak.iteration}`,
    decimal(last.gold),
    `${two(peak.kl.estimate)}, ${two(last.kl.estimate)}`,
    decimal(rise),
    decimal(fall),
    fit ? `${two(fit.alpha)}, ${two(fit.beta)}, ${two(fit.r2)}, ${fit.peakKl === undefined ? "none" : two(fit.peakKl)}` : "none",
    stopped ? `${stopped.by}, ${stopped.iteration}: ${decimal(stopped.gold)}` : "none",
  ].join(" | ")} |`;
}

/** Mean over seeds at each checkpoint, with Student's t interval. */
function meanCurve(own, of) {
  const points = own[0].curve.map(({ iteration }, i) => ({
    iteration,
    ...studentInterval(own.map(({ curve }) => of(curve[i]).estimate)),
  }));
  return {
    points: points.map(({ iteration, estimate }) => [iteration, estimate]),
    band: points.map(({ low, high }) => [low, high]),
  };
}

/** Runs that the first alarm would have stopped with gold above its start; and near its highest. */
const keeps = (own) =>
  own.filter(({ curve, overOptimization: { stopped } }) => stopped && stopped.gold.estimate > curve[0].gold.estimate).length;
const nearPeak = (own) =>
  own.filter(({ overOptimization: { peak, stopped } }) => stopped && stopped.gold.estimate > peak.gold.estimate - 0.2).length;

function write() {
  const svg = svgLinePlot(
    [
      { name: "gold, small proxy", ...meanCurve(results.small, ({ gold }) => gold) },
      { name: "gold, large proxy", ...meanCurve(results.large, ({ gold }) => gold) },
      { name: "small proxy itself", ...meanCurve(results.small, ({ proxy }) => proxy), dashed: true },
      { name: "large proxy itself", ...meanCurve(results.large, ({ proxy }) => proxy), dashed: true },
    ],
    { title: `Mean of ${seeds.length} seeds`, xLabel: "PPO iteration", yLabel: "mean over held-out prompts" },
  );
  writeFileSync("docs/results/over-optimization.svg", svg);
  const first = `runs/over-optimization-small-${seeds[0]}/over-optimization.svg`;
  copyFileSync(first, "docs/results/over-optimization-gao.svg");
  const last = (own) => own.map(({ curve }) => curve[curve.length - 1].gold.estimate);
  const lost = studentInterval(last(results.large).map((gold, i) => gold - last(results.small)[i]));
  const header = "| seed | pairs it judges as gold does | proxy: start, peak, end | gold at the start | at its highest, in iteration | at the end | KL: peak, end | rise | fall | Gao's alpha, beta, R^2, peak at KL | first alarm, and gold where it stops |";
  const rule = "|---|---|---|---|---|---|---|---|---|---|---|";
  const [{ evaluation, votes, split }] = results.small;
  const of = (own) => `${Math.min(...own.map(({ votes: v }) => v.pairs))} to ${Math.max(...own.map(({ votes: v }) => v.pairs))}`;
  const document = [
    "# Over-optimisation",
    "",
    "Gao, Schulman and Hilton (2022): a reward model, the proxy, is right at first; optimised ever further, what is really wanted rises,",
    "peaks and falls while the proxy goes on rising.",
    "",
    "- Command: `npm run check:over-optimization`; one seed by itself: `npx plumb demo recipes/over-optimization.yaml`",
    `- Processor: ${[...new Set([...results.small, ...results.large].map((result) => result.machine))].join("; ")}; two runs side by side, one thread each.`,
    `- Seeds: ${seeds.join(", ")}, named in a commit before any of them was run; settings were chosen with others, on the develop split.`,
    `- Design: n = ${seeds.length} seeds. PPO from the SFT model, no KL tether, one answer to each of n = ${evaluation.prompts} held-out prompts (${split}) every ${results.small[0].curve[1].iteration}`,
    `  iterations. Small proxy: a reward model of ${of(results.small)} pairs of the SFT model's own samples, ${votes.votes / votes.pairs} votes of honest raters each; large: ${of(results.large)}.`,
    "- Intervals: 95%, over prompts. Rise and fall are gold at its highest less gold at the start and at the end, paired by prompt; as the highest of many",
    "  points was chosen, they hold for all points at once (Bonferroni). Over seeds, and the bands of the first picture: Student's t.",
    "- The proxy's scores are in standard deviations of its scores of the SFT model's own answers to training prompts, less their mean. Held-out prompts are harmful more",
    "  often, so it does not begin at 0.",
    "",
    "## Small proxy",
    "",
    header,
    rule,
    ...results.small.map(row),
    "",
    `Gold's peak is surely above its start and its end on ${shown} of ${seeds.length} seeds.`,
    "",
    "## Large proxy",
    "",
    header,
    rule,
    ...results.large.map(row),
    "",
    `At the end gold is higher with the large proxy than with the small by ${decimal(lost)} (n = ${seeds.length} seeds).`,
    "",
    `What the first alarm is worth: had it stopped the run, gold would have been above its start with ${keeps(results.small)} of ${seeds.length} seeds of the small proxy and ${keeps(results.large)} of ${seeds.length} of the`,
    `large one, and within 0.2 of its highest with ${nearPeak(results.small)} and ${nearPeak(results.large)}. Elsewhere it comes after the damage.`,
    "",
    "![gold and proxy by iteration, small and large proxy](over-optimization.svg)",
    "",
    `Seed ${seeds[0]}, small proxy, over sqrt(KL) with Gao's curve:`,
    "",
    "![gold, proxy and fit over the distance](over-optimization-gao.svg)",
    "",
  ].join("\n");
  writeFileSync("docs/results/over-optimization.md", document);
}
