import { describe, expect, test } from "vitest";
import { type Batch, collate, type Sequence } from "../../src/model/batch.js";
import { frozenNetwork, loraNetwork } from "../../src/model/create.js";
import { hiddenStates, logits } from "../../src/model/decoder.js";
import type { Network } from "../../src/model/network.js";
import { adapterNetwork } from "../../src/model/read-adapter.js";
import { NetworkRunner, NetworkTrainer } from "../../src/model/runner.js";
import { readAdapter, stackAdapters } from "../../src/model/stack-adapters.js";
import { tokenReadings } from "../../src/model/token-readings.js";
import { batchTokens, tokensRead } from "../../src/model/values.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { mul, neg, sum } from "../../src/tensor/index.js";
import { memoryOf } from "../buffers.js";
import { norm, probe, relativeError } from "../evaluate.js";
import { adapterFolder, loadModel, PLAIN_ADAM, readFixture } from "../fixtures.js";

/** Adapters made by peft over the model llama-tied, with logits, losses and gradients by transformers and torch. */
const NAMES = ["lora-a", "lora-b", "lora-rslora"];
const TOLERANCE = 1e-4;
const runtime = new OrtRuntime({ threads: 1 });
const base = loadModel(runtime, "llama-tied");

interface Logits {
  full: { at: [number, number]; logits: number[] }[];
  logSumExp: number[][];
}
interface Expected {
  inputIds: number[][];
  completionMask: number[][];
  shortInputIds: number[][];
  logits: Record<"batch" | "short", Logits>;
  loss: { mean: number; count: number };
  gradients: Record<string, { norm: number; probe: number; values?: number[][] }>;
}

async function allLogits(network: Network, rows: number[][]): Promise<{ batch: Batch; all: Float32Array }> {
  const batch = collate(
    rows.map((ids): Sequence => ({ ids, lossMask: ids.map(() => true) })),
    0,
    rows.length,
  );
  const runner = new NetworkRunner(runtime, network);
  const { all } = await runner.evaluate(
    (p, x) => ({ all: logits(p, network.config, hiddenStates(p, network.config, x.ids)) }),
    batchTokens(batch),
    {},
  );
  return { batch, all: all as Float32Array };
}

async function expectLogits(network: Network, rows: number[][], want: Logits): Promise<void> {
  const V = network.config.vocabSize;
  const { batch, all } = await allLogits(network, rows);
  const row = ([b, t]: [number, number]): Float32Array =>
    all.subarray((b * batch.columns + t) * V, (b * batch.columns + t + 1) * V);
  for (const { at, logits: values } of want.full)
    expect(relativeError(row(at), values)).toBeLessThan(TOLERANCE);
  const sums = want.logSumExp.map((positions, b) =>
    positions.map((_, t) => Math.log(row([b, t]).reduce((a, v) => a + Math.exp(v), 0))),
  );
  expect(relativeError(sums.flat(), want.logSumExp.flat())).toBeLessThan(TOLERANCE);
}

describe.each(NAMES)("the adapter %s equals peft's", (name) => {
  const expected = readFixture<Expected>(`adapters/${name}/expected.json`);

  test("logits", async () => {
    const { config, weights } = await base;
    const network = await adapterNetwork(runtime, config, weights, adapterFolder(name));
    await expectLogits(network, expected.inputIds, expected.logits.batch);
    await expectLogits(network, expected.shortInputIds, expected.logits.short);
  });

  test("loss, and the gradient of every matrix of the adapter", async () => {
    const { config, weights } = await base;
    const model = new NetworkTrainer(
      runtime,
      await adapterNetwork(runtime, config, weights, adapterFolder(name)),
      PLAIN_ADAM,
    );
    const batch = collate(
      expected.inputIds.map(
        (ids, b): Sequence => ({ ids, lossMask: expected.completionMask[b].map(Boolean) }),
      ),
      0,
    );
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
    expect(batch.count).toBe(expected.loss.count);
    expect(relativeError([loss[0] as number], [expected.loss.mean])).toBeLessThan(1e-5);
    const found = new Map([...model.gradients.byName].map(([key, buffer]) => [key, memoryOf(buffer)]));
    expect([...found.keys()].sort()).toEqual(Object.keys(expected.gradients).map(short).sort());
    for (const [key, want] of Object.entries(expected.gradients)) {
      const gradient = found.get(short(key)) as Float32Array;
      expect(Math.abs(norm(gradient) - want.norm) / want.norm, key).toBeLessThan(TOLERANCE);
      expect(Math.abs(probe(gradient) - want.probe) / want.norm, key).toBeLessThan(TOLERANCE);
      if (want.values) expect(relativeError(gradient, want.values.flat()), key).toBeLessThan(TOLERANCE);
    }
  });
});

const short = (name: string): string => name.replace(/^base_model\.model\./, "");

describe("several adapters over one base", () => {
  test("each stays itself, and the base stays as it was", async () => {
    const { config, weights } = await base;
    const plain = readFixture<Expected>("models/llama-tied/expected.json");
    const networks = await Promise.all(
      ["lora-a", "lora-b"].map((name) => adapterNetwork(runtime, config, weights, adapterFolder(name))),
    );
    for (let round = 0; round < 2; round++) {
      for (const [i, name] of ["lora-a", "lora-b"].entries()) {
        const expected = readFixture<Expected>(`adapters/${name}/expected.json`);
        await expectLogits(networks[i], expected.inputIds, expected.logits.batch);
      }
      await expectLogits(frozenNetwork(runtime, config, weights), plain.inputIds, plain.logits.batch);
    }
  });
});

describe("stacked adapters", () => {
  test("two at once, as one adapter, equal peft's two", async () => {
    const { config, weights } = await base;
    const both = readFixture<Expected>("adapters/both.json");
    const stacked = stackAdapters(
      await Promise.all(["lora-a", "lora-b"].map((name) => readAdapter(adapterFolder(name), config))),
    );
    const network = loraNetwork(runtime, config, weights, stacked.lora, 0);
    expect([...network.trainable.byName.keys()].sort()).toEqual([...stacked.tensors.keys()].sort());
    for (const [name, { data }] of stacked.tensors) memoryOf(network.trainable.byName.get(name)).set(data);
    await expectLogits(network, both.inputIds, both.logits.batch);
  });
});

describe("padding", () => {
  interface Padded {
    rows: { ids: number[]; lastLogits: number[]; logSumExp: number[] }[];
  }
  test("rows padded on the right equal the rows alone", async () => {
    const { config, weights } = await base;
    const { rows } = readFixture<Padded>("models/llama-tied/padded.json");
    const V = config.vocabSize;
    const { batch, all } = await allLogits(
      frozenNetwork(runtime, config, weights),
      rows.map((row) => row.ids),
    );
    for (const [b, row] of rows.entries()) {
      const at = (t: number): Float32Array =>
        all.subarray((b * batch.columns + t) * V, (b * batch.columns + t + 1) * V);
      expect(relativeError(at(row.ids.length - 1), row.lastLogits)).toBeLessThan(TOLERANCE);
      const sums = row.ids.map((_, t) => Math.log(at(t).reduce((a, v) => a + Math.exp(v), 0)));
      expect(relativeError(sums, row.logSumExp)).toBeLessThan(TOLERANCE);
    }
  });
});
