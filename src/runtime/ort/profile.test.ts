import { readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { matmul, mul, scoped, sum, trace } from "../../tensor/index.js";
import type { ProfiledRun } from "../profile.js";
import { OrtRuntime } from "./index.js";

const program = (name: string) =>
  trace(name, { x: { shape: [32, 64], dtype: "f32" }, w: { shape: [64, 16], dtype: "f32" } }, ({ x, w }) => ({
    y: scoped("layers.0", () => sum(mul(matmul(x, w), 2))),
  }));
const feeds = { x: new Float32Array(32 * 64).fill(1), w: new Float32Array(64 * 16).fill(1) };
const files = (): string[] =>
  readdirSync(os.tmpdir())
    .filter((name) => name.startsWith("plumbline-"))
    .flatMap((folder) => readdirSync(path.join(os.tmpdir(), folder)))
    .filter((name) => name.startsWith("profile-"));

test("kernels of every run since a moment, in order, inside their run", async () => {
  const runtime = new OrtRuntime({ threads: 1, profile: true });
  const [one, two] = [program("one"), program("two")];
  await runtime.compile(one).run(feeds);
  const since = performance.now();
  await runtime.compile(two).run(feeds);
  await runtime.compile(one).run(feeds);
  await runtime.compile(two).run(feeds);
  const runs = await runtime.takeProfile(since);
  expect(runs.map((run) => run.program)).toEqual(["two", "one", "two"]);
  for (const run of runs) {
    expect(run.kernels.map(({ op }) => op)).toContain("ReduceSum");
    const product = run.kernels.find(({ work }) => work.flops > 0)!;
    expect(product.work).toMatchObject({ flops: 2 * 32 * 64 * 16, size: "32x64x16" });
    expect(product).toMatchObject({ path: "layers.0", backward: false });
    let end = run.start;
    for (const { start, milliseconds } of run.kernels) {
      expect(milliseconds).toBeGreaterThanOrEqual(0);
      expect(start).toBeGreaterThanOrEqual(end - 0.002); // whole microseconds
      end = start + milliseconds;
    }
    expect(end).toBeLessThanOrEqual(run.start + run.milliseconds + 0.002);
  }
});

test("what was taken is gone, files too, and programs go on working", async () => {
  const before = files();
  const runtime = new OrtRuntime({ threads: 1, profile: true });
  const executable = runtime.compile(program("again"));
  const programs = async (): Promise<string[]> =>
    (await runtime.takeProfile()).map((run: ProfiledRun) => run.program);
  expect((await executable.run(feeds)).y[0]).toBe(32 * 16 * 128);
  expect(await programs()).toEqual(["again"]);
  expect(await programs()).toEqual([]);
  expect((await executable.run(feeds)).y[0]).toBe(32 * 16 * 128);
  expect(await programs()).toEqual(["again"]);
  expect(files()).toEqual(before);
});

test("without profiling nothing is recorded or written", async () => {
  const before = files();
  const runtime = new OrtRuntime({ threads: 1 });
  await runtime.compile(program("plain")).run(feeds);
  expect(await runtime.takeProfile()).toEqual([]);
  expect(files()).toEqual(before);
});
