/** Ids that have lost digits on their way. */

/** What is expected instead of a rounded id. */
export const EXACT = "a name with all its digits (as text, since numbers beyond 2^53 are rounded)";

/** Whether a name has lost digits: a number beyond 2^53, or one that a spreadsheet wrote as 1.23457E+16. */
export const isRounded = (value: unknown): boolean =>
  typeof value === "number"
    ? Number.isInteger(value) && !Number.isSafeInteger(value)
    : typeof value === "string" && /^\d(?:[.,]\d+)?E\+\d{2,3}$/.test(value);
