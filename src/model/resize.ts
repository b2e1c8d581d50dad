/** Rows for tokens that were added to a tokenizer and not to its model. */
import { readFloats } from "../runtime/read.js";
import type { Runtime } from "../runtime/runtime.js";
import type { ModelConfig } from "./config.js";
import { allocateF32 } from "./formats/weights.js";
import type { Weights } from "./network.js";
import { expectedWeights } from "./weight-names.js";

/** A model in memory: its configuration and its weights, none of them in 8 bits. */
export interface SizedModel {
  config: ModelConfig;
  weights: Weights;
}

/**
 * The model with more rows in its embedding, and in its output head where it has one of its own. Each new row is the
 * mean of the old ones of its matrix, in double precision: a softmax over more tokens then takes least from the old
 * (Hewitt 2021, "Initializing new word embeddings for pretrained language models"). transformers'
 * resize_token_embeddings draws around that mean, with the old rows' covariance times 1e-9, or takes the mean where
 * that is no covariance.
 *
 * @param rows at least as many as the model has. Other weights are the model's own buffers.
 */
export async function withRows(runtime: Runtime, model: SizedModel, rows: number): Promise<SizedModel> {
  const config = { ...model.config, vocabSize: rows };
  const weights = new Map(model.weights);
  for (const [name, shape] of expectedWeights(config)) {
    const old = model.weights.get(name);
    if (old === undefined || old.shape.length !== 2 || old.shape[0] === shape[0]) continue;
    const grown = withMeanRows(await readFloats(old), old.shape[0], rows);
    weights.set(name, runtime.adopt("f32", shape, grown, name));
  }
  return { config, weights };
}

/** [rows, width] of [before, width]: the old rows, then their mean. */
function withMeanRows(old: Float32Array, before: number, rows: number): Float32Array<ArrayBuffer> {
  const width = old.length / before;
  const mean = new Float64Array(width);
  for (let i = 0; i < old.length; i++) mean[i % width] += old[i] / before;
  const grown = allocateF32(rows * width);
  grown.set(old);
  for (let row = before; row < rows; row++) grown.set(mean, row * width);
  return grown;
}
