/**
 * Which votes count, and what they come to: judgements, what of them counts for what, the question that they answer, its aggregate, and
 * rows for training. Pure functions; the store and files make judgements (`loadProject`, `judgementsOf`).
 */
export { aggregateQuestion, type QuestionAggregate } from "./aggregate-question.js";
export {
  counting,
  counts,
  heldOrNot,
  type Judgement,
  judgementsOf,
  REVIEW_STATES,
  type ReviewState,
  strictest,
  USES,
  type Use,
} from "./judgement.js";
export {
  type JudgedPreference,
  type PreferenceOptions,
  preferenceRows,
  preferences,
} from "./preferences.js";
export { aspectsOf, type Question, questionOf, unitOf } from "./questions.js";
export { type Demonstration, type SafetyLabel, type TrainingRows, trainingRows } from "./training-rows.js";
