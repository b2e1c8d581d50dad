/** Every command on a tiny mixture of experts of each family: trained with LoRA and in full, asked, rewritten. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelConfig } from "../../src/model/config.js";
import { int8IsExact } from "../int8-support.js";
import { plumbHereDone } from "./plumb-here.js";
import { writeTinyLoop } from "./tiny-loop.js";

const experts = { count: 4, chosen: 2, width: 24, normalized: true };
const FAMILIES: [string, Partial<ModelConfig>][] = [
  ["qwen3_moe", { queryKeyNorm: "head", experts: { ...experts, normalized: false } }],
  ["mixtral", { slidingWindow: 16, experts }],
  [
    "gpt_oss",
    {
      attentionSinks: true,
      qkvBias: true,
      outputBias: true,
      slidingWindow: 16,
      windowedLayers: [true, false],
      experts: { ...experts, bias: true, clamped: { limit: 7, slope: 1.702 } },
      tieWordEmbeddings: false,
    },
  ],
];

const SMALL = ["--model", "model", "--micro-batch-size", "2", "--batch-size", "4", "--learning-rate", "0.01"];
const LORA = ["--set", "lora.r=2"];
const SAMPLED = ["--data", "prompts.jsonl", "--max-new-tokens", "4", "--iterations", "1", "--epochs", "1"];

describe.each(FAMILIES)("%s", (architecture, changes) => {
  let dir: string;
  const done = (args: readonly string[]) => plumbHereDone(dir, args);
  const json = async (path: string) => JSON.parse(await readFile(join(dir, path), "utf8"));
  const logProbs = async (...model: string[]): Promise<number[]> => {
    const { stdout } = await done(["logprobs", ...model, "--input", "ids.jsonl", "--quiet"]);
    return JSON.parse(stdout).logprobs;
  };
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "plumb-mixtures-"));
    await writeTinyLoop(dir, { architecture: architecture as ModelConfig["architecture"], ...changes });
    await writeFile(join(dir, "ids.jsonl"), '{"input_ids":[5,9,20,33,41,8,7]}\n');
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it("sft with LoRA lowers the loss; what it saves computes the same merged, and generates", async () => {
    await done(["sft", ...SMALL, ...LORA, "--data", "demos.jsonl", "--epochs", "1", "--name", "sft"]);
    const { lossBefore, lossAfter } = await json("runs/sft/result.json");
    expect(lossAfter.estimate).toBeLessThan(lossBefore.estimate);
    expect((await json("runs/sft/model/adapter_config.json")).target_parameters).toEqual([
      "mlp.experts.down_proj",
      "mlp.experts.gate_up_proj",
    ]);
    const trained = ["--model", "model", "--adapter", "runs/sft/model"];
    await done(["convert", ...trained, "--out", "merged"]);
    const [apart, merged] = [await logProbs(...trained), await logProbs("--model", "merged")];
    for (const [t, value] of merged.entries()) expect(value).toBeCloseTo(apart[t], 4);
    await done(["generate", ...trained, "--prompt", "the cat", "--max-new-tokens", "4"]);
    expect((await done(["doctor", "--model", "merged"])).stderr).not.toContain("error");
  });

  it("reward and ppo against it, with all weights", async () => {
    await done(["reward", ...SMALL, "--data", "pairs.jsonl", "--epochs", "1", "--name", "rm"]);
    await done(["ppo", ...SMALL, ...SAMPLED, "--reward-model", "runs/rm/model", "--name", "ppo"]);
    const [first] = (await readFile(join(dir, "runs/ppo/metrics.jsonl"), "utf8")).split("\n");
    expect(JSON.parse(first)["first/ratio"]).toBeCloseTo(1, 5);
    expect(JSON.parse(first)["val/sampler_gap"]).toBeLessThan(1e-4);
  });

  it.skipIf(!int8IsExact)("8 bits: converted to a smaller folder, trained on, generated from", async () => {
    // A random model chooses by a hair, and rounding chooses other experts: real ones need no such limit.
    const limit = ["--base-error", "1", "--data", "demos.jsonl"];
    await done(["convert", "--model", "model", "--quantize", "int8", ...limit, "--out", "int8"]);
    const sft = ["--model", "int8", "--data", "demos.jsonl", "--learning-rate", "0.01", "--hold-out", "0.2"];
    await done(["sft", ...sft, ...LORA, "--micro-batch-size", "2", "--batch-size", "4", "--name", "on-int8"]);
    const result = await json("runs/on-int8/result.json");
    expect(result.base).toMatchObject({ kind: "int8" });
    expect(result.lossAfter.estimate).toBeLessThan(result.lossBefore.estimate);
    const prompt = ["--prompt", "the cat", "--max-new-tokens", "4"];
    await done(["generate", "--model", "int8", "--adapter", "runs/on-int8/model", ...prompt]);
    // The adapter is over the model, whatever the precision of its base.
    const scored = await logProbs("--model", "model", "--adapter", "runs/on-int8/model");
    expect(scored.every(Number.isFinite)).toBe(true);
  });

  it("dpo with LoRA on the router alone", async () => {
    const router = [...LORA, "--set", "lora.targets=[router]"];
    const more = ["--data", "pairs.jsonl", "--eval-prompts", "2", "--max-new-tokens", "4"];
    await done(["dpo", ...SMALL, ...router, ...more, "--epochs", "1", "--name", "dpo"]);
    expect(await json("runs/dpo/model/adapter_config.json")).toMatchObject({ target_modules: [] });
  });
});
