import { join } from "node:path";
import { writeFileAtomically } from "../artifacts/index.js";
import { svgLinePlot } from "../base/svg-plot.js";
import { stepMetrics } from "./step-metrics.js";

const CURVES = [
  {
    file: "reward.svg",
    title: "Reward",
    key: "objective/scores",
    yLabel: "mean reward of an iteration's responses",
  },
  { file: "kl.svg", title: "KL to the reference", key: "objective/kl", yLabel: "nats per response" },
];

/** Draws reward.svg and kl.svg from the metrics of an online method's run. @param method its name on the axis. */
export async function drawCurves(runDir: string, method: string): Promise<void> {
  const rows = await stepMetrics(runDir);
  if (rows.length === 0) return;
  for (const { file, title, key, yLabel } of CURVES) {
    const points = rows.map((row) => [row.step, row[key]] as const);
    const series = [
      { name: "each iteration", points, dashed: true },
      { name: "mean of the last 8", points: smoothed(points, 8) },
    ];
    const svg = svgLinePlot(series, { title, xLabel: `${method} iteration`, yLabel });
    await writeFileAtomically(join(runDir, file), svg);
  }
}

const smoothed = (points: readonly (readonly [number, number])[], width: number) =>
  points.map(([x], i) => {
    const window = points.slice(Math.max(0, i + 1 - width), i + 1);
    return [x, window.reduce((n, [, y]) => n + y, 0) / window.length] as const;
  });
