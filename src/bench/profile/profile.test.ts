import { expect, test } from "vitest";
import { randomIds, smallConfig, smallWeights } from "../../../test/tiny-network.js";
import { RandomStream } from "../../base/random.js";
import { OrtRuntime } from "../../runtime/ort/index.js";
import type { KernelTime, ProfiledRun } from "../../runtime/profile.js";
import { profile, WORKS } from "./index.js";
import { summarise } from "./summary.js";
import { chromeTrace } from "./trace.js";

interface TraceEvent {
  name: string;
  ph: string;
  ts: number;
  dur: number;
  pid: number;
  tid: number;
}

/** Complete events of each track, by process and thread; a trace that is not well formed fails here. */
function tracksOf(text: string): Map<string, TraceEvent[]> {
  const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
  const tracks = new Map<string, TraceEvent[]>();
  for (const event of traceEvents.filter(({ ph }) => ph === "X")) {
    const track = tracks.get(`${event.pid} ${event.tid}`) ?? [];
    if (!(event.dur >= 0) || !(event.ts >= (track.at(-1)?.ts ?? 0)))
      throw new Error(`out of order: ${JSON.stringify(event)}`);
    track.push(event);
    tracks.set(`${event.pid} ${event.tid}`, track);
  }
  return tracks;
}
const total = (events: readonly TraceEvent[]): number => events.reduce((n, { dur }) => n + dur, 0);

test("every work on a small model: kernels within runs within the wall, by name, and a trace of one unit", async () => {
  const runtime = new OrtRuntime({ threads: 1, profile: true });
  const config = smallConfig({ eosIds: [], maxPositions: 256 });
  const random = new RandomStream(1, "texts");
  const texts = async () => Array.from({ length: 4 }, () => randomIds(random, 40));
  const options = { works: WORKS, repeats: 2, rows: 2, length: 16, promptTokens: 8, newTokens: 4 };
  const said: string[] = [];
  const made = await profile(runtime, config, smallWeights(runtime, config), texts, options, (what) =>
    said.push(what),
  );
  expect(made.works.map(({ work }) => work)).toEqual([...WORKS]);
  expect(said.length).toBe(WORKS.length);
  for (const {
    work,
    wall,
    kernels,
    betweenKernels,
    outsideRuns,
    ops,
    products,
    places,
    phases,
  } of made.works) {
    expect(kernels, work).toBeGreaterThan(0);
    expect(betweenKernels, work).toBeGreaterThanOrEqual(0);
    expect(outsideRuns, work).toBeGreaterThanOrEqual(0);
    expect(kernels + betweenKernels + outsideRuns).toBeCloseTo(wall, 6);
    for (const groups of [ops, places]) {
      expect(groups.reduce((n, { share }) => n + share, 0)).toBeCloseTo(1, 6);
      expect(groups.map(({ milliseconds }) => milliseconds)).toEqual(
        groups.map(({ milliseconds }) => milliseconds).sort((a, b) => b - a),
      );
    }
    expect(products.length, work).toBeGreaterThan(0);
    const named = places.filter(({ name }) => !name.startsWith("elsewhere"));
    expect(named.map(({ name }) => name)).toContain("layers/mlp/down_proj, forward");
    const trains = ["lora", "lora-int8", "full", "ppo"].includes(work);
    expect(phases.some(({ backward }) => backward > 0)).toBe(trains);
  }
  const byWork = new Map(made.works.map((one) => [one.work, one]));
  expect(byWork.get("decode-16")!.phases.map(({ phase }) => phase)).toEqual(["decode"]);
  expect(byWork.get("decode-16")!.units).toBe(8);
  expect(
    byWork
      .get("ppo")!
      .phases.map(({ phase }) => phase)
      .sort(),
  ).toEqual(["decode", "optimiser", "prefill", "score", "train policy", "train value"]);
  expect(byWork.get("lora-int8")!.ops.map(({ name }) => name)).toContain("MatMulIntegerToFloat");

  const tracks = tracksOf([...made.trace].join(""));
  for (let pid = 1; pid <= WORKS.length; pid++) {
    const [phases, programs, kernels] = [1, 2, 3].map((tid) => tracks.get(`${pid} ${tid}`)!);
    expect(kernels.length).toBeGreaterThan(0);
    expect(total(kernels)).toBeLessThanOrEqual(total(programs));
    expect(total(programs)).toBeLessThanOrEqual(total(phases) + 0.01 * programs.length);
  }
});

const kernel = (op: string, milliseconds: number, work: Partial<KernelTime["work"]>): KernelTime => ({
  op,
  path: "layers.3/mlp",
  backward: op === "Gemm",
  start: 0,
  milliseconds,
  work: { flops: 0, bytes: 0, size: "", ...work },
});

test("shares, rates and what is outside kernels, for one unit", () => {
  const run: ProfiledRun = {
    program: "meanNegativeLogProb",
    start: 0,
    milliseconds: 10,
    kernels: [
      kernel("Add", 2, { bytes: 4e6 }),
      kernel("Gemm", 4, { flops: 8e9, size: "a" }),
      kernel("Gemm", 2, { flops: 1e9, size: "b" }),
    ],
  };
  const slower = { ...run, kernels: run.kernels.map((k, i) => ({ ...k, milliseconds: i + 2 })) };
  expect(summarise([[run], [slower]], 26)).toMatchObject({ kernels: 8.5, leastKernels: 7 });
  const other = { ...run, kernels: run.kernels.slice(1) };
  expect(summarise([[run], [other]], 26).leastKernels).toBeUndefined();

  const summary = summarise([[run], [run]], 26);
  expect(summary).toMatchObject({ wall: 13, kernels: 8, betweenKernels: 2, outsideRuns: 3 });
  expect(summary.ops).toEqual([
    { name: "Gemm", calls: 2, milliseconds: 6, share: 0.75, gflops: 1500 },
    { name: "Add", calls: 1, milliseconds: 2, share: 0.25, gigabytes: 2 },
  ]);
  expect(summary.products.map(({ name, gflops }) => [name, gflops])).toEqual([
    ["Gemm a", 2000],
    ["Gemm b", 500],
  ]);
  expect(summary.places.map(({ name }) => name)).toEqual(["layers/mlp, backward", "layers/mlp, forward"]);
  expect(summary.phases).toEqual([{ phase: "gradients", runs: 1, forward: 2, backward: 6, inRuns: 10 }]);
});

test("a trace without any run is still one", () => {
  expect(JSON.parse([...chromeTrace([{ name: "nothing", runs: [] }])].join("")).traceEvents.length).toBe(4);
});
