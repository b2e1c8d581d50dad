import { collate } from "../src/model/batch.js";
import { hiddenStates, logits } from "../src/model/decoder.js";
import type { Network } from "../src/model/network.js";
import { NetworkRunner } from "../src/model/runner.js";
import { batchTokens } from "../src/model/values.js";
import type { Runtime } from "../src/runtime/runtime.js";
import { PAD } from "./tiny-network.js";

/** Logits after each token of one text, by the whole forward pass: [T, V]. */
export async function fullLogits(
  runtime: Runtime,
  network: Network,
  ids: readonly number[],
): Promise<Float32Array[]> {
  const batch = collate([{ ids, lossMask: ids.map(() => true) }], PAD);
  const { config } = network;
  const { all } = await new NetworkRunner(runtime, network).evaluate(
    (p, x) => ({ all: logits(p, config, hiddenStates(p, config, x.ids)) }),
    batchTokens(batch),
    {},
  );
  return ids.map((_, t) => (all as Float32Array).slice(t * config.vocabSize, (t + 1) * config.vocabSize));
}

export const argmax = (row: Float32Array): number => row.indexOf(Math.max(...row));

/** Natural logarithm of a token's probability. */
export function logProbOf(row: Float32Array, id: number): number {
  const most = Math.max(...row);
  return row[id] - most - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
}
