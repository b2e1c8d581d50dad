import { describe, expect, it } from "vitest";
import { tinyConfig } from "../../test/tiny-model.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { promptCompletion } from "./batch.js";
import { loraNetwork, randomWeights } from "./create.js";
import { NetworkRunner } from "./runner.js";
import { sequenceValues } from "./score.js";
import { calibrateValueHead } from "./value-head.js";

describe("calibrateValueHead", () => {
  it("gives the values the wanted mean, and leaves their differences scaled", async () => {
    const runtime = new OrtRuntime({ threads: 1 });
    const config = tinyConfig();
    const lora = { r: 2, alpha: 4, targets: ["q_proj"] as const };
    const network = loraNetwork(runtime, config, randomWeights(runtime, config, 1), lora, 1, "random");
    const runner = new NetworkRunner(runtime, network);
    const sequences = [3, 4, 5, 6].map((n) => promptCompletion([1, n], [n + 2, 9, 4 * n]));
    const batching = { rows: 2, padId: 0 };
    const values = async () => (await sequenceValues(runner, sequences, batching)).flatMap((row) => [...row]);
    const mean = (all: number[]) => all.reduce((a, b) => a + b, 0) / all.length;

    await calibrateValueHead(runner, sequences, batching, { scale: 1, mean: 0 });
    const centred = await values();
    expect(mean(centred)).toBeCloseTo(0, 5);
    await calibrateValueHead(runner, sequences, batching, { scale: 3, mean: 0.5 });
    const scaled = await values();
    expect(mean(scaled)).toBeCloseTo(0.5, 5);
    expect(Math.max(...centred) - Math.min(...centred)).toBeGreaterThan(1e-3);

    await calibrateValueHead(runner, sequences, batching, { scale: 1 / 3, mean: 0 });
    (await values()).forEach((value, i) => {
      expect(value).toBeCloseTo(centred[i], 5);
    });
  });
});
