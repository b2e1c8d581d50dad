/** plumb dpo, kto and orpo: what they learn and write, the stored reference, and input that is refused by name. */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forecast } from "../../src/train/forecast.js";
import { dpoMethod } from "../../src/train/methods/dpo.js";
import { ktoMethod } from "../../src/train/methods/kto.js";
import { orpoMethod } from "../../src/train/methods/orpo.js";
import { int8IsExact } from "../int8-support.js";
import { plumbHere, plumbHereDone } from "./plumb-here.js";
import { writeTinyLoop } from "./tiny-loop.js";

let dir: string;
const jsonl = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const each = (count: number, row: (i: number) => object) =>
  jsonl(Array.from({ length: count }, (_, i) => row(i)));
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-direct-"));
  await writeTinyLoop(dir);
  const chat = (content: string, answer: string, label: boolean) => ({
    ...{ prompt: [{ role: "user", content }], label },
    completion: [{ role: "assistant", content: answer }],
  });
  const thumbs = (i: number) => chat(`the cat ${i}`, i % 3 > 0 ? `sat ${i}` : "mat", i % 3 > 0);
  const equal = (i: number) => ({
    prompt: `the cat ${i}`,
    chosen: "sat",
    rejected: i < 2 ? "sat" : `mat ${i}`,
  });
  await writeFile(join(dir, "thumbs.jsonl"), each(24, thumbs));
  await writeFile(
    join(dir, "good.jsonl"),
    each(8, (i) => ({ ...thumbs(i), label: true })),
  );
  await writeFile(
    join(dir, "equal.jsonl"),
    each(8, (i) => ({ ...equal(i), rejected: "sat" })),
  );
  await writeFile(join(dir, "some-equal.jsonl"), each(10, equal));
  await writeFile(
    join(dir, "noisy.jsonl"),
    each(10, (i) => ({ ...equal(i + 2), noise: 0.1, margin: 1 })),
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const SMALL = [
  "--model",
  "model",
  "--micro-batch-size",
  "2",
  "--batch-size",
  "4",
  "--eval-prompts",
  "4",
  "--max-new-tokens",
  "4",
];
const FAST = ["--learning-rate", "0.01", "--epochs", "4"];
const LORA = ["--set", "lora.r=2"];
const PAIRS = ["--data", "pairs.jsonl"];
const done = (args: readonly string[]) => plumbHereDone(dir, args);
const read = (path: string) => readFile(join(dir, path), "utf8");
const lines = async (path: string) =>
  (await read(path))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const result = async (name: string) => JSON.parse(await read(`runs/${name}/result.json`));
const stored = () => readdir(join(dir, "runs/reference-log-probs"));

describe("plumb dpo", () => {
  it("begins at log 2 and learns which side wins; the reference is computed once, and again where it is damaged", async () => {
    const run = (name: string, ...more: string[]) =>
      done(["dpo", ...SMALL, ...FAST, ...LORA, ...PAIRS, "--name", name, ...more]);
    const first = await run("a");
    expect(first.stderr).not.toContain("computed again");
    const metrics = await lines("runs/a/metrics.jsonl");
    expect(metrics[0].loss).toBeCloseTo(Math.LN2, 6);
    expect(metrics.at(-1)?.loss).toBeLessThan(0.5);
    const { accuracy, margin, drift, chosenChange } = await result("a");
    expect(accuracy).toMatchObject({ estimate: 1 });
    expect(margin.estimate).toBeGreaterThan(0);
    expect(drift).toMatchObject({ prompts: 3, klPerResponse: { estimate: expect.any(Number) } });
    expect(chosenChange).toEqual(expect.any(Number));
    expect(existsSync(join(dir, "runs/a/model/adapter_model.safetensors"))).toBe(true);

    const [key] = await stored();
    const again = await run("b");
    expect(again.stderr).toContain(`are in runs/reference-log-probs/${key}`);
    expect(await read("runs/b/metrics.jsonl")).toBe(await read("runs/a/metrics.jsonl"));

    const path = join(dir, "runs/reference-log-probs", key, "log-probs.safetensors");
    const bytes = await readFile(path);
    bytes[bytes.length - 2] ^= 64;
    await writeFile(path, bytes);
    const mended = await run("c");
    expect(mended.stderr).toContain("computed again");
    expect(await read("runs/c/metrics.jsonl")).toBe(await read("runs/a/metrics.jsonl"));

    await run("d", "--limit", "20");
    await run("e", "--adapter", "runs/a/model", "--epochs", "1");
    expect(await stored()).toHaveLength(3);
    expect((await lines("runs/e/metrics.jsonl"))[0].loss).toBeCloseTo(Math.LN2, 6);
  });

  it("trains all weights with a reference that follows", async () => {
    const sync = ["--sync-every", "2", "--sync-share", "0.5", "--max-length", "16"];
    const { stderr } = await done(["dpo", ...SMALL, ...FAST, ...PAIRS, ...sync, "--name", "full"]);
    expect(stderr).toContain("21 pairs to train on, 3 held out; 24 are cut to 16 tokens");
    expect((await lines("runs/full/metrics.jsonl"))[0].loss).toBeCloseTo(Math.LN2, 6);
    expect(existsSync(join(dir, "runs/full/model/model.safetensors"))).toBe(true);
  });

  it.runIf(int8IsExact)(
    "is measured against the base in 8 bits where that is what it trains on",
    async () => {
      const base = ["--base", "int8", "--base-error", "0.5"];
      await done(["dpo", ...SMALL, ...LORA, ...PAIRS, ...base, "--epochs", "1", "--name", "int8"]);
      expect((await lines("runs/int8/metrics.jsonl"))[0].loss).toBeCloseTo(Math.LN2, 5);
    },
  );

  it("leaves out pairs whose sides are the same, and says which of their columns the loss does not read", async () => {
    const once = ["dpo", ...SMALL, ...LORA, "--epochs", "1", "--eval-prompts", "0"];
    const some = await done([...once, "--data", "some-equal.jsonl", "--name", "some"]);
    expect(some.stderr).toContain("2 of 10 pairs have the same answer on both sides");
    expect(some.stderr).toContain("are left out, first some-equal.jsonl, line 1");
    const noisy = await done([...once, "--data", "noisy.jsonl", "--name", "noisy"]);
    expect(noisy.stderr).toContain("10 of 10 pairs have a noise, which lossType sigmoid does not read");
    expect(noisy.stderr).toContain("10 of 10 pairs have a margin");
    const robust = await done([
      ...once,
      "--data",
      "noisy.jsonl",
      "--loss-type",
      "robust",
      "--name",
      "robust",
    ]);
    expect(robust.stderr).not.toContain("have a noise");
  });
});

it("plumb kto learns from thumbs, and from pairs as two answers each", async () => {
  await done(["kto", ...SMALL, ...FAST, ...LORA, "--data", "thumbs.jsonl", "--name", "kto"]);
  const { rewardGood, rewardBad, heldOutAnswers } = await result("kto");
  expect(heldOutAnswers).toBe(3);
  expect(rewardGood.estimate).toBeGreaterThan(rewardBad.estimate);
  const [first] = await lines("runs/kto/metrics.jsonl");
  expect(first).toMatchObject({ kl: expect.closeTo(0, 4), loss: expect.closeTo(0.5, 5) });
  await done(["kto", ...SMALL, ...LORA, ...PAIRS, "--epochs", "1", "--name", "kto-pairs"]);
  expect(await result("kto-pairs")).toMatchObject({ trainAnswers: 42, heldOutAnswers: 6 });
});

it("plumb orpo needs no reference", async () => {
  const before = await stored();
  await done(["orpo", ...SMALL, ...FAST, ...PAIRS, "--name", "orpo"]);
  expect(await result("orpo")).toMatchObject({ accuracy: { estimate: 1 }, trainPairs: 21, heldOutPairs: 3 });
  expect(await stored()).toEqual(before);
});

describe("what does not fit is refused by name, and leaves no run", () => {
  it.each([
    [["dpo", "--data", "thumbs.jsonl"], 1, "plumb kto learns from those"],
    [["dpo", "--data", "prompts.jsonl"], 1, "plumb grpo and plumb ppo sample them"],
    [["orpo", "--data", "demos.jsonl"], 1, "plumb sft learns from those"],
    [["kto", "--data", "demos.jsonl"], 1, "cannot be used as judged completions"],
    [["kto", "--data", "good.jsonl"], 1, "answers are labelled good: KTO learns from both"],
    [["kto", "--data", "thumbs.jsonl", "--batch-size", "1"], 2, "batchSize is 1, and KTO estimates its KL"],
    [
      ["dpo", "--data", "equal.jsonl"],
      1,
      "there is no pair to learn from: 8 of 8 pairs have the same answer",
    ],
    [["dpo", ...PAIRS, "--label-smoothing", "0.1"], 2, "cdpo is sigmoid with label smoothing"],
    [["dpo", ...PAIRS, "--label-smoothing", "0.5"], 2, "labelSmoothing"],
    [["dpo", ...PAIRS, "--loss-type", "dpo"], 2, "lossType"],
    [["dpo"], 2, "no data is given"],
  ])("%j", async ([method, ...args], status, message) => {
    const ended = await plumbHere(dir, [method, ...SMALL, ...args, "--name", "refused"]);
    expect(ended).toMatchObject({ status, stderr: expect.stringContaining(message) });
    expect(existsSync(join(dir, "runs/refused"))).toBe(false);
  });
});

it("has a forecast of memory, steps and operations, the reference's among them", async () => {
  const settings = { model: join(dir, "model"), lora: { r: 2 }, batchSize: 4, microBatchSize: 2 };
  const [pairs, thumbs] = [[join(dir, "pairs.jsonl")], [join(dir, "thumbs.jsonl")]];
  const dpo = await forecast(dpoMethod, dpoMethod.schema.parse({ ...settings, data: pairs }));
  const free = await forecast(
    dpoMethod,
    dpoMethod.schema.parse({ ...settings, data: pairs, lossType: "simpo" }),
  );
  const moving = await forecast(
    dpoMethod,
    dpoMethod.schema.parse({ ...settings, data: pairs, syncEvery: 2 }),
  );
  const kto = await forecast(ktoMethod, ktoMethod.schema.parse({ ...settings, data: thumbs }));
  const orpo = await forecast(orpoMethod, orpoMethod.schema.parse({ ...settings, data: pairs }));
  expect(dpo.steps).toBe(6);
  expect(dpo.stepFlops).toBeGreaterThan(1.1 * free.stepFlops);
  expect(moving.peakBytes).toBeGreaterThan(0);
  expect([kto.steps, orpo.steps]).toEqual([6, 6]);
  expect(kto.stepFlops).toBeGreaterThan(0);
});
