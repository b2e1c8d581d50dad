/**
 * Dataset files: JSONL, JSON, CSV and Parquet in the formats of TRL, OpenAI, LLaMA-Factory,
 * Axolotl, Anthropic's HH and others (docs/data.md). Every row is checked and converted to one of four normal forms (rows.ts).
 */

export type { Issue } from "../base/explain-issue.js";
export { type Explanation, explainIssue, fieldName, shown } from "../base/explain-issue.js";
export type { BadRow, RowError } from "../base/location.js";
export { describeLocation, type LocatedRow, type RowLocation, rowError } from "../base/location.js";
export {
  conversationKey,
  demonstrationKey,
  demonstrationNames,
  preferenceNames,
  unpairedNames,
} from "./conversation.js";
export { type Examined, examineFile, type NormalRow, type Purpose } from "./examine.js";
export type { CheckedRow, FieldsOf, FormatName } from "./formats.js";
export {
  checkRows,
  demonstrationsOf,
  type LoadOptions,
  loadDemonstrations,
  loadPreferences,
  loadPrompts,
  loadUnpaired,
  preferencesOf,
  unpairedOf,
} from "./load.js";
export type { ChatMessage, Role, TextOrMessages, Tool, ToolCall } from "./messages.js";
export type { Quality } from "./quality.js";
export { readRows, streamRows } from "./read-rows.js";
export type {
  Demonstration,
  Offered,
  PreferenceExtras,
  PreferenceRow,
  PreferenceTexts,
  PromptCompletion,
  PromptRow,
  UnpairedRow,
} from "./rows.js";
export { holdOut } from "./split.js";
export {
  continuation,
  describePrompt,
  encodeDemonstration,
  encodeDemonstrations,
  encodePreference,
  encodePreferenceTexts,
  encodePrompt,
  encodePromptRow,
  encodeUnpaired,
  type TokenizedText,
} from "./tokenize.js";
export { writeRows } from "./write-rows.js";
