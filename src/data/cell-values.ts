/** Values that a file holds as text: cells of CSV, and lists that were written into a column of text. */
import type { z } from "zod";
import { shown } from "../base/explain-issue.js";
import { RowError, type RowLocation } from "../base/location.js";
import { parseExactJson } from "./exact-json.js";
import { parsePythonLiteral } from "./python-literal.js";

/** Fields that are numbers in every format that has them, and those that are true or false. */
const NUMBERS = [
  ...["margin", "noise", "weight", "helpfulness", "preference_strength", "overall_preference"],
  ...["labels", "better_response_id"],
];
const FLAGS = ["label"];
const BOOLEANS: Record<string, boolean> = { true: true, false: false, 1: true, 0: false };

/** How a list of messages begins, in JSON and as Python writes it. */
const MESSAGES = /^\s*\[\s*\{\s*(?:"(?:role|from|content|value)"|'(?:role|from|content|value)')\s*:/;

/**
 * A row whose fields have the types that its format expects of them: lists and objects that stand there as text, in
 * JSON or as Python prints them, and of a file without types numbers and truth values too. Empty cells become absent.
 *
 * @throws RowError if a field that cannot be text is none of these, or one that begins as a list of messages is none.
 */
export function typedFields(
  value: Readonly<Record<string, unknown>>,
  shape: Readonly<Record<string, z.ZodType>>,
  where: RowLocation,
  untyped: boolean,
): Record<string, unknown> {
  const typed: Record<string, unknown> = { ...value };
  for (const [field, schema] of Object.entries(shape)) {
    const cell = value[field];
    if (typeof cell !== "string") continue;
    if (untyped && NUMBERS.includes(field) && !takesList(schema)) {
      typed[field] = cell.trim() === "" ? undefined : toNumber(cell);
    } else if (untyped && FLAGS.includes(field)) {
      typed[field] = cell.trim() === "" ? undefined : (BOOLEANS[cell.trim().toLowerCase()] ?? cell);
    } else if (!acceptsText(schema)) {
      typed[field] = cell.trim() === "" ? undefined : listOrObject(cell, field, where);
    } else if (MESSAGES.test(cell)) {
      typed[field] = listOrObject(cell, field, where);
    }
  }
  return typed;
}

function toNumber(cell: string): number | string {
  const number = Number(cell);
  return Number.isNaN(number) && cell.trim().toLowerCase() !== "nan" ? cell : number;
}

function listOrObject(cell: string, field: string, where: RowLocation): unknown {
  try {
    return parseExactJson(cell);
  } catch {
    // Python's notation differs from JSON in its quotes, True, False and None.
  }
  if (!/^\s*[[({]/.test(cell)) return cell;
  try {
    return parsePythonLiteral(cell);
  } catch (error) {
    const reason = (error as Error).message;
    throw new RowError(
      where,
      field,
      `is text that begins as a list or an object and is neither JSON nor a Python literal (${reason}), got ${shown(cell)}`,
      "Write it as JSON; of a data frame, save Parquet or JSON Lines instead of CSV.",
    );
  }
}

interface Definition {
  type: string;
  innerType?: z.ZodType;
  options?: readonly z.ZodType[];
  in?: z.ZodType;
  out?: z.ZodType;
}

/** Whether a schema is of a list, such as stepwise labels. */
const takesList = (schema: z.ZodType): boolean => {
  const { type, innerType } = schema.def as Definition;
  return innerType === undefined ? type === "array" : takesList(innerType);
};

/** Whether a schema takes text as it is. */
function acceptsText(schema: z.ZodType): boolean {
  const { type, innerType, options, in: first, out } = schema.def as Definition;
  if (innerType !== undefined) return acceptsText(innerType);
  if (type === "union") return options?.some(acceptsText) === true;
  // What comes before a schema is a function there, and a schema where a function follows.
  if (type === "pipe") return [first, out].some((part) => part !== undefined && acceptsText(part));
  return type === "string";
}
