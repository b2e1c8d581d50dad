/**
 * Reports for the lead of a project, computed from the store's votes: how far raters agree, what is known about each
 * rater, what they disagree on, the aggregated answers, when the project will be done, what excluding a rater changes,
 * and what filters find. `loadProject` of `plumbline/store` reads the data, above all the judgements; the reports are
 * pure functions of it. `counting` selects the judgements that count.
 */

export type { PromptText } from "../../votes/judgement/chat-form.js";
export {
  counting,
  type JudgedPreference,
  type Judgement,
  judgementsOf,
  type MarkedVote,
  preferences,
  type ToReview,
  type TrainingRows,
  trainingRows,
  USES,
  type Use,
} from "../../votes/judgement/index.js";
export type { PreferenceOptions } from "../../votes/judgement/preferences.js";
export type { Demonstration, SafetyLabel } from "../../votes/judgement/training-rows.js";
export { type AnalysisRequest, type AnalysisResults, analyse } from "./analyse.js";
export type { Exclusion } from "./exclusion.js";
export { keepReliabilities, reliabilitySettings } from "./keep-reliabilities.js";
export type { PreferencesRequest } from "./preferences.js";
export { projectVotes } from "./project-votes.js";
export { reliabilities } from "./reliabilities.js";
export {
  AgreementView,
  DisagreementsView,
  ExclusionPreview,
  FilterRun,
  ForecastView,
  PreferencesView,
  RaterTable,
} from "./views.js";
