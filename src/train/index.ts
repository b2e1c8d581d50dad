/**
 * Runs of a training method, as the commands make them: data and model by name, memory, checkpoints, resume, result.
 *
 * @example
 * import { createRuntime } from "plumbline/open";
 * import { sftMethod, train } from "plumbline/train";
 *
 * const host = {
 *   runtime: createRuntime(),
 *   signal: new AbortController().signal,
 *   info: console.log,
 *   warn: console.warn,
 *   progress: () => ({ update: () => {}, end: () => {} }),
 *   interrupted: (run: string) => console.log(`${run} can be resumed`),
 * };
 * const settings = sftMethod.schema.parse({ model: "model", data: ["demonstrations.jsonl"], lora: { r: 16 } });
 * console.log(await train(sftMethod, settings, host));
 */

export type { Json } from "../artifacts/json.js";
export type { Run } from "../artifacts/run.js";
export type { LiveMetrics } from "../base/host.js";
export type { Int8Recipe } from "../model/reward-model.js";
export type { BaseReport, BaseSettings } from "../open/base-precision.js";
export type { ChatTemplateSettings } from "../open/model-settings.js";
export type { CountingRuntime } from "../runtime/counting-runtime.js";
export type { NetworkBase, TrainingBase } from "./base.js";
export type { Drift, PairFigures } from "./direct-run.js";
export type { HeldOutPair, PairData } from "./direct-settings.js";
export type { ModelShape } from "./dry-run.js";
export { type Forecast, forecast } from "./forecast.js";
export type { TrainingHost } from "./host.js";
export type { Fitted, MemorySettings } from "./memory-fit.js";
export {
  defineMethod,
  type Encoded,
  type Foresight,
  type Job,
  type Method,
  type MethodSettings,
  type Reader,
  type Trained,
  train,
} from "./method.js";
export { dpoMethod } from "./methods/dpo.js";
export { grpoMethod } from "./methods/grpo.js";
export { type Fit, METHOD_GUIDE, type MethodGuide, methodsThatFit } from "./methods/guide.js";
export { METHODS } from "./methods/index.js";
export { type HeldOutAnswer, ktoMethod } from "./methods/kto.js";
export { onlineDpoMethod } from "./methods/online-dpo.js";
export { orpoMethod } from "./methods/orpo.js";
export { ppoMethod } from "./methods/ppo.js";
export { reinforceMethod } from "./methods/reinforce.js";
export { rejectionSamplingMethod } from "./methods/rejection-sampling.js";
export { rewardMethod } from "./methods/reward.js";
export { rlooMethod } from "./methods/rloo.js";
export type { HeldOut } from "./methods/sft.js";
export { sftMethod } from "./methods/sft.js";
export type { OnlineConfig, OnlineFigures } from "./online-run.js";
export type { OnlineData, OnlineRows } from "./online-settings.js";
export type { PolicyComparison } from "./policy-samples.js";
export type { RunSettings } from "./settings.js";
export type { SilenceSettings } from "./silent-steps.js";
export type { RunCost, TrainingLoop, TrainingPlan } from "./training-loop.js";
