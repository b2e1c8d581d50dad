/**
 * Runs of a training method, as the commands make them: data and model by name, memory, checkpoints, resume, result.
 *
 * @example
 * const settings = sftMethod.schema.parse({ model: "model", data: ["demonstrations.jsonl"], lora: { r: 16 } });
 * const result = await train(sftMethod, settings, host);
 */
export { type Forecast, forecast } from "./forecast.js";
export type { TrainingHost } from "./host.js";
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
export { grpoMethod } from "./methods/grpo.js";
export { METHODS } from "./methods/index.js";
export { ppoMethod } from "./methods/ppo.js";
export { rewardMethod } from "./methods/reward.js";
export { sftMethod } from "./methods/sft.js";
export type { TrainingLoop } from "./training-loop.js";
