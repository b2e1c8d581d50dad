import { z } from "zod";
import { nearestName } from "../base/errors.js";
import { explainIssue } from "../base/explain-issue.js";
import { type LocatedRow, RowError, rowError } from "../base/location.js";
import { parseExactJson } from "./exact-json.js";
import { ROLES } from "./messages.js";

/** Most turns of a conversation, and most ranked completions of a prompt, in one row. */
export const MAX_TURNS = 10_000;
export const MAX_RANKED = 64;

/** A message's content: text, or OpenAI's list of parts; only text parts are accepted. */
const content = z.union([
  z.string(),
  z
    .array(z.object({ type: z.literal("text"), text: z.string() }))
    .transform((parts) => parts.map((part) => part.text).join("")),
]);
/** OpenAI's "developer" role is called "system" everywhere else. */
const role = z.preprocess((name) => (name === "developer" ? "system" : name), z.enum(ROLES));
const messages = z.array(z.object({ role, content })).min(1).max(MAX_TURNS);
const text = z.string();
const textOrMessages = z.union([text, messages]);
const finite = z.number();

const ranked = z.object({ text: textOrMessages, rank: finite });
const instance = z.object({ input: text.optional(), output: text });
const shareGptTurn = z.object({ from: text, value: text });

/** The supported dataset formats by name: their fields, and the types of these. */
export const FORMATS = {
  text: z.object({ text }),
  messages: z.object({ messages }),
  "prompt-only": z.object({ prompt: textOrMessages }),
  "prompt-completion": z.object({ prompt: textOrMessages, completion: textOrMessages }),
  "unpaired-preference": z.object({ prompt: textOrMessages, completion: textOrMessages, label: z.boolean() }),
  preference: z.object({
    prompt: textOrMessages.optional(),
    chosen: textOrMessages,
    rejected: textOrMessages,
    margin: finite.optional(),
    noise: finite.min(0).lt(0.5).optional(),
    weight: finite.min(0).optional(),
  }),
  "openai-preference": z.object({
    input: z.object({ messages }),
    preferred_output: messages,
    non_preferred_output: messages,
  }),
  ranked: z.object({ prompt: textOrMessages, completions: z.array(ranked).min(2).max(MAX_RANKED) }),
  alpaca: z.object({ instruction: text, input: text.optional(), output: text }),
  "self-instruct": z.object({ instruction: text, instances: z.array(instance).min(1) }),
  sharegpt: z.object({ conversations: z.array(shareGptTurn).min(1).max(MAX_TURNS) }),
  stepwise: z.object({ prompt: text, completions: z.array(text), labels: z.array(z.boolean()) }),
};

/** A format of rows: the fields that a row must have, and their types. */
export type FormatName = keyof typeof FORMATS;
/** The fields of a row in each format, after they were checked. */
export type FieldsOf = { [Name in FormatName]: z.output<(typeof FORMATS)[Name]> };

/** A row whose fields have been checked; `meta` holds fields that are not part of the format. */
export type CheckedRow = {
  [Name in FormatName]: {
    format: Name;
    fields: FieldsOf[Name];
    meta?: Record<string, unknown>;
    where: LocatedRow["where"];
  };
}[FormatName];

/** From the most specific fields to the least: a row has the first format whose `needs` are all present. */
const DETECTION: { format: FormatName; needs: string[] }[] = [
  { format: "openai-preference", needs: ["preferred_output", "non_preferred_output"] },
  { format: "preference", needs: ["chosen", "rejected"] },
  { format: "stepwise", needs: ["completions", "labels"] },
  { format: "ranked", needs: ["prompt", "completions"] },
  { format: "unpaired-preference", needs: ["prompt", "completion", "label"] },
  { format: "prompt-completion", needs: ["prompt", "completion"] },
  { format: "alpaca", needs: ["instruction", "output"] },
  { format: "self-instruct", needs: ["instruction", "instances"] },
  { format: "sharegpt", needs: ["conversations"] },
  { format: "messages", needs: ["messages"] },
  { format: "prompt-only", needs: ["prompt"] },
  { format: "text", needs: ["text"] },
];

const KNOWN_FIELDS = [...new Set(Object.values(FORMATS).flatMap((schema) => Object.keys(schema.shape)))];

