/**
 * Reads what labelling tools export, and what others publish, as records of people's answers: who said what of which item,
 * and when. One file for each tool; answers that are no votes are counted.
 */
export { EXACT, isRounded } from "./exact-names.js";
export {
  type FieldRoles,
  promptOf,
  responseFields,
  sourcesOf,
} from "./field-roles.js";
export {
  type ForeignRecord,
  type NamedResponse,
  type Opinion,
  type Said,
  sideNames,
} from "./foreign-record.js";
export { EXPORT_TOOLS, type ExportTool, exportRecords, exportTool } from "./formats.js";
export { otherTexts, showsSame } from "./grouped-records.js";
export { noVotes } from "./no-votes.js";
export { described, ImportProblems, type RowProblem, type Tally } from "./problems.js";
export { withQuestionTypes } from "./question-types.js";
export { knownName } from "./rater-names.js";
export { safetyOf, UNNAMED_CATEGORY } from "./safety-words.js";
export { said, tallyNotes } from "./tally-notes.js";
export { castTime, fromSeconds, SECONDS_COLUMN } from "./times.js";
