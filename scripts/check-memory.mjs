// Most memory that training steps take above the weights, against their bars. Each is measured in a fresh process.
//
//   npm run check:memory            all
//   npm run check:memory -- long    those whose name contains this
//
// Memory is the maximum resident set after two steps less what was resident once the weights were in memory; so packed
// copies of weights, gradients, the optimiser's state and the compiled programs count.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const MEASURE = fileURLToPath(new URL("training-memory.mjs", import.meta.url));
const lora = { kind: "lora", rows: 8, length: 128, recompute: false, config: {} };
/** Four layers of width 256. */
const small = { layers: 4, hiddenSize: 256, intermediateSize: 768, heads: 4, kvHeads: 2, vocabSize: 4096 };
const long = { kind: "lora", rows: 1, recompute: true, config: small };
const longName = (length) => `long row of ${length}, recomputed`;

/** Bars in MB. */
const CASES = {
  "SmolLM2, LoRA, 8 x 128": { ...lora, bar: 2500 },
  "SmolLM2, LoRA, 8 x 128, recomputed": { ...lora, recompute: true, bar: 800 },
  "SmolLM2, all weights, 8 x 128": { ...lora, kind: "full" },
  "SmolLM2, all weights, 8 x 128, recomputed": { ...lora, kind: "full", recompute: true },
  [longName(1024)]: { ...long, length: 1024 },
  [longName(2048)]: { ...long, length: 2048 },
  [longName(4096)]: { ...long, length: 4096 },
};
/** Linear growth adds twice as much from 2,048 to 4,096 tokens as from 1,024 to 2,048; quadratic growth four times. */
const MAX_GROWTH = 2.5;

const part = process.argv[2] ?? "";
const found = new Map();
let met = true;
const say = (isMet, what, value) => {
  met &&= isMet;
  console.log(`${isMet ? "ok     " : "NOT MET"}  ${what.padEnd(44)} ${value}`);
};

for (const [name, { bar = Number.POSITIVE_INFINITY, ...what }] of Object.entries(CASES)) {
  if (!name.includes(part)) continue;
  const child = spawnSync(process.execPath, [MEASURE, JSON.stringify(what)], { encoding: "utf8" });
  if (child.status !== 0) throw new Error(child.stderr);
  const { loaded, measured, predicted } = JSON.parse(child.stdout);
  const [above, foreseen] = [measured, predicted].map((bytes) => Math.round((bytes - loaded) / 1e6));
  found.set(name, above);
  say(above <= bar, name, `${above} MB${bar < 1e9 ? `, at most ${bar}` : ""} (predicted ${foreseen})`);
}
const [first, second, third] = [1024, 2048, 4096].map((length) => found.get(longName(length)));
if (third !== undefined) {
  const growth = (third - second) / (second - first);
  say(growth <= MAX_GROWTH, "growth per doubling of a long row", `${growth.toFixed(2)}, at most ${MAX_GROWTH}`);
}
process.exitCode = met ? 0 : 1;
