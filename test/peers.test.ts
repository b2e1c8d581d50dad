import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { bars } from "../bench/peers/bars.js";
import { compareWork } from "../bench/peers/compare.js";
import { fitLine } from "../bench/peers/fit.js";
import { InterimResults } from "../bench/peers/interim.js";
import { PeerProcess } from "../bench/peers/protocol.js";
import { barsTable, figures, markdown, type WorkSeries } from "../bench/peers/report.js";

const folder = mkdtempSync(path.join(os.tmpdir(), "peers-"));
afterAll(() => rmSync(folder, { recursive: true }));

const node = (script: string): string[] => [process.execPath, "-e", script];

test("a peer answers requests in turn, and other lines are not for us", async () => {
  const peer = await PeerProcess.start(
    "echo",
    node(
      `console.log("hello"); console.log('{"ready":"1"}');
       require("readline").createInterface({input: process.stdin}).on("line", (l) =>
         console.log(JSON.stringify({ milliseconds: JSON.parse(l).batch })));`,
    ),
  );
  if (!(peer instanceof PeerProcess)) throw new Error(peer.skip);
  expect(await peer.measure({ batch: 3 })).toEqual({ milliseconds: 3 });
  expect(await peer.measure({ batch: 4 })).toEqual({ milliseconds: 4 });
  await peer.stop();
  await expect(peer.measure({})).rejects.toThrow("echo has ended");
});

test("a peer that is not there, says why not, or ends is skipped with the reason", async () => {
  expect(await PeerProcess.start("none", ["no-such-program-anywhere"])).toEqual({
    skip: expect.stringContaining("ENOENT"),
  });
  expect(await PeerProcess.start("absent", node(`console.log('{"skip":"no torch"}')`))).toEqual({
    skip: "no torch",
  });
  expect(await PeerProcess.start("broken", node(`console.error("out of luck"); process.exit(3)`))).toEqual({
    skip: "broken ended with status 3: out of luck",
  });
});

test("ratios are taken within rounds, to the first peer", () => {
  const measured = (times: number[]) => times.map((milliseconds) => ({ milliseconds }));
  const work = {
    work: "decode" as const,
    batch: 16,
    tokens: 16,
    peers: [
      { id: "a", label: "A", measurements: measured([10, 20, 40]) },
      { id: "b", label: "B", measurements: measured([20, 10, 160]) },
    ],
  };
  const [a, b] = figures(work);
  expect(a.ratio).toEqual({ median: 1, min: 1, max: 1 });
  expect(a.tokensPerSecond).toBe(800);
  expect(b.ratio).toEqual({ median: 0.5, min: 0.25, max: 2 });
  expect(markdown([work])).toContain("| decoding, batch 16 | A  | 20.0 (10.0-40.0) ");
});

test("a straight line has no bend, and a steeper piece is found", () => {
  const straight = fitLine([1, 2, 4, 8], [12, 14, 18, 26]);
  expect(straight.fixed).toBeCloseTo(10);
  expect(straight.perUnit).toBeCloseTo(2);
  expect(straight.r2).toBeCloseTo(1);
  expect(straight.bend).toBeUndefined();
  expect(fitLine([1, 2, 4, 8, 16], [12, 14, 18, 26, 90]).bend).toBeDefined();
});

const SETTINGS = {
  work: "lora" as const,
  model: "none",
  texts: null,
  threads: 1,
  layers: null,
  rows: 2,
  length: 8,
  promptTokens: 4,
  newTokens: 4,
  prompts: 2,
  epochs: 1,
};

test("rounds are kept as they are measured, and a run goes on where it stopped", async () => {
  const file = path.join(folder, "runs.interim.json");
  const said: string[] = [];
  const answer = `process.stdin.on("data", (d) => String(d).trim().split("\\n").forEach(() =>
    console.log('{"milliseconds":5}'))); console.log('{"ready":"1"}')`;
  const peer = (id: string, script: string) => ({
    id,
    label: id.toUpperCase(),
    works: ["lora" as const],
    cuts: true,
    command: () => node(script),
  });
  const run = async (
    repeats: number,
    peers = [peer("a", answer), peer("b", 'console.log(\'{"skip":"not here"}\')')],
  ) => {
    const note = (text: string) => said.push(text);
    const interim = InterimResults.open(file, { rows: 2 }, note);
    const tools = { python: "none", folder };
    await compareWork({ work: "lora", peers, settings: SETTINGS, tools, repeats, interim, note });
    return interim;
  };
  expect((await run(2)).series[0].peers[0].measurements.length).toBe(2);
  expect(existsSync(file)).toBe(true);
  const more = await run(3);
  expect(said).toContain(`going on with what ${file} holds`);
  expect(more.series).toEqual([
    {
      work: "lora",
      tokens: 16,
      peers: [{ id: "a", label: "A", measurements: Array.from({ length: 3 }, () => ({ milliseconds: 5 })) }],
    },
  ]);
  expect(more.leftOut).toEqual([{ work: "lora", id: "b", label: "B", why: "not here" }]);
  await run(3, [peer("a", "process.exit(1)")]);
  expect(said.at(-1)).toBe("lora: all 3 rounds were done before");
  await more.remove();
  expect(existsSync(file)).toBe(false);
});

test("a file of other settings, or none of ours, is not gone on with", () => {
  const file = path.join(folder, "other.interim.json");
  const said: string[] = [];
  for (const content of ['{"settings":{"rows":3},"series":[],"leftOut":[],"scaling":{}}', "{", "[]"]) {
    writeFileSync(file, content);
    expect(InterimResults.open(file, { rows: 2 }, (text) => said.push(text)).series).toEqual([]);
  }
  expect(said).toEqual(Array.from({ length: 3 }, () => `${file} is of another run and will be written anew`));
});

test("bars are ratios within rounds; without figures there is none", () => {
  const series = (id: string, times: number[], rest: Partial<WorkSeries>): WorkSeries => ({
    work: "decode",
    tokens: 1,
    peers: [{ id, label: id, measurements: times.map((milliseconds) => ({ milliseconds })) }],
    ...rest,
  });
  const measured = bars([
    series("ours-int8", [1, 2], { batch: 1 }),
    series("ours-int8", [4, 16], { batch: 64 }),
    series("ours-f32", [10, 10], { batch: 1, capacity: 128 }),
    series("ours-f32", [15, 20], { batch: 1, capacity: 2048 }),
  ]);
  expect(measured.map(({ ratio, met }) => [ratio.median, met])).toEqual([
    [12, true],
    [1.75, false],
  ]);
  expect(barsTable(measured)).toMatch(/12\.0 \(8\.00-16\.0\) +\| at least 12 +\| met/);
  expect(barsTable(measured)).toMatch(/1\.75 \(1\.50-2.00\) +\| at most 1\.5 +\| missed/);
  expect(bars([])).toEqual([]);
});
