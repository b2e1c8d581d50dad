/**
 * What a lead must know of a project, computed from the store's votes: how far raters agree, what is known of each of them, what they
 * disagree on, what the votes come to, when it will be done, what excluding a rater changes, and what filters find. `loadProject`
 * reads what they are made of, judgements first of all; all else are pure functions of them. `counting` says which of them count.
 */

export {
  counting,
  type JudgedPreference,
  type Judgement,
  judgementsOf,
  preferences,
  type TrainingRows,
  trainingRows,
  USES,
  type Use,
} from "../judgement/index.js";
export { loadProject, type ProjectData } from "../store/votes/load-project.js";
export { type AnalysisRequest, type AnalysisResults, analyse } from "./analyse.js";
export { keepReliabilities, reliabilitySettings } from "./keep-reliabilities.js";
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
