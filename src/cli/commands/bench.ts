import { z } from "zod";
import { writeFileAtomically } from "../../artifacts/index.js";
import { type BenchResult, bench } from "../../bench/index.js";
import type { Spread } from "../../bench/machine.js";
import { defineCommand } from "../command.js";
import { createRuntime } from "../open-network.js";
import { formatTable } from "../table.js";

export default defineCommand({
  description:
    "Measures this machine and the engine on it, at SmolLM2-135M's shape with random weights: the bare matrix product, " +
    "memory bandwidth, LoRA and full training steps, decoding, and a PPO iteration. Ratios are between things " +
    "measured in turn in one run. Let nothing else run meanwhile.",
  examples: [
    { command: "plumb bench", does: "the table, and runs/bench.json" },
    { command: "plumb bench --repeats 9 --json", does: "more repeats; JSON on stdout" },
  ],
  schema: z.object({
    repeats: z
      .number()
      .int()
      .min(1)
      .max(99)
      .default(5)
      .describe("measurements of each kind; medians are shown"),
    rows: z.number().int().min(1).max(256).default(8).describe("rows of a training step"),
    length: z.number().int().min(8).max(2048).default(128).describe("tokens a row of a training step"),
    out: z.string().min(1).default("runs/bench.json").describe("where the figures are written"),
  }),
  async run({ ui }, config) {
    const result = await bench(createRuntime(), config, (what) => ui.step(`measuring: ${what}`));
    await writeFileAtomically(config.out, `${JSON.stringify(result, null, 2)}\n`);
    await ui.result(result, () => report(result, config.out));
  },
});

const range = ({ median, min, max }: Spread, digits = 0): string =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`;

function report(r: BenchResult, out: string): string {
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
