/**
 * Models: reading and saving them, networks over their weights, and the evaluation and training of networks.
 *
 * @example
 * const trainer = new NetworkTrainer(runtime, fullNetwork(runtime, config, weights), sftSchema.parse({}));
 * await trainer.differentiate(loss, values, {});
 * await trainer.update(1e-4);
 */
export { type Batch, collate, promptCompletion, type Sequence } from "./batch.js";
export type { ModelConfig } from "./config.js";
export { frozenNetwork, fullNetwork, loraNetwork, randomWeights } from "./create.js";
export { exportAdapter, exportMerged } from "./export.js";
export { quantizeBase } from "./int8/build.js";
export { withGradients } from "./int8/gradients.js";
export type { QuantizedBase } from "./int8/quantized-base.js";
export { describeInt8, type StoredInt8 } from "./int8/stored.js";
export { layOut } from "./lay-out.js";
export type { Learner, Model, Scorer, TracedFunction, TracedLoss } from "./learner.js";
export { openModel } from "./load/index.js";
export { LINEAR_NAMES, type LoraConfig, type Network, type Weights } from "./network.js";
export { adapterNetwork } from "./read-adapter.js";
export { readModelWeights, readWeights } from "./read-weights.js";
export { openRewardModel, type RewardModel, saveRewardModel } from "./reward-model.js";
export { NetworkRunner, NetworkTrainer } from "./runner.js";
export { saveInt8 } from "./save-int8.js";
export {
  type Batching,
  sequenceLogProbs,
  sequenceLogProbsAndEntropies,
  sequenceScores,
  sequenceValues,
} from "./score.js";
export { lastScores, readValues } from "./sequence-programs.js";
export { tokenReadings } from "./token-readings.js";
export {
  batchTokens,
  integers,
  lastTokens,
  perToken,
  scalar,
  type Traced,
  tokensRead,
  type Value,
  type Values,
  vector,
} from "./values.js";
