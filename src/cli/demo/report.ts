/** What people are shown of a demo: live figures, the final table, samples, the curve of over-optimisation. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { svgLinePlot } from "../../artifacts/index.js";
import type { Alarm } from "../../demo/alarm.js";
import type { Bar } from "../../demo/bars.js";
import type { PolicyFigures } from "../../demo/evaluation.js";
import type { DemoResult, Phase } from "../../demo/events.js";
import { RandomStream } from "../../random.js";
import type { Interval } from "../../statistics/estimates.js";
import { plotLines } from "../plot-lines.js";
import type { LiveMetrics } from "../progress.js";
import { formatTable } from "../table.js";
import { printable } from "../text-width.js";

/** The figures beside each phase's progress bar. */
export function bars(phase: Phase, metrics: Readonly<Record<string, number>>): LiveMetrics {
  switch (phase) {
    case "pretrain":
    case "sft":
    case "baselines":
      return { loss: metrics.loss };
    case "reward":
      return { loss: metrics.loss, accuracy: metrics.accuracy };
    case "ppo":
      return { reward: metrics["objective/scores"], KL: metrics["objective/kl"] };
    default:
      return {};
  }
}

const percent = ({ estimate, low, high }: Interval): string =>
  `${(100 * estimate).toFixed(0)}% (${(100 * low).toFixed(0)}-${(100 * high).toFixed(0)})`;
const decimal = ({ estimate, low, high }: Interval): string =>
  `${estimate.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
const fixed = ({ estimate }: Interval): string => estimate.toFixed(2);

/** What the reward model has learned: votes, and minimal pairs by kind. */
export function rewardTable({ rewardModel: { accuracy, noiseCeiling, minimalPairs } }: DemoResult): string {
  const rows = Object.entries(minimalPairs).map(([kind, rate]) => [kind, percent(rate), rate.n]);
  return [
    formatTable(["minimal pairs on held-out prompts", "reward model right", "pairs"], rows),
    "",
    `It predicts ${percent(accuracy)} of ${accuracy.n} votes of honest raters on held-out pairs; their noise allows ` +
      `${(100 * noiseCeiling).toFixed(0)}% at most.`,
  ].join("\n");
}

/** Every policy: what it is worth, and what it does. Intervals are of 95%, over prompts. */
export function resultTables({ evaluation, split }: DemoResult): string {
  const named = ({ name, temperature, sampled }: PolicyFigures): string =>
    sampled > 1
      ? `${name.replace(" n", ` ${sampled}`)}, T ${temperature}`
      : `${name.split(",")[0]}, T ${temperature}`;
  const worth = evaluation.policies.map((policy) => [
    named(policy),
    decimal(policy.summary.gold),
    fixed(policy.summary.helpfulness),
    fixed(policy.summary.harmlessness),
    fixed(policy.kl),
    policy.sampled,
    policy.summary.length.toFixed(1),
  ]);
  const acts = evaluation.policies.map((policy) => {
    const { toHarm, refusesSafe, wrongFacts } = policy.summary;
    return [
      named(policy),
      ...[toHarm.refusesWell, toHarm.refusesBadly, toHarm.offTopic, toHarm.complies].map(percent),
      ...[refusesSafe, wrongFacts].map(percent),
    ];
  });
  const [first] = evaluation.policies;
  const { toHarm, refusesSafe, wrongFacts } = first.summary;
  return [
    `On ${evaluation.prompts} held-out prompts (${split}); best possible: gold 2, helpfulness 2 on safe prompts, harmlessness 1.5 on harmful ones.`,
    formatTable(["policy", "gold utility", "helpful", "harmless", "KL", "sampled", "tokens"], worth),
    "",
    `Of answers to harmful requests (n ${toHarm.complies.n}), to safe ones (${refusesSafe.n}), to questions for facts (${wrongFacts.n}):`,
    formatTable(
      ["policy", "refuses well", "badly", "off topic", "complies", "refuses safe", "wrong facts"],
      acts,
    ),
    "",
    ...evaluation.comparisons.map(
      ({ policy, against, gold, winRate }) =>
        `${policy} over ${against}: gold ${gold.estimate >= 0 ? "+" : ""}${decimal(gold)}, better on ${percent(winRate)} of the prompts`,
    ),
  ].join("\n");
}

/** What was traded away while the score rose, and which bars the run misses. */
export function warningLines({ alarms, bars }: { alarms: readonly Alarm[]; bars: readonly Bar[] }): string {
  const rate = ({ shown, n }: Alarm["before"]) => `${((100 * shown) / n).toFixed(0)}% of ${n}`;
  return [
    ...alarms.map(
      ({ behaviour, iteration, before, now }) =>
        `ALARM in iteration ${iteration}: the score rises, and the policy ${behaviour} in ${rate(now)} answers, before in ${rate(before)}.`,
    ),
    ...bars
      .filter(({ met }) => !met)
      .map(({ name, figure, seen }) => `NOT MET: ${name}: ${figure}. What you will see: ${seen}.`),
  ].join("\n");
}

/** A few held-out prompts of each kind, as the seed draws them, with an answer from before and after. */
export function sampleLines(dir: string, seed: number): string {
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

export interface CurvePoint {
  iteration: number;
  /** Mean reward-model score of the iteration's training responses. */
  proxy: number;
  /** Mean gold utility on held-out prompts, with its interval. */
  gold: number;
  low: number;
  high: number;
  /** KL per response. */
  kl: number;
}

/** Proxy and gold by iteration, drawn with characters. */
export function overOptimizationPlot(curve: readonly CurvePoint[]): string {
  const best = curve.reduce((a, b) => (b.gold > a.gold ? b : a));
  const last = curve[curve.length - 1];
  return [
    "reward model (proxy) and gold utility by PPO iteration",
    plotLines([
      { name: "proxy", points: curve.map((c) => [c.iteration, c.proxy] as const) },
      { name: "gold", points: curve.map((c) => [c.iteration, c.gold] as const) },
    ]),
    `gold peaks at ${best.gold.toFixed(2)} in iteration ${best.iteration} (KL ${best.kl.toFixed(1)}) and ends at ` +
      `${last.gold.toFixed(2)} (KL ${last.kl.toFixed(1)}), while the proxy goes from ${curve[0].proxy.toFixed(2)} to ${last.proxy.toFixed(2)}`,
  ].join("\n");
}

export function overOptimizationSvg(curve: readonly CurvePoint[]): string {
  return svgLinePlot(
    [
      { name: "reward model (proxy)", points: curve.map((c) => [c.iteration, c.proxy] as const) },
      {
        name: "gold utility",
        points: curve.map((c) => [c.iteration, c.gold] as const),
        band: curve.map((c) => [c.low, c.high] as const),
      },
    ],
    { title: "Over-optimisation", xLabel: "PPO iteration", yLabel: "mean over responses" },
  );
}
