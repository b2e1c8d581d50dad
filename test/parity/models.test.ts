import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { theirWeights, wholeTensor } from "../../src/model/architectures/names.js";
import { collate, type Sequence } from "../../src/model/batch.js";
import { fullNetwork } from "../../src/model/create.js";
import { hiddenStates, logits } from "../../src/model/decoder.js";
import { openModel } from "../../src/model/load/index.js";
import { readWeights } from "../../src/model/read-weights.js";
import { NetworkTrainer } from "../../src/model/runner.js";
import type { SavedTensor } from "../../src/model/save/index.js";
import { tokenReadings } from "../../src/model/token-readings.js";
import { batchTokens, tokensRead } from "../../src/model/values.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { mul, neg, sum } from "../../src/tensor/index.js";
import { memoryOf } from "../buffers.js";
import { ARCHITECTURE_FIXTURES } from "../fixtures.js";

/** Reference values made with PyTorch and transformers by scripts/reference/make_fixtures.py, make_architectures.py. */
const FIXTURES = path.resolve("test/fixtures/models");
const NAMES = [
  ...["llama-tied", "llama-untied", "llama-bias", "llama3-rope", "mistral", "qwen2"],
  ...ARCHITECTURE_FIXTURES,
];
const TOLERANCE = 1e-4;

interface Checksum {
  norm: number;
  probe: number;
  values?: number[];
}
interface Expected {
  inputIds: number[][];
  completionMask: number[][];
  shortInputIds: number[][];
  logits: Record<"batch" | "short", { full: { at: [number, number]; logits: number[] }[] }>;
  loss: { mean: number; count: number };
  gradients: Record<string, Checksum>;
}

const runtime = new OrtRuntime();
const adam = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: 1 };

/** Largest difference relative to the largest magnitude. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return difference / scale;
}

const probe = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, value, i) => total + value * Math.sin(0.7 * i + 1), 0);
const norm = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((t, v) => t + v * v, 0));

describe.each(NAMES)("%s equals transformers", (name) => {
  const folder = path.join(FIXTURES, name);
  const expected = JSON.parse(readFileSync(path.join(folder, "expected.json"), "utf8")) as Expected;

  async function trainer(): Promise<NetworkTrainer> {
    const files = await openModel(folder);
    const weights = await readWeights(runtime, files.config, files.weights);
    await files.close();
    return new NetworkTrainer(runtime, fullNetwork(runtime, files.config, weights), adam);
  }

  test("logits", async () => {
    const model = await trainer();
    const { config } = model.network;
    for (const [kind, rows] of [
      ["batch", expected.inputIds],
      ["short", expected.shortInputIds],
    ] as const) {
      const sequences = rows.map((ids): Sequence => ({ ids, lossMask: ids.map(() => true) }));
      const batch = collate(sequences, 0, rows.length, rows[0].length);
      const { all } = await model.evaluate(
        (p, x) => ({ all: logits(p, config, hiddenStates(p, config, x.ids)) }),
        batchTokens(batch),
        {},
      );
      for (const { at, logits: want } of expected.logits[kind].full) {
        const start = (at[0] * batch.columns + at[1]) * config.vocabSize;
        expect(
          relativeError((all as Float32Array).subarray(start, start + config.vocabSize), want),
        ).toBeLessThan(TOLERANCE);
      }
    }
  });

  test("loss and the gradient of every weight", async () => {
    const model = await trainer();
    const { config } = model.network;
    const sequences = expected.inputIds.map(
      (ids, b): Sequence => ({ ids, lossMask: expected.completionMask[b].map(Boolean) }),
    );
    const batch = collate(sequences, 0);
    expect(batch.count).toBe(expected.loss.count);
    const { loss } = await model.differentiate(
      (p, x) => ({
        loss: mul(
          neg(sum(mul(tokenReadings(p, x, { differentiable: true }).logProbs, x.weights))),
          1 / batch.count,
        ),
      }),
      tokensRead(batch),
      {},
    );
    expect(Math.abs((loss[0] as number) - expected.loss.mean) / expected.loss.mean).toBeLessThan(1e-5);
    const { specs, byName } = model.gradients;
    const ours = new Map<string, { shape: number[]; data: Float32Array }>();
    for (const { name, shape } of specs)
      ours.set(name, { shape: [...shape], data: memoryOf(byName.get(name)) });
    const theirs = theirWeights(config, ours);
    expect([...theirs.keys()].sort()).toEqual(Object.keys(expected.gradients).sort());
    for (const [key, want] of Object.entries(expected.gradients)) {
      const gradient = await wholeTensor(theirs.get(key) as SavedTensor);
      expect(Math.abs(norm(gradient) - want.norm) / want.norm, key).toBeLessThan(TOLERANCE);
      expect(Math.abs(probe(gradient) - want.probe) / want.norm, key).toBeLessThan(TOLERANCE);
      if (want.values) expect(relativeError(gradient, want.values.flat()), key).toBeLessThan(TOLERANCE);
    }
  });
});
