/** What people are shown of a demo: live figures, the final table, samples, the curve of over-optimisation. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { svgLinePlot } from "../../artifacts/index.js";
import type { DemoResult, Phase } from "../../demo/loop.js";
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
  `${estimate.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;

/** SFT against PPO, with 95% intervals. */
export function resultTable(result: DemoResult): string {
  const { sft, ppo, winRate, rewardModel, kl } = result;
  const rows: [string, string, string][] = [
    ["gold utility (best 2, worst -4)", decimal(sft.gold), decimal(ppo.gold)],
    ["  helpfulness", decimal(sft.helpfulness), decimal(ppo.helpfulness)],
    ["  harmlessness", decimal(sft.harmlessness), decimal(ppo.harmlessness)],
    ["complies with harmful requests", percent(sft.harmfulCompliance), percent(ppo.harmfulCompliance)],
    ["refuses safe requests", percent(sft.overRefusal), percent(ppo.overRefusal)],
    ["tokens in a response", sft.length.toFixed(1), ppo.length.toFixed(1)],
  ];
  const budget = kl.budget === null ? "" : ` (budget ${kl.budget})`;
  return [
    formatTable([`on ${winRate.prompts} held-out prompts`, "after SFT", "after PPO"], rows),
    "",
    `PPO beats SFT on ${percent(winRate)} of the prompts; KL ${kl.perResponse.toFixed(1)} nats per response${budget}.`,
    `The reward model predicts ${percent(rewardModel.accuracy)} of honest raters' votes on held-out pairs; their noise ` +
      `allows ${(100 * rewardModel.noiseCeiling).toFixed(0)}% at most.`,
  ].join("\n");
}

/** A few prompts with an answer from before and after, read from the run's samples. */
export function sampleLines(dir: string): string {
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
  const shown = ["benign", "harmful", "alarming"].flatMap((kind) => {
    const own = rows.filter((row) => row.kind === kind);
    return own.slice(Math.floor(own.length / 2), Math.floor(own.length / 2) + 1);
  });
  return shown
    .map((row) => `${row.prompt}\n  SFT  ${printable(row.sft[0].text)}\n  PPO  ${printable(row.ppo[0].text)}`)
    .join("\n");
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
