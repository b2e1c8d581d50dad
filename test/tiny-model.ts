/** A tiny model with random weights, for tests of loading and saving. */

import { RandomStream } from "../src/base/random.js";
import type { ModelConfig } from "../src/model/config.js";
import { expectedWeights } from "../src/model/weight-names.js";

export function tinyConfig(changes: Partial<ModelConfig> = {}): ModelConfig {
  return {
    architecture: "llama",
    vocabSize: 272,
    hiddenSize: 16,
    intermediateSize: 24,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headDim: 4,
    maxPositions: 64,
    rmsNormEps: 1e-5,
    ropeTheta: 10_000,
    tieWordEmbeddings: false,
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
    bosId: 1,
    eosIds: [2],
    padId: 0,
    ...changes,
  };
}

/** Every weight the configuration calls for, normally distributed. */
export function tinyWeights(config: ModelConfig): Map<string, { shape: number[]; data: Float32Array }> {
  return new Map(
    [...expectedWeights(config)].map(([name, shape]) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const data = new RandomStream(1, name).fillNormal(new Float32Array(new ArrayBuffer(length * 4)), 0.3);
      return [name, { shape, data }];
    }),
  );
}
