import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { checkpointDir, latestCheckpoint, listCheckpoints, loadCheckpoint } from "./checkpoint.js";
import { Run, type RunOptions, unusedRunName } from "./run.js";
import type { TensorRecord } from "./tensors-file.js";

let root: string;
const open: Run[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "plumb-run-"));
});
afterEach(async () => {
  for (const run of open.splice(0)) run.close();
  await rm(root, { recursive: true, force: true });
});

async function create(options: Partial<RunOptions> = {}): Promise<Run> {
  const run = await Run.create({
    root,
    name: "r",
    command: "ppo",
    config: { seed: 1, steps: 4 },
    ...options,
  });
  open.push(run);
  return run;
}

function content(step: number) {
  const tensors = new Map<string, TensorRecord>([
    ["w", { dtype: "f32", shape: [2], data: Float32Array.of(step, 0.1) }],
  ]);
  return { tensors, state: { step, lr: 0.1 } };
}

/** Trains from `from` to `to`, saving every second step, as an algorithm would. */
async function train(run: Run, from: number, to: number): Promise<void> {
  for (let step = from; step <= to; step++) {
    run.appendMetrics(step, { "objective/kl": Math.sqrt(step), episode: step * 8 });
    run.appendSample(step, { text: `sample ${step}` });
    run.appendTimings(step, { seconds: performance.now() });
    if (step % 2 === 0) await run.saveCheckpoint(step, content(step));
  }
}

async function files(name = "r"): Promise<Record<string, string>> {
  const read = async (file: string) => [file, await readFile(join(root, name, file), "utf8")];
  return Object.fromEntries(await Promise.all(["metrics.jsonl", "samples.jsonl"].map(read)));
}

