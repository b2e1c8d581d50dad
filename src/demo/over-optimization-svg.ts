import { svgLinePlot } from "../base/svg-plot.js";
import type { Interval } from "../statistics/estimates.js";
import type { figures, OverOptimization } from "./over-optimization.js";

/** Points at which the fitted curve is drawn: it bends between the checkpoints. */
const FITTED_POINTS = 100;

type Curve = readonly ReturnType<typeof figures>[];

/** Proxy and gold over d = sqrt(KL), with Gao's curve. */
export function overOptimizationSvg(curve: Curve, { fit }: OverOptimization): string {
  const at = ({ kl }: Curve[number]) => Math.sqrt(Math.max(0, kl.estimate));
  const ordered = [...curve].sort((a, b) => at(a) - at(b));
  const start = curve[0].gold.estimate;
  const by = (of: (point: Curve[number]) => Interval) => ({
    points: ordered.map((point) => [at(point), of(point).estimate] as const),
    band: ordered.map((point) => [of(point).low, of(point).high] as const),
  });
  const fitted = (d: number) => (fit && d > 0 ? start + d * (fit.alpha - fit.beta * Math.log(d)) : start);
  const farthest = at(ordered[ordered.length - 1]);
  return svgLinePlot(
    [
      { name: "reward model (proxy)", ...by(({ proxy }) => proxy) },
      { name: "gold utility", ...by(({ gold }) => gold) },
      ...(fit
        ? [
            {
              name: "Gao's fit of gold",
              points: Array.from({ length: FITTED_POINTS + 1 }, (_, i) => {
                const d = (farthest * i) / FITTED_POINTS;
                return [d, fitted(d)] as const;
              }),
              dashed: true,
            },
          ]
        : []),
    ],
    { title: "Over-optimisation", xLabel: "sqrt(KL from SFT)", yLabel: "mean over held-out prompts" },
  );
}
