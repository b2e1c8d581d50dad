/** Checks of this machine and of models on it: each gives a finding that says what to do. */
export { type CheckResult, runCheck } from "./check.js";
export { examinationSchema, examine } from "./examine.js";
export { type Foreseen, foresee, isForeseen } from "./forecast.js";
