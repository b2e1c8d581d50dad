import { shown } from "../../base/explain-issue.js";
import type { RowLocation } from "../../base/location.js";
import { readTime } from "../../base/read-time.js";
import type { ImportProblems } from "./problems.js";

/** When a vote was cast, for an opinion; nothing if the cell is empty. A time that is not understood is a problem. */
export function castTime(
  cell: unknown,
  field: string,
  where: RowLocation,
  problems: ImportProblems,
): { castAt?: number } {
  if (cell === undefined || cell === null || cell === "") return {};
  const read = readTime(cell);
  if (typeof read === "string") {
    problems.add(where, field, `is ${shown(cell)}: ${read}`);
    return {};
  }
  if (read.assumedUtc) problems.tally("assumedUtc");
  return { castAt: read.at };
}

/** The column of an arena's table that holds Unix seconds, which are not read as a time elsewhere. */
export const SECONDS_COLUMN = "tstamp";

/** A cell of that column in Unix milliseconds; what is no number stays as it is. */
export const fromSeconds = (cell: unknown): unknown =>
  typeof cell === "number" || (typeof cell === "string" && /^\d{1,12}(?:\.\d+)?$/.test(cell))
    ? Math.round(Number(cell) * 1000)
    : cell;
