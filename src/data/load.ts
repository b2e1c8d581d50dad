import { PlumbError } from "../base/errors.js";
import type { LocatedRow } from "../base/location.js";
import { datasetFiles, datasetName } from "./dataset-files.js";
import { type CheckedRow, checkRow, detectFormat, type FormatName } from "./formats.js";
import { toDemonstrations, toPreferences, toPrompt, toUnpaired } from "./normalise.js";
import { rankedByHelpfulness } from "./rankings.js";
import { readRows } from "./read-rows.js";
import type { Demonstration, PreferenceRow, PromptRow, UnpairedRow } from "./rows.js";
import { UnreadCount } from "./unread-columns.js";

/** How much of a file is read. */
export interface LoadOptions {
  /** Read only the file's first rows. */
  limit?: number;
  /** Receives what is to be known about a file that can be read: columns that are not, with the number of their rows. */
  warn?: (message: string) => void;
  /** Whether a prompt's other columns are handed on, to reward functions, and so count as read. */
  metaIsRead?: boolean;
}

/** Demonstrations from any format that contains good answers; from preferences, the chosen side. @throws PlumbError */
export function loadDemonstrations(path: string, options: LoadOptions = {}): Promise<Demonstration[]> {
  return load(path, "demonstrations", options, toDemonstrations);
}

/** Prompts from any format that contains them, such as demonstrations and preferences. @throws PlumbError */
export function loadPrompts(path: string, options: LoadOptions = {}): Promise<PromptRow[]> {
  return load(path, "prompts", options, (row) => [toPrompt(row)]);
}

/** Preferences from TRL's, OpenAI's, Anthropic's HH or ranked rows, and others. @throws PlumbError */
export function loadPreferences(path: string, options: LoadOptions = {}): Promise<PreferenceRow[]> {
  return load(path, "preferences", options, toPreferences);
}

/** Completions with individual labels; a preference gives one good and one bad. @throws PlumbError */
export function loadUnpaired(path: string, options: LoadOptions = {}): Promise<UnpairedRow[]> {
  return load(path, "judged completions", options, toUnpaired);
}

/**
 * Checks every row against the format of the first. Where any row has a system text, earlier rounds or functions, the prompts of all
 * are conversations.
 */
export function checkRows(rows: readonly LocatedRow[]): { format: FormatName; rows: readonly CheckedRow[] } {
  const format = detectFormat(rows[0]);
  return { format, rows: inOneForm(rows.map((row): CheckedRow => checkRow(row, format))) };
}

/** Rows of a file; if any of them has what stands before a prompt, the prompts of all are conversations. */
export const inOneForm = (rows: readonly CheckedRow[]): readonly CheckedRow[] =>
  rows.some(hasContext) ? rows.map((row) => ({ ...row, chat: true })) : rows;

function hasContext({ fields }: CheckedRow): boolean {
  const { system, history, tools } = fields as { system?: string; history?: unknown[]; tools?: unknown[] };
  return !!system || (history?.length ?? 0) > 0 || (tools?.length ?? 0) > 0;
}

/** Preferences from rows in memory. @throws PlumbError, which names a row. */
export const preferencesOf = (rows: readonly LocatedRow[]): PreferenceRow[] =>
  comparable(checkRows(rows).rows).flatMap(toPreferences);

/** Judged completions from rows in memory. @throws PlumbError, which names a row. */
export const unpairedOf = (rows: readonly LocatedRow[]): UnpairedRow[] =>
  checkRows(rows).rows.flatMap(toUnpaired);

/** Demonstrations from rows in memory. @throws PlumbError, which names a row. */
export const demonstrationsOf = (rows: readonly LocatedRow[]): Demonstration[] =>
  checkRows(rows).rows.flatMap(toDemonstrations);

/** Rows as preferences are made of them: answers that were rated in rows of their own, put together by prompt. */
export const comparable = (rows: readonly CheckedRow[]): readonly CheckedRow[] =>
  rows[0]?.format === "helpsteer" ? rankedByHelpfulness(rows) : rows;

/** The first `limit` rows of a dataset: a file, or the files of a folder or pattern, one after another. @throws PlumbError */
export async function readDataset(
  path: string,
  { limit }: { limit?: number | undefined } = {},
): Promise<{ name: string; files: string[]; rows: LocatedRow[] }> {
  const files = await datasetFiles(path);
  const rows: LocatedRow[] = [];
  for (const file of files) {
    if (limit !== undefined && rows.length >= limit) break;
    for (const row of await readRows(file, limit === undefined ? {} : { limit: limit - rows.length }))
      rows.push(row);
  }
  return { name: datasetName(path, files), files, rows };
}

async function load<Row>(
  path: string,
  wanted: string,
  { limit, warn, metaIsRead }: LoadOptions,
  normalise: (row: CheckedRow) => Row[],
): Promise<Row[]> {
  const dataset = await readDataset(path, { limit });
  const { rows } = checkRows(dataset.rows);
  const normal = (wanted === "preferences" ? comparable(rows) : rows).flatMap(normalise);
  const count = new UnreadCount();
  for (const row of rows) count.add(row, metaIsRead ? row.meta : {});
  if (warn !== undefined) count.report(dataset.name, warn);
  if (normal.length > 0) return normal;
  throw new PlumbError(`${dataset.name} holds no ${wanted}`, {
    hint:
      wanted === "preferences"
        ? "No two answers to a prompt are judged differently."
        : "Every row is labelled false; expected some that are true.",
  });
}
