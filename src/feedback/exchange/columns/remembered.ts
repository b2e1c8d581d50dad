/** Choices for columns that were made of an earlier file, and count for the next one with the same columns. */
import type { LocatedRow } from "../../../base/location.js";
import type { ColumnChoices } from "./roles.js";

export interface RememberedColumns {
  /** Of the whole file, in any order. */
  columns: readonly string[];
  choices: ColumnChoices;
}

export const isRemembered = (
  said: ColumnChoices | readonly RememberedColumns[],
): said is readonly RememberedColumns[] => Array.isArray(said);

/** The choices that were made of a file with the same columns; none if there was none. */
export function rememberedFor(
  rows: readonly LocatedRow[],
  remembered: readonly RememberedColumns[],
): ColumnChoices {
  if (remembered.length === 0) return {};
  const key = columnsKey([...new Set(rows.flatMap(({ value }) => Object.keys(value)))]);
  return remembered.find(({ columns }) => columnsKey(columns) === key)?.choices ?? {};
}

/** The same for the same columns in any order. */
export const columnsKey = (columns: readonly string[]): string => JSON.stringify([...columns].sort());
