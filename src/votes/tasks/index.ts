/**
 * What raters are shown, asked and may answer: the contract between the store, the server, the simulated raters, the
 * filters and the pages. The responses of an item are stored in a fixed order. The server shuffles them for each rater,
 * and an answer refers to places on that rater's screen, so neither the stored side nor the source can be inferred from
 * it.
 */
export { Answer, answerProblem, type Preference, VERDICTS, type Verdict } from "./answer.js";
export type { CastVote, TaskItem } from "./cast-vote.js";
export { ItemContent, ItemResponse, MAX_RESPONSES, MAX_TEXT } from "./content.js";
export {
  ASKS_FOR,
  asksForText,
  aspectsOrKind,
  RESPONSES,
  TASK_KINDS,
  type TaskKind,
} from "./kind-tables.js";
export {
  ASPECTS,
  RESPONSE_FLAGS,
  type ResponseFlag,
  SAFETY_CATEGORIES,
  type SafetyCategory,
  TaskDefinition,
} from "./kinds.js";
export { preferenceOutcome } from "./preference-outcome.js";
