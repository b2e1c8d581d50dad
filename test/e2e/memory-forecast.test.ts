/** What is foreseen of a training step's memory against what a process of its own took. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/training-memory.mjs", import.meta.url));

const config = { layers: 6, vocabSize: 8192 };
const wide = { layers: 3, hiddenSize: 1024, intermediateSize: 3072, heads: 16, kvHeads: 4, vocabSize: 16384 };

test.each([
  ["LoRA, 8 x 128", { kind: "lora", rows: 8, length: 128, recompute: false, config }],
  ["LoRA, 8 x 128, recomputed", { kind: "lora", rows: 8, length: 128, recompute: true, config }],
  ["LoRA, 2 x 768, a wider model", { kind: "lora", rows: 2, length: 768, recompute: false, config: wide }],
  ["all weights, 4 x 128", { kind: "full", rows: 4, length: 128, recompute: false, config }],
  ["all weights, 8 x 256, recomputed", { kind: "full", rows: 8, length: 256, recompute: true, config }],
])("the memory of a step is foreseen within a fifth: %s", { timeout: 120_000 }, (_, step) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, JSON.stringify(step)], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const { measured, predicted } = JSON.parse(stdout) as { measured: number; predicted: number };
  expect(predicted / measured).toBeGreaterThan(0.8);
  expect(predicted / measured).toBeLessThan(1.2);
});
