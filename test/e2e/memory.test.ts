/** Memory of training: predicted before it starts, and kept within a budget. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { spread } from "../spread.js";
import { plumbHere, plumbHereDone } from "./plumb-here.js";
import { writeTinyLoop } from "./tiny-loop.js";

const MEASURE = fileURLToPath(new URL("../../scripts/training-memory.mjs", import.meta.url));
/** Node's own 0.1 GB is in both figures: models are large enough for it not to decide. */
const narrow = { layers: 4, hiddenSize: 256, intermediateSize: 768, heads: 4, kvHeads: 2, vocabSize: 4096 };
const deep = { ...narrow, layers: 8, vocabSize: 16384 };
const wide = { layers: 2, vocabSize: 16384 };

/** Both kinds of weights, with recomputation and without. */
const CASES: [name: string, what: object][] = [
  ["LoRA", { kind: "lora", rows: 8, length: 128, recompute: false, config: deep }],
  ["LoRA, recomputed", { kind: "lora", rows: 8, length: 128, recompute: true, config: deep }],
  ["all weights", { kind: "full", rows: 4, length: 128, recompute: false, config: wide }],
  ["all weights, recomputed", { kind: "full", rows: 8, length: 64, recompute: true, config: deep }],
  ["a long row, recomputed", { kind: "lora", rows: 1, length: 2048, recompute: true, config: narrow }],
];
const SPREAD = spread("memory", CASES, 2, [CASES[0], CASES[3]]);

test.each(SPREAD)("the prediction is within 20% of the most that the process takes: %s", (_name, what) => {
  const child = spawnSync(process.execPath, [MEASURE, JSON.stringify(what)], { encoding: "utf8" });
  expect(child.stderr).toBe("");
  const { measured, predicted } = JSON.parse(child.stdout) as { measured: number; predicted: number };
  expect(predicted / measured).toBeGreaterThan(0.8);
  expect(predicted / measured).toBeLessThan(1.2);
});

describe("on a tiny model", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "plumb-memory-"));
    await writeTinyLoop(dir);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  const SFT = ["sft", "--model", "model", "--data", "demos.jsonl", "--batch-size", "4"];

  it("refuses a budget that is too small for one row, before it makes a run", async () => {
    const { status, stderr } = await plumbHere(dir, [...SFT, "--memory-budget", "20MB", "--name", "small"]);
    expect(stderr).toMatch(/one row at once needs about \d+ MB, with recomputation; memoryBudget is 20 MB/);
    expect(status).toBe(1);
    expect(existsSync(join(dir, "runs/small"))).toBe(false);
    const wrong = await plumbHere(dir, [...SFT, "--memory-budget", "much"]);
    expect(wrong.stderr).toContain("memoryBudget");
    expect(wrong.status).toBe(2);
  });

  it("trains to the same figures with recomputation and without", async () => {
    const metrics = async (name: string, recompute: string): Promise<string> => {
      await plumbHereDone(dir, [...SFT, "--recompute", recompute, "--memory-budget", "4GB", "--name", name]);
      return readFile(join(dir, "runs", name, "metrics.jsonl"), "utf8");
    };
    expect(await metrics("again", "true")).toBe(await metrics("kept", "false"));
  });

  it("doctor foresees memory and time of a recipe's training", async () => {
    const section = "  model: model\n  batchSize: 4\n  microBatchSize: 2\n  lora: {r: 2}\n";
    const sections = [
      `sft:\n${section}  data: [demos.jsonl]\n`,
      `reward:\n${section}  data: [pairs.jsonl]\n`,
      `ppo:\n${section}  data: [prompts.jsonl]\n  iterations: 7\n  maxNewTokens: 8\n  rewardFunctions: [{module: a.mjs}]\n`,
    ];
    await writeFile(join(dir, "recipe.yaml"), sections.join(""));
    await writeFile(join(dir, "a.mjs"), "export default (responses) => responses.map(() => 0);\n");
    const { stdout } = await plumbHere(dir, ["doctor", "recipe.yaml", "--json"]);
    const { findings } = JSON.parse(stdout) as { findings: { check: string; found: string }[] };
    const of = (name: string) => findings.find(({ check }) => check === `forecast ${name}:`)?.found;
    // 24 rows, of which a tenth and a fifth are kept, in batches of 4.
    expect(of("sft")).toMatch(/^about \d+ MB of memory, 6 steps of .* s: about .*s$/);
    expect(of("reward")).toMatch(/^about \d+ MB of memory, 5 steps of .* s: about .*s$/);
    expect(of("ppo")).toMatch(/^about \d+ MB of memory, 7 steps of .* s: about .*s$/);
  });
});
