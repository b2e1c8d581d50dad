/** Models in 8 bits through the built command: convert, train on, sample from, score with; and what is refused. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { int8IsExact } from "../int8-support.js";
import { type Ended, MAIN, plumb, plumbDone, writeTinyLoop } from "./tiny-loop.js";

const CONVERT = ["convert", "--model", "model", "--quantize", "int8", "--base-error", "0.2", "--out"];
const LORA = ["--set", "lora.r=4", "--set", "lora.alpha=8"];
const STORED = ["--model", "int8"];

let dir: string;
const run = (...args: string[]): Promise<Ended> => plumb(dir, args);
const done = (...args: string[]): Promise<Ended> => plumbDone(dir, args);
const json = async (file: string) => JSON.parse(await readFile(join(dir, file), "utf8"));
const rows = ({ stdout }: Ended): Record<string, unknown>[] =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-int8-"));
  if (!int8IsExact) return;
  await writeTinyLoop(dir);
  const texts = Array.from({ length: 6 }, (_, i) => ({ input_ids: [3, 40 + i, 5, 60, 9, 71 + i, 8] }));
  await writeFile(join(dir, "ids.jsonl"), texts.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await done(...CONVERT, "int8", "--data", "demos.jsonl");
}, 120_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

describe.skipIf(!int8IsExact)("plumb convert --quantize int8", () => {
  it("writes a smaller folder whose config.json says how exact it is", async () => {
    const { quantization_config: said } = await json("int8/config.json");
    expect(said).toMatchObject({
      quant_method: "plumbline-int8",
      version: 3,
      calibration: { source: "data" },
    });
    expect(said.error.kl_per_token).toBeLessThan(0.2);
    expect(said.error.gradient_cosine).toBeGreaterThan(0.98);
    const size = async (folder: string) => (await stat(join(dir, folder, "model.safetensors"))).size;
    expect((await size("int8")) / (await size("model"))).toBeLessThan(0.6);
    expect(existsSync(join(dir, "int8/tokenizer.json"))).toBe(true);
  });

  it("writes the same bytes again; without data the model samples its own text", async () => {
    await done(...CONVERT, "again", "--data", "demos.jsonl");
    for (const file of ["config.json", "model.safetensors"])
      expect(await readFile(join(dir, "again", file))).toEqual(await readFile(join(dir, "int8", file)));
    const { stdout } = await done(...CONVERT, "sampled", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ dtype: "int8", int8: { calibration: { source: "samples" } } });
  });

  it("writes nothing where the error is beyond the limit, or the words do not go together", async () => {
    const cases: [string[], number, RegExp][] = [
      [
        [...CONVERT, "never", "--base-error", "1e-12", "--data", "demos.jsonl"],
        1,
        /would have KL .* at most 1e-12/,
      ],
      [[...CONVERT, "never", "--dtype", "bf16"], 2, /either --quantize or --dtype/],
      [
        ["convert", "--model", "model", "--data", "demos.jsonl", "--out", "never"],
        2,
        /--data is for --quantize/,
      ],
      [[...CONVERT, "never", "--data", "none.jsonl"], 1, /there is no file/],
      [["convert", ...STORED, "--quantize", "int8", "--out", "never"], 1, /stored in 8 bits already/],
      [["convert", ...STORED, "--out", "never"], 1, /stored in 8 bits already/],
    ];
    for (const [args, status, message] of cases) {
      const ended = await run(...args);
      expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status, stdout: "" });
      expect(ended.stderr).toMatch(message);
    }
    expect((await readdir(dir)).filter((name) => name.includes("never"))).toEqual([]);
  }, 120_000);
});

describe.skipIf(!int8IsExact)("a model stored in 8 bits", () => {
  it("samples, and gives nearly the exact model's log-probabilities", async () => {
    const of = async (model: string, ...more: string[]) =>
      rows(await done("logprobs", "--model", model, "--input", "ids.jsonl", ...more)).flatMap(
        ({ logprobs }) => logprobs as number[],
      );
    const [exact, stored, rounded] = [
      await of("model"),
      await of("int8"),
      await of("model", "--base", "int8", "--base-error", "0.2"),
    ];
    expect(exact).not.toEqual(stored);
    for (const found of [stored, rounded])
      found.forEach((value, i) => {
        expect(Math.abs(value - exact[i])).toBeLessThan(0.5);
      });
    const { stdout } = await done(
      "generate",
      ...STORED,
      "--prompt",
      "the cat",
      "--max-new-tokens",
      "5",
      "--json",
    );
    expect(JSON.parse(stdout).completion_ids.length).toBeGreaterThan(0);
  }, 120_000);

  it("trains adapters and reward models without calibration, and runs them", async () => {
    const data = ["--learning-rate", "0.01", "--epochs", "3"];
    const sft = await done("sft", ...STORED, ...LORA, "--data", "demos.jsonl", ...data, "--name", "sft");
    expect(sft.stderr).not.toContain("rounding the base");
    const result = await json("runs/sft/result.json");
    expect(result.base).toMatchObject({ kind: "int8" });
    expect(result.lossAfter.estimate).toBeLessThan(result.lossBefore.estimate - 0.1);

    await done(
      "reward",
      ...STORED,
      ...LORA,
      "--base",
      "auto",
      "--data",
      "pairs.jsonl",
      "--epochs",
      "1",
      "--name",
      "rm",
    );
    const ppo = [
      "--reward-model",
      "runs/rm/model",
      "--data",
      "prompts.jsonl",
      "--iterations",
      "1",
      "--name",
      "ppo",
    ];
    await done(
      "ppo",
      ...STORED,
      ...LORA,
      ...ppo,
      "--micro-batch-size",
      "2",
      "--batch-size",
      "4",
      "--max-new-tokens",
      "6",
    );
    const first = JSON.parse((await readFile(join(dir, "runs/ppo/metrics.jsonl"), "utf8")).split("\n")[0]);
    expect(first["objective/kl"]).toBeCloseTo(0, 4);

    const prompt = ["--prompt", "the cat", "--temperature", "0", "--max-new-tokens", "5"];
    for (const name of ["sft", "ppo"])
      await done("generate", ...STORED, "--adapter", `runs/${name}/model`, ...prompt);
    const scored = rows(await done("score", "--reward-model", "runs/rm/model", "--input", "pairs.jsonl"));
    expect(scored).toHaveLength(24);
  }, 240_000);

  it("is refused in f32, for training all weights, and under two adapters", async () => {
    const cases: [string[], RegExp][] = [
      [
        ["generate", ...STORED, "--base", "f32", "--prompt", "a", "--max-new-tokens", "4"],
        /int8 is stored in 8 bits, so its base cannot be in f32/,
      ],
      [["sft", ...STORED, ...LORA, "--base", "f32", "--data", "demos.jsonl"], /cannot be in f32/],
      [["sft", ...STORED, "--data", "demos.jsonl"], /a base in 8 bits cannot be trained itself/],
      [
        [
          "generate",
          ...STORED,
          "--adapter",
          "runs/sft/model,runs/sft/model",
          "--prompt",
          "a",
          "--max-new-tokens",
          "4",
        ],
        /cannot be folded into a model that is stored in 8 bits/,
      ],
    ];
    for (const [args, message] of cases) {
      const ended = await run(...args);
      expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status: 1, stdout: "" });
      expect(ended.stderr).toMatch(message);
    }
  }, 120_000);

  it("is refused when a shard was cut short", async () => {
    await done(...CONVERT, "cut", "--data", "demos.jsonl", "--max-shard-size", "20KB");
    const shard = (await readdir(join(dir, "cut"))).filter((name) => name.endsWith(".safetensors")).sort()[1];
    await truncate(join(dir, "cut", shard), (await stat(join(dir, "cut", shard))).size - 4);
    const ended = await run("logprobs", "--model", "cut", "--input", "ids.jsonl");
    expect(ended).toMatchObject({ status: 1, stdout: "" });
    expect(ended.stderr).toMatch(/cut short|belong to no tensor/);
  });
});

describe.skipIf(!int8IsExact)("8 bits made for one command", () => {
  const INT8 = ["--base", "int8", "--base-error", "0.2"];

  it("a reward model stands on the base it was trained on, and says so", async () => {
    const train = ["--data", "pairs.jsonl", "--epochs", "1", "--name", "rm8"];
    await done("reward", "--model", "model", ...LORA, ...INT8, ...train);
    expect((await json("runs/rm8/model/reward.json")).int8.rows.length).toBeGreaterThan(0);
    const score = ["score", "--reward-model", "runs/rm8/model", "--input", "pairs.jsonl"];
    const first = await done(...score);
    expect(first.stderr).toContain("the 8 bits that the reward model was trained on");
    expect((await done(...score)).stdout).toBe(first.stdout);
    const exact = await done(...score, "--base", "f32");
    expect(exact.stdout).not.toBe(first.stdout);
  }, 240_000);

  it("a model for sequence classification is converted, and scores nearly the same", async () => {
    const train = ["--data", "pairs.jsonl", "--epochs", "1", "--name", "full"];
    await done("reward", "--model", "model", ...train);
    const convert = ["convert", "--quantize", "int8", "--base-error", "0.2", "--out", "full-int8"];
    const noText = await run(...convert, "--model", "runs/full/model");
    expect(noText.stderr).toContain("has a scalar head, so it cannot sample text to calibrate on");
    const stream = ["score", "--reward-model", "runs/full/model", "--input", "-", "--base"];
    const text = `${JSON.stringify({ input_ids: [5, 9, 30] })}\n`;
    const auto = spawnSync(process.execPath, [MAIN, ...stream, "auto"], {
      cwd: dir,
      input: text,
      encoding: "utf8",
    });
    expect(auto.stderr).toMatch(/base in f32: (there is no text to calibrate|this processor)/);
    expect(auto.status).toBe(0);
    await done(...convert, "--model", "runs/full/model", "--data", "pairs.jsonl");
    await done("convert", "--model", "runs/full/model", "--out", "full-f32");
    const [exact, rounded] = await Promise.all(
      ["full-f32", "full-int8"].map(async (model) =>
        rows(await done("score", "--reward-model", model, "--input", "pairs.jsonl")),
      ),
    );
    rounded.forEach(({ chosen_score: score }, i) => {
      expect(Math.abs(Number(score) - Number(exact[i].chosen_score))).toBeLessThan(0.5);
    });
  }, 240_000);

  it("evaluates a policy and a reward model on one base; auto takes f32 beyond the limit, and says so", async () => {
    const what = [
      "--prompts",
      "prompts.jsonl",
      "--limit",
      "4",
      "--max-new-tokens",
      "4",
      "--demonstrations",
      "demos.jsonl",
    ];
    const rounded = await done("evaluate", "--model", "model", ...what, ...INT8, "--json");
    expect(rounded.stderr.match(/rounding the base/g)).toHaveLength(1);
    const auto = ["--base", "auto", "--base-error", "1e-12"];
    const { stderr } = await done("evaluate", "--model", "model", "--demonstrations", "demos.jsonl", ...auto);
    expect(stderr).toMatch(/base in f32: (in 8 bits it would have KL|this processor)/);
    const refused = await run(
      "generate",
      "--model",
      "model",
      "--prompt",
      "a",
      "--base",
      "int8",
      "--base-error",
      "1e-12",
    );
    expect(refused).toMatchObject({ status: 1, stdout: "" });
  }, 240_000);

  it("doctor says what they would cost", async () => {
    const { stdout } = await run(
      "doctor",
      "--model",
      "model",
      "--int8",
      "--data",
      "pairs.jsonl",
      "--base-error",
      "0.2",
      "--json",
    );
    const { findings } = JSON.parse(stdout) as {
      findings: { check: string; status: string; found: string }[];
    };
    const of = (check: string) => findings.find((finding) => finding.check === check);
    expect(of("8-bit products")?.status).toMatch(/ok|warn/);
    expect(of("base in 8 bits")).toMatchObject({ status: "ok" });
    expect(of("base in 8 bits")?.found).toMatch(/^KL .* same top token .* gradient cosine .* of the data/);
    expect((await run("doctor", "--int8")).status).toBe(2);
  }, 120_000);
});
