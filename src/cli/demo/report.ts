/** The report of a demo: the final tables, samples, and the curve of over-optimisation. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RandomStream } from "../../base/random.js";
import type { Alarm } from "../../demo/alarm.js";
import type { Bar } from "../../demo/bars.js";
import { POLICY_NAMES } from "../../demo/evaluation.js";
import type { DemoResult } from "../../demo/events.js";
import type { PolicyFigures } from "../../demo/held-out.js";
import type { figures, OverOptimization } from "../../demo/over-optimization.js";
import { bestPossible } from "../../demo/policies.js";
import { DATABASE, type DemoRun } from "../../demo/run.js";
import type { Interval } from "../../statistics/estimates.js";
import { asCalled } from "../called-as.js";
import { plotLines } from "../plot-lines.js";
import { formatDuration } from "../progress.js";
import { formatTable } from "../table.js";
import { printable } from "../text-width.js";
import { raterTable } from "./rater-table.js";

const percent = ({ estimate, low, high }: Interval): string =>
  `${(100 * estimate).toFixed(0)}% (${(100 * low).toFixed(0)}-${(100 * high).toFixed(0)})`;
const decimal = ({ estimate, low, high }: Interval): string =>
  `${estimate.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
const fixed = ({ estimate }: Interval): string => estimate.toFixed(2);

/** What the reward model has learned: votes, and minimal pairs by kind. */
function rewardTable({ rewardModel: { accuracy, noiseCeiling, minimalPairs } }: DemoResult): string {
  const rows = Object.entries(minimalPairs).map(([kind, rate]) => [kind, percent(rate), rate.n]);
  return [
    formatTable(["minimal pairs on held-out prompts", "reward model right", "pairs"], rows),
    "",
    `It predicts ${percent(accuracy)} of ${accuracy.n} votes of honest raters on held-out pairs; their noise allows ` +
      `${(100 * noiseCeiling).toFixed(0)}% at most.`,
  ].join("\n");
}

/** Scores and behaviour of every policy, in tables of some 80 columns. Intervals are 95%, over prompts. */
function resultTables({ evaluation, split }: DemoResult): string {
  const named = ({ name, temperature, sampled }: PolicyFigures): string => {
    const short = name === POLICY_NAMES.bestOf ? name.replace(" n", ` ${sampled}`) : name.split(",")[0];
    return `${short}, T ${temperature}`;
  };
  const worth = evaluation.policies.map((policy) => [
    named(policy),
    decimal(policy.summary.gold),
    fixed(policy.summary.helpfulness),
    fixed(policy.summary.harmlessness),
    fixed(policy.kl),
    policy.sampled,
  ]);
  const toHarmful = evaluation.policies.map((policy) => {
    const { refusesWell, refusesBadly, offTopic, complies } = policy.summary.toHarm;
    return [named(policy), ...[refusesWell, refusesBadly, offTopic, complies].map(percent)];
  });
  const toSafe = evaluation.policies.map((policy) => {
    const { refusesSafe, unsafeToSafe, wrongFacts, wrongSteps, length } = policy.summary;
    const rates = [refusesSafe, unsafeToSafe, wrongFacts, wrongSteps].map(percent);
    return [named(policy), ...rates, length.toFixed(1)];
  });
  const [first] = evaluation.policies;
  const { toHarm, refusesSafe } = first.summary;
  const best = bestPossible(first.summary);
  /** How many answers a rate is of; best of n gives fewer than the others. */
  const n = (of: (summary: PolicyFigures["summary"]) => { n: number }): string => {
    const counts = evaluation.policies.map(({ summary }) => of(summary).n);
    return [...new Set([Math.min(...counts), Math.max(...counts)])].join(" to ");
  };
  return [
    `On ${evaluation.prompts} held-out prompts (${split}${split === "develop" ? ", on which temperatures are chosen, too" : ""}), ${refusesSafe.clusters} safe and ${toHarm.complies.clusters} harmful. Best possible means: gold ${best.gold.toFixed(2)}, ` +
      `helpful ${best.helpfulness.toFixed(2)}, harmless ${best.harmlessness.toFixed(2)}.\n` +
      `T: sampling temperature. KL: nats from SFT at its usual one, of best of n at most. Drawn: answers sampled for the one given.`,
    formatTable(["policy", "gold utility", "helpful", "harmless", "KL", "drawn"], worth),
    "",
    `Of answers to harmful requests (n ${n((summary) => summary.toHarm.complies)}):`,
    formatTable(["policy", "refuses well", "badly", "off topic", "complies"], toHarmful),
    "",
    `Of answers to safe requests (n ${n((summary) => summary.refusesSafe)}), to questions for facts among them (${n((summary) => summary.wrongFacts)}), to requests for steps (${n((summary) => summary.wrongSteps)}); tokens of all answers:`,
    formatTable(["policy", "refuses", "unsafe", "wrong facts", "wrong steps", "tokens"], toSafe),
    "",
    ...evaluation.comparisons.map(
      ({ policy, against, gold, winRate: { n: prompts, wins, ties, losses } }) =>
        `${policy} over ${against}: gold ${gold.estimate >= 0 ? "+" : ""}${decimal(gold)}; better on ${wins} of ${prompts} prompts, equal on ${ties}, worse on ${losses}`,
    ),
  ].join("\n");
}

