import { expect, test } from "vitest";
import { fitLine } from "../bench/peers/fit.js";
import { PeerProcess } from "../bench/peers/protocol.js";
import { figures, markdown } from "../bench/peers/report.js";

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
