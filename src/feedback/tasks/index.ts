/**
 * What raters are shown, asked and may answer: the contract between the store, the server, the simulated raters, the filters and
 * the pages. An item is stored in a fixed order; the server shuffles it for each rater and an answer speaks of places on that
 * screen, so that neither side nor source can be told from it.
 */
export { Answer, answerProblem, type Preference, VERDICTS, type Verdict } from "./answer.js";
export type { CastVote, TaskItem } from "./cast-vote.js";
export { ItemContent, ItemResponse, MAX_RESPONSES, MAX_TEXT } from "./content.js";
export {
  ASPECTS,
  RESPONSE_FLAGS,
  RESPONSES,
  type ResponseFlag,
  SAFETY_CATEGORIES,
  type SafetyCategory,
  TASK_KINDS,
  TaskDefinition,
  type TaskKind,
} from "./kinds.js";
export { preferenceOutcome } from "./preference-outcome.js";
