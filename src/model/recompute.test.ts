import { expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { PAD, randomIds, smallConfig, smallFull, smallLora, smallWeights } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { adamwSchema } from "../optim/index.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { neg, sum } from "../tensor/index.js";
import { collate, type Sequence } from "./batch.js";
import { quantizeBase } from "./int8/build.js";
import type { Network } from "./network.js";
import { NetworkTrainer } from "./runner.js";
import { tokenReadings } from "./token-readings.js";
import { tokensRead } from "./values.js";

const runtime = new OrtRuntime({ threads: 1 });
const random = new RandomStream(2, "texts");

function batchOf(length: number) {
  const rows = Array.from({ length: 2 }, (): Sequence => {
    const ids = randomIds(random, length);
    return { ids, lossMask: ids.map(() => true) };
  });
  return collate(rows, PAD);
}

/** Loss and gradients of the sum of log-probabilities. */
async function gradientsOf(network: Network, batch: ReturnType<typeof batchOf>, recompute: boolean) {
  const trainer = new NetworkTrainer(runtime, network, { ...adamwSchema.parse({}), recompute });
  const { loss } = await trainer.differentiate(
    (p, x) => ({ loss: neg(sum(tokenReadings(p, x, { differentiable: true }).logProbs)) }),
    tokensRead(batch),
    {},
  );
  return { loss: loss[0], gradient: Float32Array.from(memoryOf(trainer.gradients.flat)) };
}

/** An adapter whose second factors are not zero, so that every gradient is one. */
function adapted(base: ReturnType<typeof smallWeights>, config = smallConfig()): Network {
  const network = smallLora(runtime, base, "none", config);
  const data = memoryOf(network.trainable.flat);
  new RandomStream(3, "adapter").fillNormal(data, 0.1);
  return network;
}

function long(): Network {
  const config = smallConfig({ maxPositions: 1024 });
  return adapted(smallWeights(runtime, config), config);
}

async function int8(): Promise<Network> {
  const config = smallConfig();
  const texts = Array.from({ length: 12 }, () => randomIds(random, 30));
  const options = { limit: 1, use: "training" } as const;
  const base = await quantizeBase(runtime, config, smallWeights(runtime, config), texts, options);
  return adapted(base.weights);
}

test.each([
  ["LoRA", 24, async () => adapted(smallWeights(runtime, smallConfig()))],
  ["LoRA, rows longer than a block of queries", 700, long],
  ["all weights", 24, async () => smallFull(runtime)],
  ["LoRA on a base in 8 bits", 24, int8],
])("recomputation changes no bit of loss and gradients: %s", async (_name, length, make) => {
  const network = await make();
  const batch = batchOf(length);
  const kept = await gradientsOf(network, batch, false);
  expect(kept.gradient.some((value) => value !== 0)).toBe(true);
  expect(await gradientsOf(network, batch, true)).toEqual(kept);
});
