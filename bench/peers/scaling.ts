import { type Spread, spread } from "../../src/bench/machine.js";
import { SMOLLM2_135M } from "../../src/bench/shapes.js";
import { LORA, TrainingStep } from "../../src/bench/steps.js";
import { randomWeights } from "../../src/model/create.js";
import type { Weights } from "../../src/model/network.js";
import { expectedWeights } from "../../src/model/weight-names.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { fitLine } from "./fit.js";
import { significant, table } from "./report.js";

interface Point {
  rows: number;
  length: number;
  rank: number;
  layers: number;
}

const START: Point = { rows: 8, length: 128, rank: 16, layers: 30 };
/** One quantity grows, the others stay as in START. */
const AXES: { [K in keyof Point]: readonly number[] } = {
  rows: [1, 2, 4, 8, 16],
  length: [32, 64, 128, 256, 512],
  rank: [4, 8, 16, 32, 64],
  layers: [6, 12, 18, 24, 30],
};
const WARM_UP = 2;

/** The quantities on which a LoRA step's time may depend. */
export const SCALING_AXES = Object.keys(AXES) as (keyof Point)[];

/**
 * How a LoRA step's time grows with its work, as tables in Markdown. The points of an axis are measured in turn.
 * @param sections known sections by axis; the others are added, and `onSection` is called after each.
 */
export async function scaling(
  sections: Record<string, string>,
  {
    threads,
    repeats,
    onProgress,
    onSection,
  }: {
    threads: number;
    repeats: number;
    onProgress: (text: string) => void;
    onSection: () => Promise<void>;
  },
): Promise<void> {
  const missing = SCALING_AXES.filter((axis) => sections[axis] === undefined);
  if (missing.length === 0) return onProgress("scaling: all of it was done before");
  const runtime = new OrtRuntime({ threads });
  const weights = randomWeights(runtime, SMOLLM2_135M, 0);
  for (const axis of missing) {
    onProgress(`scaling: ${axis}`);
    const steps = AXES[axis].map((value) => trainingStep(runtime, weights, { ...START, [axis]: value }));
    const times = steps.map((): number[] => []);
    for (let round = -WARM_UP; round < repeats; round++) {
      for (const [i, step] of steps.entries()) {
        const milliseconds = await step.run();
        if (round >= 0) times[i].push(milliseconds);
      }
    }
    sections[axis] = section(axis, steps, times.map(spread));
    await onSection();
  }
}

/** A step of the model cut to its first layers, without the later layers' weights. */
function trainingStep(
  runtime: OrtRuntime,
  all: Weights,
  { rows, length, rank, layers }: Point,
): TrainingStep {
  const config = { ...SMOLLM2_135M, layers };
  const weights = new Map([...expectedWeights(config).keys()].map((name) => [name, all.get(name)!]));
  const lora = { ...LORA, r: rank, alpha: 2 * rank };
  return new TrainingStep(runtime, config, weights, "lora", rows, length, { lora });
}

function section(axis: keyof Point, steps: readonly TrainingStep[], times: readonly Spread[]): string {
  const work = steps.map(({ flops }) => flops / 1e9);
  const fit = fitLine(
    work,
    times.map(({ median }) => median),
  );
  const rows = AXES[axis].map((value, i) => [
    String(value),
    work[i].toFixed(0),
    `${significant(times[i].median)} (${significant(times[i].min)}-${significant(times[i].max)})`,
    significant((1000 * work[i]) / times[i].median),
    i === 0 ? "" : fit.slopes[i - 1].toFixed(2),
  ]);
  const bend =
    fit.bend === undefined
      ? "no bend"
      : `bends between ${AXES[axis][fit.bend]} and ${AXES[axis][fit.bend + 1]}`;
  return [
    `${axis}: ${significant(fit.fixed)} ms + ${significant(fit.perUnit)} ms a GFLOP, R^2 ${fit.r2.toFixed(4)}; ${bend}`,
    table([axis, "GFLOP", "ms (min-max)", "GFLOP/s", "slope, fit = 1"], rows),
  ].join("\n\n");
}