/** Behaviour that got worse while the score rose, and the bars that the run misses. */
function warningLines({ alarms, bars }: { alarms: readonly Alarm[]; bars: readonly Bar[] }): string {
  const rate = ({ shown, n }: Alarm["before"]) => `${((100 * shown) / n).toFixed(0)}% of ${n}`;
  return [
    ...alarms.map(({ behaviour, iteration, before, now }) =>
      iteration === null
        ? `ALARM on held-out prompts: gold is higher, and the policy ${behaviour} in ${rate(now)} answers, SFT in ${rate(before)}.`
        : `ALARM in iteration ${iteration}: the score rises, and the policy ${behaviour} in ${rate(now)} answers, before in ${rate(before)}.`,
    ),
    ...bars
      .filter(({ met }) => !met)
      .map(({ name, figure, seen }) => `NOT MET: ${name}: ${figure}. What you will see: ${seen}.`),
  ].join("\n");
}

/** A few held-out prompts of each kind, drawn by the seed, with an answer from before PPO and one from after. */
function sampleLines(dir: string, seed: number): string {
  interface Row {
    prompt: string;
    kind: string;
    sft: { text: string }[];
    ppo: { text: string }[];
  }
  const rows = readFileSync(join(dir, "samples.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
  const shown = ["benign", "alarming", "harmful"].flatMap((kind) => {
    const own = rows.filter((row) => row.kind === kind);
    return new RandomStream(seed, `cli/demo/shown/${kind}`).shuffled(own).slice(0, 2);
  });
  return [
    "Unselected prompts, and the first answer of each policy at its best temperature:",
    ...shown.map(
      (row) => `${row.prompt}\n  SFT  ${printable(row.sft[0].text)}\n  PPO  ${printable(row.ppo[0].text)}`,
    ),
  ].join("\n");
}

/** How many bars the run misses, and how many alarms it raised: at the end, where a reader looks. */
function verdict({ alarms, bars }: { alarms: readonly Alarm[]; bars: readonly Bar[] }): string {
  const missed = bars.filter(({ met }) => !met).length;
  const met =
    missed === 0
      ? `All ${bars.length} bars are met`
      : `NOT MET: ${missed} of ${bars.length} bars, named above`;
  const raised =
    alarms.length === 0
      ? "no alarm was raised"
      : `${alarms.length === 1 ? "1 alarm" : `${alarms.length} alarms`}, above`;
  return `${met}; ${raised}.`;
}

type Curve = readonly ReturnType<typeof figures>[];

/** Proxy and gold by iteration, drawn with characters, and what they show. */
function overOptimizationPlot(curve: Curve, shown: OverOptimization): string {
  const { peak, rise, fall, fit, stopped } = shown;
  const last = curve[curve.length - 1];
  const by = (of: (point: Curve[number]) => Interval) =>
    curve.map((point) => [point.iteration, of(point).estimate] as const);
  return [
    "reward model (proxy) and gold utility by PPO iteration",
    plotLines([
      { name: "proxy", points: by(({ proxy }) => proxy) },
      { name: "gold", points: by(({ gold }) => gold) },
    ]),
    `Gold is highest in iteration ${peak.iteration}, at ${fixed(peak.kl)} nats: ${decimal(peak.gold)}. It rose by ${decimal(rise)} and ` +
      `then fell by ${decimal(fall)} to the end, at ${fixed(last.kl)} nats; the proxy went from ${fixed(curve[0].proxy)} to ` +
      `${fixed(peak.proxy)} at the peak and ${fixed(last.proxy)} at the end.`,
    overOptimizationVerdict(shown),
    ...(fit
      ? [
          `Gao's curve, gold = start + d (alpha - beta log d) with d = sqrt(KL): alpha ${fit.alpha.toFixed(2)}, beta ${fit.beta.toFixed(2)}, ` +
            `R^2 ${fit.r2.toFixed(2)}${fit.peakKl === undefined ? "" : `; highest at ${fit.peakKl.toFixed(1)} nats`}.`,
        ]
      : []),
    stopped
      ? `The first alarm (${stopped.by}) would have stopped it in iteration ${stopped.iteration}, with gold ${decimal(stopped.gold)}.`
      : "No alarm was raised.",
  ].join("\n");
}

function overOptimizationVerdict({ rise, fall }: OverOptimization): string {
  if (rise.low > 0 && fall.low > 0) return "Over-optimisation: gold rose and fell, both beyond chance.";
  if (fall.low > 0) return "Gold fell and never surely rose: a proxy that was wrong from the start.";
  return rise.low > 0
    ? "Gold rose and has not surely fallen: no over-optimisation yet."
    : "Gold neither surely rose nor surely fell.";
}

/** The whole report of a finished demo. */
export function demoReport(result: DemoRun): string {
  const dir = result.run;
  const parts = [raterTable(result.votes), rewardTable(result), resultTables(result), warningLines(result)];
  if (result.curve && result.overOptimization)
    parts.push(overOptimizationPlot(result.curve, result.overOptimization));
  parts.push(sampleLines(dir, result.seed));
  parts.push(
    verdict(result),
    `${formatDuration(result.seconds)} in all. Figures with intervals: ${join(dir, "result.json")}`,
    ...[
      `The votes: plumb serve --db ${join(dir, DATABASE)}; their audit log: plumb audit verify --db ${join(dir, DATABASE)}`,
      `What it was made from: plumb lineage ${dir}`,
      `Talk to it: plumb generate --model ${join(dir, "policy")} --chat --prompt "What colour is the crab?"`,
    ].map((line) => asCalled(line)),
  );
  return parts.filter((part) => part !== "").join("\n\n");
}
