/** Tiny networks with random weights and a simple vocabulary, for tests of training and sampling. */

import { RandomStream } from "../src/base/random.js";
import type { ModelConfig } from "../src/model/config.js";
import { fullNetwork, loraNetwork } from "../src/model/create.js";
import { LINEAR_NAMES, type Network, type Weights } from "../src/model/network.js";
import { expectedWeights } from "../src/model/weight-names.js";
import type { Runtime } from "../src/runtime/runtime.js";
import type { Tokenizer } from "../src/text/index.js";
import { tinyConfig } from "./tiny-model.js";

export const PAD = 0;
export const EOS = 2;

/** 60 tokens, two layers, grouped-query attention. */
export const smallConfig = (changes: Partial<ModelConfig> = {}): ModelConfig =>
  tinyConfig({
    vocabSize: 60,
    hiddenSize: 32,
    intermediateSize: 48,
    heads: 2,
    kvHeads: 1,
    headDim: 16,
    ...changes,
  });

/** Weights large enough for a peaked distribution, as a trained model has. */
export function smallWeights(runtime: Runtime, config: ModelConfig, seed = 1): Weights {
  const weights = new Map();
  for (const [name, shape] of expectedWeights(config)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    new RandomStream(seed, name).fillNormal(data, shape.length > 1 ? 0.25 : 0.1);
    if (name.endsWith("norm.weight")) for (let i = 0; i < data.length; i++) data[i] += 1;
    weights.set(name, runtime.buffer("f32", shape, data));
  }
  return weights;
}

export const smallFull = (runtime: Runtime, seed = 1, head: "none" | "random" | "zero" = "none"): Network =>
  fullNetwork(runtime, smallConfig(), smallWeights(runtime, smallConfig(), seed), seed, head);

export const smallLora = (
  runtime: Runtime,
  base: Weights,
  head: "none" | "random" | "zero" = "none",
  config = smallConfig(),
): Network => loraNetwork(runtime, config, base, { r: 4, alpha: 8, targets: [...LINEAR_NAMES] }, 5, head);

/** Token ids from 3 upwards, neither padding nor end. */
export const randomIds = (random: RandomStream, length: number, vocabSize = 60): number[] =>
  Array.from({ length }, () => 3 + random.int(vocabSize - 3));

/** One character for each token: a letter from 3 upwards, a digit for the others. */
export const letters: Tokenizer = {
  decode: (ids: readonly number[]) =>
    ids.map((id) => (id < 3 ? String(id) : String.fromCharCode(97 + ((id - 3) % 26)))).join(""),
} as Tokenizer;
