/**
 * Imports and exports items and votes as files: exports of Argilla and Label Studio, tables of votes, and datasets as
 * items (docs/exchange.md). A file is checked as a whole before anything is imported.
 */
export { type CheckedItems, checkItems } from "./check-items.js";
export type { RememberedColumns } from "./columns/remembered.js";
export {
  COLUMN_ROLES,
  ColumnChoices,
  ColumnQuestion,
  ColumnRole,
  MAX_COLUMNS,
  ReadColumn,
} from "./columns/roles.js";
export { writeDeletedProject } from "./deleted-project-file.js";
export { exportFiles, fileExportSchema } from "./export-files.js";
export { type FileImport, fileImportSchema, importFiles } from "./import-files.js";
export {
  type ImportConfig,
  type Imported,
  importSchema,
  importTasks,
  SOURCES,
  type Source,
} from "./import-tasks.js";
export { knownItems } from "./known-items.js";
export { type RatingFile, ratingFile } from "./rating-file.js";
export { readCastVotes, readTaskItems, taskItemSchema } from "./task-files.js";
