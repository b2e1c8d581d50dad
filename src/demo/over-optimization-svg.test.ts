import { beforeEach, expect, it, vi } from "vitest";
import type { SvgPlotOptions, SvgSeries } from "../base/svg-plot.js";
import type { OverOptimization } from "./over-optimization.js";
import { overOptimizationSvg } from "./over-optimization-svg.js";

const drawn = vi.hoisted(() => ({ series: [] as unknown[], options: {} as unknown }));
vi.mock("../base/svg-plot.js", () => ({
  svgLinePlot: (series: SvgSeries[], options: SvgPlotOptions) => {
    Object.assign(drawn, { series, options });
    return "<svg>";
  },
}));
beforeEach(() => Object.assign(drawn, { series: [], options: {} }));

const interval = (estimate: number) => ({ estimate, low: estimate - 0.5, high: estimate + 0.25 });
/** Measured again at a smaller distance in the end; a KL of samples may be below 0. */
const curve = [
  { iteration: 0, kl: interval(-0.01), proxy: interval(0), gold: interval(1) },
  { iteration: 1, kl: interval(4), proxy: interval(2), gold: interval(3) },
  { iteration: 2, kl: interval(1), proxy: interval(1), gold: interval(2) },
];
const of = (fit: OverOptimization["fit"]) => overOptimizationSvg(curve, { fit } as OverOptimization);
const measured = [
  {
    name: "reward model (proxy)",
    points: [
      [0, 0],
      [1, 1],
      [2, 2],
    ],
    band: [
      [-0.5, 0.25],
      [0.5, 1.25],
      [1.5, 2.25],
    ],
  },
  {
    name: "gold utility",
    points: [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
    band: [
      [0.5, 1.25],
      [1.5, 2.25],
      [2.5, 3.25],
    ],
  },
];

it("shows proxy and gold with their intervals in order of the distance, and Gao's curve from the first gold on", () => {
  expect(of({ alpha: 0.5, beta: 0.25, r2: 1, peakKl: 9 })).toBe("<svg>");
  const [fit] = drawn.series.slice(2) as SvgSeries[];
  expect(drawn.series).toEqual([...measured, { ...fit, name: "Gao's fit of gold", dashed: true }]);
  expect(fit.points.map(([d]) => d)).toEqual(Array.from({ length: 101 }, (_, i) => (2 * i) / 100));
  // R(1) = 0.5; R(2) = 2 (0.5 - 0.25 log 2); between checkpoints it is the curve, not a line.
  for (const [at, gold] of [
    [0, 1],
    [25, 1 + 0.5 * (0.5 - 0.25 * Math.log(0.5))],
    [50, 1.5],
    [100, 1 + 2 * (0.5 - 0.25 * Math.LN2)],
  ])
    expect(fit.points[at][1]).toBeCloseTo(gold, 12);
  expect(drawn.options).toEqual({
    ...{ title: "Over-optimisation", xLabel: "sqrt(KL from SFT)", yLabel: "mean over held-out prompts" },
  });
});

it("shows no curve where none was fitted", () => {
  of(undefined);
  expect(drawn.series).toEqual(measured);
});
