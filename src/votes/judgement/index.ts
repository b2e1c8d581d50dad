/**
 * Which votes count, and what results from them: judgements, which of them count for which use, the question that they
 * answer, its aggregate, and rows for training. Pure functions; judgements come from the store (`loadProject`) or from
 * files (`judgementsOf`).
 */
export { decidedItems, withVerdicts } from "./adjudication.js";
export { aggregateQuestion, type QuestionAggregate } from "./aggregate-question.js";
export {
  counting,
  counts,
  heldOrNot,
  type Judgement,
  judgementsOf,
  type MarkedVote,
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
  type ToReview,
} from "./preferences.js";
export { aspectsOf, type Question, questionOf, unitOf } from "./questions.js";
export { type Demonstration, type SafetyLabel, type TrainingRows, trainingRows } from "./training-rows.js";
