/** Examines a dataset file: its format, its rows and its faults. */
import { PlumbError } from "../base/errors.js";
import type { LocatedRow } from "../base/location.js";
import { checkRow, detectFormat, type FormatName } from "./formats.js";
import { toDemonstrations, toPreferences, toPrompt } from "./normalise.js";
import { readRows } from "./read-rows.js";

const PURPOSES = { demonstrations: toDemonstrations, prompts: toPrompt, preferences: toPreferences };

export interface Examined {
  format: FormatName;
  rows: LocatedRow[];
  /** Purposes for which every row that fits the format can be used; none if no row fits. */
  usable: (keyof typeof PURPOSES)[];
  /** The faults of rows that do not fit the format, each with its location. */
  problems: string[];
}

/**
 * @param limit reads only that many rows. @param maxProblems faults after which no more rows are checked.
 * @throws PlumbError if the file cannot be read, or its format is unknown.
 */
export async function examineFile(
  file: string,
  { limit, maxProblems }: { limit?: number; maxProblems: number },
): Promise<Examined> {
  const rows = await readRows(file, { limit });
  const format = detectFormat(rows[0]);
  const problems: string[] = [];
  let fitting = 0;
  let usable = Object.keys(PURPOSES) as (keyof typeof PURPOSES)[];
  for (const row of rows) {
    if (problems.length >= maxProblems) break;
    try {
      const checked = checkRow(row, format);
      fitting++;
      usable = usable.filter((purpose) => succeeds(() => PURPOSES[purpose](checked)));
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      problems.push(error.message);
    }
  }
  return { format, rows, usable: fitting > 0 ? usable : [], problems };
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
