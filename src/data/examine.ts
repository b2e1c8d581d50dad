/** Examines a dataset file: its format, its rows and its faults. */
import { PlumbError } from "../base/errors.js";
import type { LocatedRow } from "../base/location.js";
import { type CheckedRow, checkRow, detectFormat, type FormatName } from "./formats.js";
import { toDemonstrations, toPreferences, toPrompt } from "./normalise.js";
import { readRows } from "./read-rows.js";
import type { Demonstration, PreferenceRow, PromptRow } from "./rows.js";

const PURPOSES = { demonstrations: toDemonstrations, prompts: toPrompt, preferences: toPreferences };
/** What the rows of a file can be used for. */
export type Purpose = keyof typeof PURPOSES;
/** A row as training reads it. */
export type NormalRow = Demonstration | PreferenceRow | PromptRow;

/** From the normal form that keeps most of a row to the one that keeps least. */
const RICHEST_FIRST: readonly Purpose[] = ["preferences", "demonstrations", "prompts"];

/** What a data file was found to hold: which of its rows can be used, for what, and what is wrong with the others. */
export interface Examined {
  format: FormatName;
  rows: LocatedRow[];
  /** Purposes for which every row that fits the format can be used; none if no row fits. */
  usable: Purpose[];
  /** The first normal rows that were asked for, as the richest purpose for which the file can be used. */
  head?: { as: Purpose; rows: NormalRow[] };
  /** The faults of rows that do not fit the format, each with its location. */
  problems: string[];
}

/**
 * @param limit reads only that many rows. @param maxProblems faults after which no more rows are checked. @param head how many rows
 * to give in normal form, of those without a fault; one row of a file may give none or several.
 * @throws PlumbError if the file cannot be read, or its format is unknown.
 */
export async function examineFile(
  file: string,
  { limit, maxProblems, head = 0 }: { limit?: number; maxProblems: number; head?: number },
): Promise<Examined> {
  const rows = await readRows(file, { limit });
  const format = detectFormat(rows[0]);
  const problems: string[] = [];
  let fitting = 0;
  const sound: CheckedRow[] = [];
  let usable = Object.keys(PURPOSES) as Purpose[];
  for (const row of rows) {
    if (problems.length >= maxProblems) break;
    try {
      const checked = checkRow(row, format);
      fitting++;
      if (head > 0) sound.push(checked);
      usable = usable.filter((purpose) => succeeds(() => PURPOSES[purpose](checked)));
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      problems.push(error.message);
    }
  }
  if (fitting === 0) usable = [];
  const as = RICHEST_FIRST.find((purpose) => usable.includes(purpose));
  return {
    ...{ format, rows, usable, problems },
    ...(head > 0 && as !== undefined && { head: { as, rows: firstNormal(sound, as, head) } }),
  };
}

function firstNormal(rows: readonly CheckedRow[], as: Purpose, count: number): NormalRow[] {
  const normal: NormalRow[] = [];
  for (const row of rows) {
    if (normal.length >= count) break;
    normal.push(...[PURPOSES[as](row)].flat());
  }
  return normal.slice(0, count);
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (error instanceof PlumbError) return false;
    throw error;
  }
}
