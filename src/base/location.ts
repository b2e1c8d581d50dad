import { PlumbError } from "./errors.js";

/** Where a row came from, for messages: a line of a text file, or a row of a table (both count from 1). */
export interface RowLocation {
  file: string;
  unit: "line" | "row";
  number: number;
}

/** A row as it stood in a file, with its place. */
export interface LocatedRow {
  value: Record<string, unknown>;
  where: RowLocation;
  /** The file has no types (CSV, TSV): numbers, booleans and lists are still text. */
  untyped: boolean;
}

/** `data.jsonl, line 3`. */
export function describeLocation(where: RowLocation): string {
  return `${where.file}, ${where.unit} ${where.number}`;
}

/** Told of a row that cannot be read; reading then goes on with the next. Without one, reading ends with the error. */
export type BadRow = (error: PlumbError, where: RowLocation) => void;

/** An error about one row; its message names the place. */
export class RowError extends PlumbError {
  constructor(
    readonly where: RowLocation,
    /** Path of the field that is wrong; empty for the row itself. */
    readonly field: string,
    readonly problem: string,
    hint?: string,
  ) {
    super(`${describeLocation(where)}: ${field === "" ? "" : `field "${field}" `}${problem}`, { hint });
  }
}

export function rowError(where: RowLocation, problem: string, hint?: string): RowError {
  return new RowError(where, "", problem, hint);
}
