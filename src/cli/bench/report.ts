import type { BenchResult } from "../../bench/index.js";
import type { Spread } from "../../bench/machine.js";
import { formatTable } from "../table.js";

const range = ({ median, min, max }: Spread, digits = 0): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`;

/** The figures as a table for people. */
export function benchReport(r: BenchResult, out: string): string {
  const rows: [string, string, string][] = [
    ["bare 2048^3 matrix product", `${range(r.matrixProductGflops)} GFLOP/s`, ""],
    ["reading memory", `${range(r.memoryReadGBs, 1)} GB/s`, ""],
    step("LoRA step, r = 16", r.lora),
    step("full training step", r.full),
    ...r.decode.map(({ batch, millisecondsPerStep, tokensPerSecond }): [string, string, string] => [
      `decoding, batch ${batch}`,
      `${range(millisecondsPerStep, 1)} ms a step, ${tokensPerSecond.toFixed(0)} tokens/s`,
      batch === 1
        ? `${r.decodeOverRead.toFixed(2)} x reading the weights once`
        : `${(tokensPerSecond / r.decode[0].tokensPerSecond).toFixed(1)} x batch 1`,
    ]),
    ["decoding, room for 2,048 tokens", "", `${r.decodeCapacity.toFixed(2)} x the step with room for 128`],
    [
      "PPO iteration",
      `${(r.ppo.milliseconds / 1000).toFixed(1)} s`,
      `${(100 * r.ppo.outsideShare).toFixed(1)}% outside compiled programs`,
    ],
  ];
  return [
    `${r.machine.cpu}, ${r.machine.threads} threads; ${r.shape}'s shape, f32, steps of ${r.rows} x ${r.length} tokens`,
    formatTable(["what", "median (min-max)", "ratio"], rows),
    `written to ${out}`,
  ].join("\n\n");
}

const step = (name: string, figures: BenchResult["lora"]): [string, string, string] => [
  name,
  `${range(figures.tokensPerSecond)} tokens/s, ${range(figures.gflops)} GFLOP/s`,
  `${range(figures.ratio, 2)} of the bare product`,
];
