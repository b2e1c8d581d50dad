/** The load-balancing loss of mixtures of experts against transformers' (scripts/reference/router_balance.py). */
import { describe, expect, test } from "vitest";
import { type SftConfig, sft, sftSchema } from "../../src/algorithms/sft.js";
import type { Sequence } from "../../src/model/batch.js";
import type { ModelConfig } from "../../src/model/config.js";
import { fullNetwork } from "../../src/model/create.js";
import { NetworkTrainer } from "../../src/model/runner.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { readFloats } from "../../src/runtime/read.js";
import { relativeError } from "../evaluate.js";
import { loadModel, PLAIN_ADAM, readFixture } from "../fixtures.js";
import { smallConfig, smallFull } from "../tiny-network.js";

interface Expected {
  loss: number;
  auxLoss: number;
  /** Of the first two rows, and of the third. */
  parts: number[];
  /** Gradients of the routers' weights. */
  routers: Record<string, number[]>;
}
const fixture = readFixture<{
  weight: number;
  rows: number[][];
  prompts: number[];
  models: Record<string, Expected>;
}>("router-balance.json");
const runtime = new OrtRuntime({ threads: 1 });
const rows = fixture.rows.map((ids, i): Sequence => {
  return { ids, lossMask: ids.map((_, t) => t >= fixture.prompts[i]) };
});

/** One step of training: its metrics, and the gradients before the update. */
async function step(
  name: string,
  changes: Partial<SftConfig>,
  config: Partial<ModelConfig> = {},
  recompute = false,
) {
  const loaded = await loadModel(runtime, name);
  const network = fullNetwork(runtime, { ...loaded.config, ...config }, loaded.weights);
  const trainer = new NetworkTrainer(runtime, network, { ...PLAIN_ADAM, recompute });
  const gradients = new Map<string, Float32Array>();
  const update = trainer.update.bind(trainer);
  trainer.update = async (rate) => {
    for (const [key, buffer] of trainer.gradients.byName)
      if (key.includes("router")) gradients.set(key, await readFloats(buffer));
    return update(rate);
  };
  const settings = { batchSize: rows.length, microBatchSize: 4, ...changes };
  const running = sft(trainer, rows, 0, sftSchema.parse(settings));
  const { value } = await running.next();
  if (!value) throw new Error("no step was made");
  return { metrics: value.metrics as Record<string, number>, gradients };
}

describe.each(Object.entries(fixture.models))("%s", (name, expected) => {
  const withoutBalance = expected.loss - fixture.weight * expected.auxLoss;

  test.each([false, true])(
    "has transformers' loss and gradients of routers; recomputed: %s",
    async (recompute) => {
      const { metrics, gradients } = await step(name, { routerAuxLossCoef: fixture.weight }, {}, recompute);
      expect(Math.abs(metrics.aux_loss - expected.auxLoss)).toBeLessThan(1e-5 * expected.auxLoss);
      expect(Math.abs(metrics.loss - expected.loss)).toBeLessThan(1e-5 * expected.loss);
      for (const [key, gradient] of Object.entries(expected.routers))
        expect(relativeError(gradients.get(key) ?? [], gradient)).toBeLessThan(1e-4);
    },
  );

  test("packed rows, which have no padding of their own, have the same", async () => {
    const { metrics } = await step(name, { routerAuxLossCoef: fixture.weight, packing: true, maxLength: 32 });
    expect(Math.abs(metrics.loss - expected.loss)).toBeLessThan(1e-5 * expected.loss);
  });

  test("is the mean over micro-batches, with config.json's weight or the setting's", async () => {
    const { config } = await loadModel(runtime, name);
    const asked = { experts: { ...config.experts!, auxLoss: 0.25 } };
    const mean = (expected.parts[0] + expected.parts[1]) / 2;
    const { metrics } = await step(name, { microBatchSize: 2 }, asked);
    expect(Math.abs(metrics.aux_loss - mean)).toBeLessThan(1e-5 * mean);
    expect(Math.abs(metrics.loss - (withoutBalance + 0.25 * mean))).toBeLessThan(2e-5 * expected.loss);
    const off = await step(name, { routerAuxLossCoef: 0 }, asked);
    expect(off.metrics).not.toHaveProperty("aux_loss");
    expect(Math.abs(off.metrics.loss - withoutBalance)).toBeLessThan(2e-5 * expected.loss);
    expect((await step(name, {})).metrics).not.toHaveProperty("aux_loss");
  });
});

test("is refused for a model without experts", async () => {
  const trainer = new NetworkTrainer(runtime, smallFull(runtime), PLAIN_ADAM);
  const settings = sftSchema.parse({ routerAuxLossCoef: 0.1 });
  expect(smallConfig().experts).toBeUndefined();
  await expect(sft(trainer, rows, 0, settings).next()).rejects.toThrow(/no mixture of experts/);
});
