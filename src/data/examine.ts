/** Examines a dataset: its format, what its columns are used for, its rows and their faults. */
import { PlumbError } from "../base/errors.js";
import type { LocatedRow } from "../base/location.js";
import { type CheckedRow, checkRow, columnUse, detectFormat, type FormatName } from "./formats.js";
import { comparable, inOneForm, readDataset } from "./load.js";
import { toDemonstrations, toPreferences, toPrompt, toUnpaired } from "./normalise.js";
import { type Quality, qualityOf } from "./quality.js";
import type { Demonstration, PreferenceRow, PromptRow, UnpairedRow } from "./rows.js";
import { UnreadCount } from "./unread-columns.js";
import { isNothing } from "./unread-keys.js";

const PURPOSES = {
  demonstrations: toDemonstrations,
  prompts: toPrompt,
  preferences: toPreferences,
  unpaired: toUnpaired,
};
/** What the rows of a file can be used for. */
export type Purpose = keyof typeof PURPOSES;
/** A row as training reads it. */
export type NormalRow = Demonstration | PreferenceRow | PromptRow | UnpairedRow;

/** From the normal form that keeps most of a row to the one that keeps least. */
const RICHEST_FIRST: readonly Purpose[] = ["preferences", "unpaired", "demonstrations", "prompts"];

/** What a data file was found to hold: which of its rows can be used, for what, and what is wrong with the others. */
export interface Examined {
  /** The files, where the name stands for several. */
  files: string[];
  format: FormatName;
  rows: LocatedRow[];
  /** Purposes for which every row that fits the format can be used; none if no row fits. */
  usable: Purpose[];
  /** Of each other purpose, why the first such row cannot be used for it. */
  unusable: { [P in Purpose]?: string };
  /**
   * Each column and each key further down that is not read, with the number of rows in which it holds something, and
   * its use.
   */
  columns: { name: string; rows: number; use: string }[];
  /** The first normal rows that were asked for, as the richest purpose for which the file can be used. */
  head?: { as: Purpose; rows: NormalRow[] };
  /** What is to be known about the rows as that purpose. */
  quality?: Quality & { as: Purpose };
  /** The faults of rows that do not fit the format, each with its location. */
  problems: string[];
}

/**
 * @param limit reads only that many rows. @param maxProblems faults after which no more rows are checked. @param head how many rows
 * to give in normal form, of those without a fault; one row of a file may give none or several. @param lengthOf the
 * length of a row in tokens, and @param maxLength the most that training reads of it.
 * @throws PlumbError if the file cannot be read, or its format is unknown.
 */
export async function examineFile(
  file: string,
  {
    limit,
    maxProblems,
    head = 0,
    ...tokens
  }: {
    limit?: number;
    maxProblems: number;
    head?: number;
    lengthOf?: (row: NormalRow) => number;
    maxLength?: number;
  },
): Promise<Examined> {
  const { rows, files } = await readDataset(file, { limit });
  const format = detectFormat(rows[0]);
  const problems: string[] = [];
  const fitting: CheckedRow[] = [];
  for (const row of rows) {
    if (problems.length >= maxProblems) break;
    try {
      fitting.push(checkRow(row, format));
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      problems.push(error.message);
    }
  }
  const sound = inOneForm(fitting);
  const normal = new Map<Purpose, NormalRow[]>();
  const unusable: Examined["unusable"] = {};
  for (const purpose of Object.keys(PURPOSES) as Purpose[]) {
    const reason = attempt(() => {
      const made = (purpose === "preferences" ? comparable(sound) : sound).flatMap<NormalRow>(
        PURPOSES[purpose],
      );
      if (sound.length > 0) normal.set(purpose, made);
    });
    if (reason !== undefined) unusable[purpose] = reason;
  }
  const as = RICHEST_FIRST.find((purpose) => normal.has(purpose));
  const richest = as && normal.get(as);
  return {
    files,
    format,
    rows,
    usable: [...normal.keys()],
    unusable,
    problems,
    columns: columnsOf(rows, sound, format),
    ...(as && richest && { quality: { as, ...qualityOf(richest, tokens) } }),
    ...(head > 0 && as && richest && { head: { as, rows: richest.slice(0, head) } }),
  };
}

/** What each column is used for, those first that are read. */
function columnsOf(
  rows: readonly LocatedRow[],
  sound: readonly CheckedRow[],
  format: FormatName,
): Examined["columns"] {
  const unread = new UnreadCount();
  for (const row of sound) unread.add(row);
  const notRead = unread.entries().map((entry) => ({ ...entry, use: "not read" }));
  const counts = new Map<string, number>();
  for (const { value } of rows)
    for (const [name, cell] of Object.entries(value))
      counts.set(name, (counts.get(name) ?? 0) + (isNothing(cell) ? 0 : 1));
  const read = [...counts].flatMap(([name, count]) => {
    if (notRead.some((entry) => entry.name === name)) return [];
    return [{ name, rows: count, use: columnUse(format, name) ?? "holds nothing" }];
  });
  return [...read, ...notRead];
}

/** @returns why an attempt failed; undefined if it did not. */
function attempt(step: () => void): string | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    if (error instanceof PlumbError) return error.message;
    throw error;
  }
}