/** The format of a row, inferred from its field names. @throws PlumbError, which names the fields, if none fits. */
export function detectFormat(row: LocatedRow): FormatName {
  const has = (field: string) => row.value[field] !== undefined && row.value[field] !== null;
  const found = DETECTION.find(({ needs }) => needs.every(has));
  if (found !== undefined) return found.format;
  const names = Object.keys(row.value).slice(0, 20);
  throw rowError(
    row.where,
    `no known dataset format has the fields ${names.map((name) => JSON.stringify(name)).join(", ") || "(none)"}`,
    likelyMistyped(names) ?? `Expected one of: ${DETECTION.map(({ needs }) => needs.join("+")).join(", ")}.`,
  );
}

/** A hint about the first of these names that closely resembles, but is not, a field of a format. */
export function likelyMistyped(names: readonly string[]): string | undefined {
  for (const name of names) {
    const near = KNOWN_FIELDS.includes(name) ? undefined : nearestName(name, KNOWN_FIELDS);
    if (near !== undefined) return `Did you mean "${near}" instead of ${JSON.stringify(name)}?`;
  }
  return undefined;
}

/** Checks one row against a format. @throws PlumbError, which names file, line, field and what was expected. */
export function checkRow<Name extends FormatName>(
  row: LocatedRow,
  format: Name,
): Extract<CheckedRow, { format: Name }> {
  const schema = FORMATS[format];
  const value = withoutNulls(row.untyped ? typedCells(row.value, format) : row.value);
  const result = schema.safeParse(value);
  if (!result.success) throw fieldError(row, format, value, result.error);
  const meta = Object.entries(row.value).filter(([name]) => !(name in schema.shape));
  return {
    format,
    fields: result.data,
    ...(meta.length > 0 && { meta: Object.fromEntries(meta) }),
    where: row.where,
  } as Extract<CheckedRow, { format: Name }>;
}

function fieldError(row: LocatedRow, format: FormatName, value: unknown, error: z.ZodError) {
  const { field, problem, path } = explainIssue(error.issues[0], value);
  const known = Object.keys(FORMATS[format].shape);
  const missing = path.length === 1 && problem.startsWith("is missing");
  const others = Object.keys(row.value).filter((name) => !known.includes(name));
  const near = missing ? nearestName(String(path[0]), others) : undefined;
  return new RowError(
    row.where,
    field,
    problem,
    near === undefined
      ? `The file is read as the ${format} format: ${known.join(", ")}.`
      : `This row has a field ${JSON.stringify(near)}; did you mean "${field}"?`,
  );
}

/** Drops fields that are null: Parquet and many exports write null for an absent field. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null));
}

const NUMBER_FIELDS = ["margin", "noise", "weight"];
/** Fields that hold a list or an object, which a CSV cell can hold only as JSON. */
const JSON_FIELDS: Partial<Record<FormatName, string[]>> = {
  messages: ["messages"],
  "openai-preference": ["input", "preferred_output", "non_preferred_output"],
  ranked: ["completions"],
  "self-instruct": ["instances"],
  sharegpt: ["conversations"],
  stepwise: ["completions", "labels"],
};

/** Converts the cells of a CSV row to the types of the format's fields. Empty optional numbers become absent. */
function typedCells(cells: Record<string, unknown>, format: FormatName): Record<string, unknown> {
  const typed = { ...cells };
  for (const field of Object.keys(FORMATS[format].shape)) {
    const cell = cells[field];
    if (typeof cell !== "string") continue;
    if (NUMBER_FIELDS.includes(field)) typed[field] = cell.trim() === "" ? undefined : toNumber(cell);
    else if (field === "label") typed[field] = BOOLEANS[cell.trim().toLowerCase()] ?? cell;
    else if (JSON_FIELDS[format]?.includes(field) || looksLikeMessages(cell)) typed[field] = jsonOr(cell);
  }
  return typed;
}

const BOOLEANS: Record<string, boolean> = { true: true, false: false, "1": true, "0": false };

function toNumber(cell: string): number | string {
  const number = Number(cell);
  return Number.isNaN(number) && cell.trim().toLowerCase() !== "nan" ? cell : number;
}

/** Whether a cell holds a list of messages as JSON. */
function looksLikeMessages(cell: string): boolean {
  return cell.startsWith("[{") && cell.includes('"role"') && cell.includes('"content"');
}

function jsonOr(cell: string): unknown {
  try {
    return parseExactJson(cell);
  } catch {
    return cell;
  }
}
