// Most memory that training steps take above the weights, against their bars. Each is measured in a fresh process.
//
//   npm run check:memory            all
//   npm run check:memory -- long    those whose name has this in it
//
// Memory is the maximum resident set after two steps less what was resident once the weights were in memory; so packed
// copies of weights, gradients, the optimiser's state and the compiled programs count.
import { spawnSync } from "node:child_process";
import { SMOLLM2_135M } from "../dist/bench/shapes.js";
import { TrainingStep } from "../dist/bench/steps.js";
import { randomWeights } from "../dist/model/create.js";
import { OrtRuntime } from "../dist/runtime/ort/index.js";

/** Four layers of width 256. */
const SMALL = { ...SMOLLM2_135M, layers: 4, hiddenSize: 256, intermediateSize: 768, heads: 4, kvHeads: 2, vocabSize: 4096 };
const lora = { config: SMOLLM2_135M, kind: "lora", rows: 8, length: 128, recompute: false };
const long = { config: SMALL, kind: "lora", rows: 1, recompute: true };

const CASES = {
  "SmolLM2, LoRA, 8 x 128": { ...lora, bar: 2500 },
  "SmolLM2, LoRA, 8 x 128, recomputed": { ...lora, recompute: true, bar: 800 },
  "SmolLM2, all weights, 8 x 128": { ...lora, kind: "full" },
  "SmolLM2, all weights, 8 x 128, recomputed": { ...lora, kind: "full", recompute: true },
  "long row of 1024, recomputed": { ...long, length: 1024 },
  "long row of 2048, recomputed": { ...long, length: 2048 },
  "long row of 4096, recomputed": { ...long, length: 4096 },
};
/** Linear growth adds twice as much from 2,048 to 4,096 tokens as from 1,024 to 2,048, quadratic growth four times. */
const MOST_GROWTH = 2.5;

const [only, child] = process.argv.slice(2);
if (child) console.log(await measure(CASES[child]));
else check(only ?? "");

/** MB above the weights. */
async function measure({ config, kind, rows, length, recompute }) {
  const runtime = new OrtRuntime({ threads: 1 });
  const weights = randomWeights(runtime, config, 0);
  const before = process.memoryUsage.rss();
  const step = new TrainingStep(runtime, config, weights, kind, rows, length, { recompute });
  for (let i = 0; i < 2; i++) await step.run();
  return Math.round((process.resourceUsage().maxRSS * 1024 - before) / 1e6);
}

function check(part) {
  const found = new Map();
  let met = true;
  const say = (isMet, what, value, bar) => {
    met &&= isMet;
    console.log(`${isMet ? "ok     " : "NOT MET"}  ${what.padEnd(44)} ${value}${bar ? `, at most ${bar}` : ""}`);
  };
  for (const [name, { bar }] of Object.entries(CASES).filter(([name]) => name.includes(part))) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [process.argv[1], "-", name], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    found.set(name, Number(stdout));
    say(bar === undefined || Number(stdout) <= bar, name, `${stdout.trim()} MB`, bar && `${bar} MB`);
  }
  const [first, second, third] = [1024, 2048, 4096].map((length) => found.get(`long row of ${length}, recomputed`));
  if (third !== undefined) {
    const growth = (third - second) / (second - first);
    say(growth <= MOST_GROWTH, "growth per doubling of a long row", growth.toFixed(2), MOST_GROWTH);
  }
  process.exitCode = met ? 0 : 1;
}
