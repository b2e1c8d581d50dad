/** AdamW with gradient clipping, updated in place; learning-rate schedules. */
export { AdamW, type AdamwConfig, adamwSchema, NonFiniteGradient, type OptimizerTarget } from "./adamw.js";
export { learningRate, type Schedule, scheduleSchema, warmupSteps } from "./schedule.js";
