/**
 * Plumbline as a library. The command line is built from these parts and adds nothing to what they compute.
 *
 * @example
 * import { LINEAR_NAMES, loraNetwork, NetworkTrainer, sft, sftSchema } from "plumbline";
 * import { encodeDemonstrations, loadDemonstrations } from "plumbline/data";
 * import { createRuntime, openNetwork, tokenizerOf } from "plumbline/open";
 *
 * const runtime = createRuntime();
 * const opened = await openNetwork(runtime, "SmolLM2-135M-Instruct.Q4_1.gguf");
 * const rows = await loadDemonstrations("demonstrations.jsonl");
 * const examples = rows.flatMap((row) => encodeDemonstrations(tokenizerOf(opened), row));
 * const config = sftSchema.parse({ learningRate: 1e-4 });
 * const lora = { r: 16, alpha: 32, targets: [...LINEAR_NAMES] };
 * const trainer = new NetworkTrainer(runtime, loraNetwork(runtime, opened.config, opened.base, lora, 0), config);
 * for await (const { step, metrics } of sft(trainer, examples, opened.padId, config)) console.log(step, metrics.loss);
 */
export {
  type PpoConfig,
  type PpoSetup,
  type PpoState,
  ppo,
  ppoSchema,
} from "./algorithms/ppo.js";
export {
  normalization,
  type RewardConfig,
  reward,
  rewardSchema,
  scorePairs,
  type TokenPair,
} from "./algorithms/reward.js";
export {
  functionReward,
  modelReward,
  type RewardFunction,
  type RewardInput,
  type RewardSource,
} from "./algorithms/reward-sources.js";
export { type SftConfig, sft, sftSchema } from "./algorithms/sft.js";
export type { Step } from "./algorithms/step.js";
export { PlumbError } from "./base/errors.js";
export { RandomStream } from "./base/random.js";
export { type Completion, Generator, type SamplingConfig, samplingSchema } from "./generate/index.js";
export type { Sequence } from "./model/batch.js";
export type { ModelConfig } from "./model/config.js";
export { frozenNetwork, fullNetwork, loraNetwork, randomWeights } from "./model/create.js";
export { exportAdapter, exportMerged } from "./model/export.js";
export { quantizeBase } from "./model/int8/build.js";
export { withGradients } from "./model/int8/gradients.js";
export type { QuantizedBase } from "./model/int8/quantized-base.js";
export { describeInt8, type StoredInt8 } from "./model/int8/stored.js";
export { openModel } from "./model/load/index.js";
export { LINEAR_NAMES, type LoraConfig, type Network } from "./model/network.js";
export { adapterNetwork } from "./model/read-adapter.js";
export { readModelWeights, readWeights } from "./model/read-weights.js";
export { openRewardModel, saveRewardModel } from "./model/reward-model.js";
export { NetworkRunner, NetworkTrainer } from "./model/runner.js";
export { saveInt8 } from "./model/save-int8.js";
export { sequenceLogProbs, sequenceScores, sequenceValues } from "./model/score.js";
export { OrtRuntime } from "./runtime/ort/index.js";
export type { DeviceBuffer, Executable, Runtime, Stretches } from "./runtime/runtime.js";
export * from "./statistics/estimates.js";
export * from "./statistics/means.js";
export * from "./statistics/rates.js";
export {
  type ChatMessage,
  chatIds,
  encodeChat,
  loadTokenizer,
  renderChat,
  type Tokenizer,
} from "./text/index.js";
export {
  aggregateLabels,
  aggregatePreferences,
  type LabelAggregate,
  type PreferenceAggregate,
} from "./votes/aggregate/index.js";
export { type AgreementReport, agreementReport } from "./votes/agreement/index.js";
export {
  type Comparisons,
  comparisons,
  type LabelVotes,
  labelVotes,
  type Topics,
  topicsOf,
} from "./votes/votes.js";
