/** Choices for columns that were made of an earlier file, and count for the next one with the same columns. */
import type { LocatedRow } from "../../../base/location.js";
import type { ColumnChoices } from "./roles.js";

/** What was said of a file's columns, and which it had (columnNames). */
export interface RememberedColumns {
  columns: readonly string[];
  choices: ColumnChoices;
}

/** Objects of exports whose keys are a project's own. */
const NESTED = ["fields", "data"];
/** Most names by which a file is told from others. */
const MAX_NAMES = 1000;

/** The names of all columns of a file, in their alphabet; in exports, of the fields that people are shown, too. */
export function columnNames(rows: readonly LocatedRow[]): string[] {
  const names = new Set<string>();
  for (const { value } of rows)
    for (const [name, cell] of Object.entries(value)) {
      names.add(name);
      if (NESTED.includes(name) && typeof cell === "object" && cell !== null)
        for (const inner of Object.keys(cell)) names.add(`${name}.${inner}`);
    }
  return [...names].sort().slice(0, MAX_NAMES);
}

/** The choices that were made of a file with the same columns; none if there was none. */
export function rememberedFor(
  columns: readonly string[],
  remembered: readonly RememberedColumns[],
): ColumnChoices {
  const key = JSON.stringify(columns);
  return remembered.find((one) => JSON.stringify(one.columns) === key)?.choices ?? {};
}

export const isRemembered = (
  said: ColumnChoices | readonly RememberedColumns[],
): said is readonly RememberedColumns[] => Array.isArray(said);