describe("Run", () => {
  it("keeps the settings, and refuses a name that is used", async () => {
    const run = await create();
    const config = await readFile(join(run.dir, "config.yaml"), "utf8");
    expect(config).toMatch(/^# .*plumb ppo.*--name r --resume/);
    expect(config).toContain("steps: 4");
    run.appendMetrics(1, { x: 1 });
    run.close();
    await expect(create()).rejects.toMatchObject({ message: /already a run r/, hint: /--resume/ });
    expect(await unusedRunName(root, "r")).toBe("r-2");
  });

  it("takes again the name of a run that failed before its first step", async () => {
    (await create()).close();
    expect((await create({ config: { seed: 2 } })).checkpoint).toBeUndefined();
  });

  it("resumes to the bytes of an uninterrupted run, also after a torn last line", async () => {
    await train(await create({ name: "whole" }), 1, 6);
    const run = await create();
    await train(run, 1, 5);
    run.close();
    await writeFile(join(run.dir, "metrics.jsonl"), '{"step":6,"objec', { flag: "a" });
    const resumed = await create({ resume: true });
    expect(resumed.checkpoint).toMatchObject({ step: 4, state: { step: 4, lr: 0.1 } });
    expect(resumed.checkpoint?.tensors).toEqual(content(4).tensors);
    await train(resumed, 5, 6);
    expect(await files()).toEqual(await files("whole"));
    const tensors = (name: string) =>
      readFile(join(checkpointDir(join(root, name), 6), "tensors.safetensors"));
    expect(await tensors("r")).toEqual(await tensors("whole"));
  });

  it("starts over when it was stopped before the first checkpoint", async () => {
    const run = await create();
    run.appendMetrics(1, { x: 1 });
    run.close();
    const resumed = await create({ resume: true });
    expect(resumed.checkpoint).toBeUndefined();
    expect((await files())["metrics.jsonl"]).toBe("");
  });

  it("goes on with a run whose settings had other names", async () => {
    const nested = { warmupShare: 0.1, policy: { epochKlLimit: 2 } };
    (await create({ config: nested })).close();
    await create({ resume: true, config: { warmupRatio: 0.1, policy: { targetKl: 2 } } });
    for (const run of open.splice(0)) run.close();
    const other = { warmupRatio: 0.2, policy: { targetKl: 2 } };
    await expect(create({ resume: true, config: other })).rejects.toThrow("resume: warmupRatio");
  });

  it("gives a setting that came later its default in older runs", async () => {
    const schema = z.object({
      seed: z.number(),
      steps: z.number(),
      clip: z.number().default(0.2),
      resume: z.boolean().default(false),
      lora: z.object({ r: z.number(), alpha: z.number().default(32) }),
    });
    const old = { seed: 1, steps: 4, lora: { r: 8 } };
    (await create({ config: old })).close();
    await create({ resume: true, config: schema.parse(old), schema });
    for (const run of open.splice(0)) run.close();
    const other = schema.parse({ ...old, clip: 0.3 });
    await expect(create({ resume: true, config: other, schema })).rejects.toThrow("resume: clip");
    const deeper = schema.parse({ ...old, lora: { r: 8, alpha: 16 } });
    await expect(create({ resume: true, config: deeper, schema })).rejects.toThrow("resume: lora.alpha");
    const { clip: _, ...none } = schema.parse(old);
    await expect(create({ resume: true, config: { ...none, gone: 1 }, schema })).rejects.toThrow("gone");
  });

  it("refuses other settings on resume, save those that may change", async () => {
    (await create()).close();
    await expect(create({ resume: true, config: { seed: 1, steps: 9 } })).rejects.toThrow("resume: steps");
    await expect(create({ resume: true, command: "sft" })).rejects.toThrow("is a run of `plumb ppo`");
    await create({ resume: true, config: { seed: 1, steps: 9, resume: true }, mayChange: ["steps"] });
  });

  it("refuses to resume what is not there, naming the nearest", async () => {
    await mkdir(join(root, "hh-ppo"));
    await expect(create({ name: "hh-pppo", resume: true })).rejects.toMatchObject({
      hint: "Did you mean hh-ppo?",
    });
  });

  it("refuses a folder that a live process uses, and takes one whose process is gone", async () => {
    const run = await create();
    await expect(create({ resume: true })).rejects.toThrow(`in use by process ${process.pid}`);
    run.close();
    const owner = { pid: 2 ** 22 + 1, host: (await import("node:os")).hostname(), started: "1" };
    await writeFile(join(run.dir, "lock.json"), JSON.stringify(owner));
    await create({ resume: true });
  });

  it("refuses names that leave the folder of runs", async () => {
    await expect(create({ name: "../x" })).rejects.toThrow("is not a valid name for a run");
  });

  it("refuses NaN in metrics, samples, state and result", async () => {
    const run = await create();
    expect(() => run.appendMetrics(3, { "loss/policy_avg": Number.NaN })).toThrow(
      "loss/policy_avg is not a finite number at step 3",
    );
    const bad = { ...content(1), state: { adam: [1, Number.NaN] } };
    await expect(run.saveCheckpoint(1, bad)).rejects.toThrow("not a number at adam.1");
    await expect(run.writeResult({ a: Number.POSITIVE_INFINITY })).rejects.toThrow(
      "not a finite number at a",
    );
    expect((await files())["metrics.jsonl"]).toBe("");
  });
});

describe("checkpoints", () => {
  it("keeps the last ones only", async () => {
    await train(await create(), 1, 8);
    expect(await listCheckpoints(join(root, "r"))).toEqual([6, 8]);
  });

  it.each(["tensors.safetensors", "state.json", "manifest.json"])(
    "skips one whose %s is damaged",
    async (file) => {
      await train(await create(), 1, 4);
      const dir = checkpointDir(join(root, "r"), 4);
      await truncate(join(dir, file), 10);
      await expect(loadCheckpoint(dir)).rejects.toMatchObject({ name: "PlumbError" });
      const warnings: string[] = [];
      const found = await latestCheckpoint(join(root, "r"), (message) => warnings.push(message));
      expect(found?.step).toBe(2);
      expect(warnings).toHaveLength(1);
    },
  );

  it("leave the last good one and nothing else when the disk fills up", async () => {
    const run = await create();
    await train(run, 1, 2);
    const full = async (path: string) => {
      await writeFile(path, "half");
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    await expect(run.saveCheckpoint(3, content(3), { writeTensors: full })).rejects.toMatchObject({
      name: "PlumbError",
      message: /disk is full/,
    });
    expect(await readdir(join(run.dir, "checkpoints"))).toEqual(["step-000002"]);
    expect((await latestCheckpoint(run.dir, () => undefined))?.step).toBe(2);
  });

  it("removes what a killed process left half written", async () => {
    const run = await create();
    await train(run, 1, 2);
    run.close();
    await mkdir(join(run.dir, "checkpoints", ".step-000004.tmp-abc"));
    await create({ resume: true });
    expect(await readdir(join(run.dir, "checkpoints"))).toEqual(["step-000002"]);
  });
});
