import { PlumbError } from "../base/errors.js";
import type { LocatedRow } from "../base/location.js";
import { type CheckedRow, checkRow, detectFormat, type FormatName } from "./formats.js";
import { toDemonstrations, toPreferences, toPrompt, toUnpaired } from "./normalise.js";
import { readRows } from "./read-rows.js";
import type { Demonstration, PreferenceRow, PromptRow, UnpairedRow } from "./rows.js";

/** How much of a file is read. */
export interface LoadOptions {
  /** Read only the file's first rows. */
  limit?: number;
}

/** Demonstrations from any format that contains good answers; from preferences, the chosen side. @throws PlumbError */
export function loadDemonstrations(path: string, options: LoadOptions = {}): Promise<Demonstration[]> {
  return load(path, "demonstrations", options, toDemonstrations);
}

/** Prompts from any format that contains them, such as demonstrations and preferences. @throws PlumbError */
export function loadPrompts(path: string, options: LoadOptions = {}): Promise<PromptRow[]> {
  return load(path, "prompts", options, (row) => [toPrompt(row)]);
}

/** Preferences from TRL's, OpenAI's, Anthropic's HH or ranked rows. @throws PlumbError */
export function loadPreferences(path: string, options: LoadOptions = {}): Promise<PreferenceRow[]> {
  return load(path, "preferences", options, toPreferences);
}

/** Completions with individual labels; a preference gives one good and one bad. @throws PlumbError */
export function loadUnpaired(path: string, options: LoadOptions = {}): Promise<UnpairedRow[]> {
  return load(path, "judged completions", options, toUnpaired);
}

/** Checks every row against the format of the first. */
export function checkRows(rows: readonly LocatedRow[]): { format: FormatName; rows: CheckedRow[] } {
  const format = detectFormat(rows[0]);
  return { format, rows: rows.map((row) => checkRow(row, format)) };
}

/** Preferences from rows in memory. @throws PlumbError, which names a row. */
export const preferencesOf = (rows: readonly LocatedRow[]): PreferenceRow[] =>
  checkRows(rows).rows.flatMap(toPreferences);

/** Demonstrations from rows in memory. @throws PlumbError, which names a row. */
export const demonstrationsOf = (rows: readonly LocatedRow[]): Demonstration[] =>
  checkRows(rows).rows.flatMap(toDemonstrations);

async function load<Row>(
  path: string,
  wanted: string,
  { limit }: LoadOptions,
  normalise: (row: CheckedRow) => Row[],
): Promise<Row[]> {
  const { rows } = checkRows(await readRows(path, { limit }));
  const normal = rows.flatMap(normalise);
  if (normal.length > 0) return normal;
  throw new PlumbError(`${path} holds no ${wanted}`, {
    hint: "Every row is labelled false; expected some that are true.",
  });
}
