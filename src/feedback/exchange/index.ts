/**
 * Items and votes in and out: exports of Argilla and Label Studio, tables of votes, datasets as items; and what was collected, as preference data with what is
 * known of its raters, demonstrations and labels (docs/exchange.md). A file is checked whole before anything comes of it.
 */

export {
  demonstrationRows,
  type PreferenceSummary,
  preferenceRows,
  safetyRows,
} from "../judgement/export-rows.js";
export type { Imported } from "./assemble.js";
export { type CheckedItems, checkItems } from "./check-items.js";
export { type ImportConfig, importSchema, importTasks, SOURCES, type Source } from "./import-tasks.js";
export { castVoteSchema, readCastVotes, readTaskItems, taskItemSchema } from "./task-files.js";
