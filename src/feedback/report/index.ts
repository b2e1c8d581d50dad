/**
 * What a lead must know of a project, computed from the store's votes: how far raters agree, what is known of each of them, what they
 * disagree on, what the votes come to, when it will be done, what excluding a rater changes, and what filters find. `loadProject`
 * reads what they are made of; all else are pure functions of it.
 */

export { type TrainingRow, type TrainingRowsRequest, trainingRows } from "../judgement/training-rows.js";
export { loadProject, type ProjectData } from "../store/load-project.js";
export { type AnalysisRequest, type AnalysisResults, analyse } from "./analyse.js";
export { projectVotes } from "./project-votes.js";
export {
  AgreementView,
  DisagreementsView,
  ExclusionPreview,
  FilterRun,
  ForecastView,
  PreferencesView,
  RaterTable,
} from "./views.js";
