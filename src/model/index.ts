/**
 * Models: reading and saving them, networks over their weights, and the evaluation and training of networks.
 *
 * @example
 * import { NetworkRunner, sequenceLogProbs } from "plumbline/model";
 * import { createRuntime, openNetwork, tokenizerOf } from "plumbline/open";
 * import { encodeLastAnswer } from "plumbline/text";
 *
 * const runtime = createRuntime();
 * const opened = await openNetwork(runtime, "model");
 * const { ids, assistantMask: lossMask } = encodeLastAnswer(tokenizerOf(opened), [
 *   { role: "user", content: "What colour is the fox?" },
 *   { role: "assistant", content: "Red." },
 * ]);
 * const batching = { rows: 8, padId: opened.padId };
 * console.log(await sequenceLogProbs(new NetworkRunner(runtime, opened.network), [{ ids, lossMask }], batching));
 */

export type { Parameters } from "../nn/linear.js";
export type { AdamW, AdamwConfig } from "../optim/adamw.js";
export type { RowMask } from "./batch.js";
export { type Batch, collate, promptCompletion, type Sequence } from "./batch.js";
export type { ModelConfig } from "./config.js";
export { frozenNetwork, fullNetwork, loraNetwork, randomWeights } from "./create.js";
export { exportAdapter, exportMerged } from "./export.js";
export type { SafetensorsWeights } from "./formats/safetensors.js";
export type { OpenWeights, WeightSource } from "./formats/weights.js";
export type { FloatDtype, TensorData } from "./formats/write-safetensors.js";
export type { BaseUse } from "./int8/build.js";
export { quantizeBase } from "./int8/build.js";
export { withGradients } from "./int8/gradients.js";
export type { BaseError, QuantizedBase } from "./int8/quantized-base.js";
export { describeInt8, type StoredInt8 } from "./int8/stored.js";
export type { LayOut, Packing } from "./lay-out.js";
export { layOut } from "./lay-out.js";
export type {
  Arrays,
  Learner,
  Model,
  Outputs,
  Scorer,
  Settings,
  TracedFunction,
  TracedLoss,
} from "./learner.js";
export type { ModelFiles, WantedHead } from "./load/index.js";
export { openModel } from "./load/index.js";
export type { FlatParameters, ParameterSpec } from "./network.js";
export { LINEAR_NAMES, type LoraConfig, type Network, type Weights } from "./network.js";
export { adapterNetwork } from "./read-adapter.js";
export { readModelWeights, readWeights } from "./read-weights.js";
export type { ChooseBase, RewardScale, SavedReward, SharedBase } from "./reward-model.js";
export { openRewardModel, type RewardModel, type RewardOptions, saveRewardModel } from "./reward-model.js";
export type { TrainerConfig } from "./runner.js";
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
export type { AdapterTensors } from "./stack-adapters.js";
export type { Extra, ReadingOptions } from "./token-readings.js";
export { tokenReadings } from "./token-readings.js";
export type { BatchTokens, LastTokens, Named, TokensRead } from "./values.js";
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
export type { LinearName } from "./weight-names.js";
