import { elementCount } from "../base/element-count.js";
import type { ModelConfig } from "../model/config.js";
import { expectedWeights } from "../model/weight-names.js";

/** SmolLM2-135M's shape (its config.json); the bench fills it with random weights. */
export const SMOLLM2_135M: ModelConfig = {
  architecture: "llama",
  vocabSize: 49152,
  hiddenSize: 576,
  intermediateSize: 1536,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  headDim: 64,
  maxPositions: 8192,
  rmsNormEps: 1e-5,
  ropeTheta: 100_000,
  tieWordEmbeddings: true,
  qkvBias: false,
  outputBias: false,
  mlpBias: false,
  eosIds: [2],
  padId: 0,
};

/** Number of elements of the matrices that multiply tokens: all linear layers and the output head. */
export function matrixElements(config: ModelConfig): number {
  let total = config.tieWordEmbeddings ? 0 : -config.vocabSize * config.hiddenSize;
  for (const shape of expectedWeights(config).values()) if (shape.length === 2) total += shape[0] * shape[1];
  return total;
}

/** Bytes of all weights in f32: what a decoding step at batch 1 has to read. */
export const weightBytes = (config: ModelConfig): number =>
  4 * [...expectedWeights(config).values()].reduce((n, shape) => n + elementCount(shape), 0);

/**
 * Floating-point operations that a training step needs, per token: 2 per multiply-add; forward, input gradients and
 * weight gradients are one product each. Attention counts only the causal half of the scores. Element-wise work is not
 * counted.
 */
export function trainingFlopsPerToken(
  config: ModelConfig,
  length: number,
  loraElements: number | null,
): number {
  const matrices = matrixElements(config);
  const attention = 2 * 2 * config.heads * config.headDim * ((length + 1) / 2) * config.layers;
  return loraElements === null
    ? 6 * matrices + 3 * attention
    : 4 * matrices + 6 * loraElements + 3 * attention;
}
