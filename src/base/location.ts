import { PlumbError } from "./errors.js";

/** Where a row came from: a line of a text file, or a row of a table. Both count from 1. */
export interface RowLocation {
  file: string;
  unit: "line" | "row";
  number: number;
}

/** A row as it was read from a file, with its location. */
export interface LocatedRow {
  value: Record<string, unknown>;
  where: RowLocation;
  /** The format has no types (CSV, TSV): numbers, booleans and lists are still text. */
  untyped: boolean;
}

/** `data.jsonl, line 3`. */
export function describeLocation(where: RowLocation): string {
  return `${where.file}, ${where.unit} ${where.number}`;
}

/**
 * Receives a row that cannot be read; reading then continues with the next row. Without one, the error ends reading.
 */
export type BadRow = (error: PlumbError, where: RowLocation) => void;

/** An error about one row; its message starts with the location. */
export class RowError extends PlumbError {
  constructor(
    readonly where: RowLocation,
    /** Path of the field that is wrong; empty for the row as a whole. */
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
