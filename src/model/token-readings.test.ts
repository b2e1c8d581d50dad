import { expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { PAD, randomIds, smallConfig, smallLora, smallWeights } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { adamwSchema } from "../optim/index.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { mul, square, sum, type Tensor, tokenLogProbs } from "../tensor/index.js";
import { collate, type Sequence } from "./batch.js";
import { logits } from "./decoder.js";
import type { Settings, TracedLoss } from "./learner.js";
import { NetworkTrainer } from "./runner.js";
import { entropies, readHidden } from "./sequence-programs.js";
import { tokenReadings } from "./token-readings.js";
import { type TokensRead, tokensRead } from "./values.js";

const TEMPERATURE = 0.7;

test.each([
  ["plain logits", undefined],
  ["a soft cap on the logits", 2],
])("readings in blocks of rows, and their gradients, are those of all logits at once: %s", async (_, cap) => {
  const runtime = new OrtRuntime({ threads: 1 });
  const config = smallConfig({ logitSoftCap: cap });
  const network = smallLora(runtime, smallWeights(runtime, config), "none", config);
  const random = new RandomStream(3, "test");
  random.fillNormal(memoryOf(network.trainable.flat), 0.2);
  const trainer = new NetworkTrainer(runtime, network, adamwSchema.parse({}));
  const sequences = Array.from({ length: 8 }, (): Sequence => {
    const ids = randomIds(random, 40);
    return { ids, lossMask: ids.map((_, i) => i > 2) };
  });
  const batch = collate(sequences, PAD);
  expect(batch.targets.length).toBeGreaterThan(2 * 128);

  type Readings = Record<"loss" | "logProbs" | "entropies", Tensor>;
  const gradientsOf = async <O extends Readings>(loss: TracedLoss<TokensRead, Settings, O>) => {
    const out = await trainer.differentiate(loss, tokensRead(batch), {});
    await trainer.update(0);
    return { out, gradient: memoryOf(trainer.gradients.flat).slice() };
  };
  const inBlocks = await gradientsOf((p, x) => {
    const readings = tokenReadings(p, x, {
      temperature: TEMPERATURE,
      differentiable: true,
      also: ["entropies", "hits"],
    });
    return { ...readings, loss: sum(mul(square(readings.logProbs), x.weights)) };
  });
  const atOnce = await gradientsOf((p, x) => {
    const scores = logits(p, config, readHidden(p, x), 1 / TEMPERATURE);
    const logProbs = tokenLogProbs(scores, x.targets);
    return {
      logProbs,
      entropies: entropies(scores),
      loss: sum(mul(square(logProbs), x.weights)),
    };
  });

  for (const name of ["logProbs", "entropies"] as const) close(inBlocks.out[name], atOnce.out[name]);
  close(inBlocks.gradient, atOnce.gradient);
  const hits = [...(inBlocks.out.hits as Float32Array)].slice(0, batch.count);
  expect(new Set(hits)).toEqual(new Set([0, 1]));
});

function close(found: ArrayLike<number | bigint>, wanted: ArrayLike<number | bigint>): void {
  expect(found.length).toBe(wanted.length);
  const largest = Math.max(...Array.from(wanted, (value) => Math.abs(Number(value))));
  expect(largest).toBeGreaterThan(0);
  for (let i = 0; i < wanted.length; i++)
    expect(Math.abs(Number(found[i]) - Number(wanted[i]))).toBeLessThan(2e-5 * largest);
}
