/** Reads tables with a field for the prompt and one for each response, or one that lists them. */
import { z } from "zod";
import type { LocatedRow } from "../../base/location.js";
import { parseExactJson } from "../../data/exact-json.js";
import { detectFormat, type FormatName } from "../../data/formats.js";
import { ROLES, type TextOrMessages } from "../../data/messages.js";
import {
  type FieldRoles,
  type ForeignRecord,
  type FoundRoles,
  fieldRoles,
  type ImportProblems,
  mayHoldResponses,
} from "../../votes/exports/index.js";
import type { ItemFields } from "./assemble.js";
import { listedResponses } from "./listed-responses.js";

/** Formats of datasets whose rows have all that a table would, or less. */
const LOOSE: readonly FormatName[] = ["prompt-only", "text", "messages", "helpsteer"];
/** Formats that training reads, whose columns are those of a table of responses. */
const TABLES: readonly FormatName[] = [
  ...(["ultrafeedback", "nectar", "pku-saferlhf", "shp", "helpsteer-preference"] as const),
  ...(["question-answer", "segments", "tokens"] as const),
];
/** Formats that a table with several responses resembles. */
const OF_ONE: readonly FormatName[] = ["prompt-completion", "alpaca"];

/**
 * Whether rows are such a table rather than a dataset.
 *
 * @param given roles that the user named; with any, they are a table.
 */
export function isResponseTable(rows: readonly LocatedRow[], given: FieldRoles): boolean {
  if (given.prompt !== undefined || given.responses !== undefined) return true;
  const format = formatOf(rows[0]);
  const list = listedResponses(rows[0].value);
  if (list !== undefined)
    return format === undefined || format === "ranked" ? !isRanked(rows[0]) : LOOSE.includes(format);
  const columns = columnsOf(rows);
  const roles = fieldRoles(columns, given);
  if (format === undefined || LOOSE.includes(format))
    return typeof roles === "string" ? mayHoldResponses(columns) : roles.responses.length > 0;
  return OF_ONE.includes(format) && typeof roles !== "string" && roles.responses.length > 1;
}

/** The dataset format of a row; undefined if it has none, or one whose columns tell as much. */
function formatOf(row: LocatedRow): FormatName | undefined {
  try {
    const format = detectFormat(row);
    return TABLES.includes(format) ? undefined : format;
  } catch {
    return undefined;
  }
}

function isRanked({ value: { completions } }: LocatedRow): boolean {
  const list = typeof completions === "string" ? jsonOr(completions) : completions;
  return Array.isArray(list) && list.every((one) => typeof one?.rank === "number");
}

/** The names of the rows' fields that hold something in any row, without the gold answer's. */
function columnsOf(rows: readonly LocatedRow[]): string[] {
  const names = new Set<string>();
  for (const { value } of rows)
    for (const [name, cell] of Object.entries(value))
      if (name !== "gold" && cell !== null && cell !== undefined && cell !== "") names.add(name);
  return [...names];
}

/**
 * A record for each row, and the fields by role. Rows without a prompt or a response are added to the problems, and so
 * is what the names of the fields leave unclear.
 */
export function responseTableRecords(
  rows: readonly LocatedRow[],
  given: FieldRoles,
  problems: ImportProblems,
): { records: ForeignRecord[]; fields?: ItemFields } {
  const list = given.responses === undefined ? listedResponses(rows[0].value)?.field : undefined;
  const columns = columnsOf(rows);
  const roles = fieldRoles(list === undefined ? columns : columns.filter((name) => name !== list), given);
  if (typeof roles === "string") {
    problems.add(rows[0].where, "", roles);
    return { records: [] };
  }
  if (list !== undefined && roles.responses.length > 0) {
    const names = [list, ...roles.responses].map((name) => JSON.stringify(name)).join(", ");
    problems.add(rows[0].where, "", `${names} may each hold the responses; keep those that raters compare`);
    return { records: [] };
  }
  const shown = [roles.prompt, ...(list === undefined ? roles.responses : [list])];
  const sources = [...new Set(roles.sources.values())];
  const records = rows.flatMap((row, i) => {
    const record =
      list === undefined ? rowRecord(row, roles, problems) : listRecord(row, roles.prompt, list, problems);
    if (record === undefined) return [];
    const hidden = Object.entries(row.value).filter(([name]) => !shown.includes(name) && name !== "gold");
    return [
      {
        id: `${i + 1}`,
        gold: row.value.gold,
        meta: Object.fromEntries(hidden),
        opinions: [],
        where: row.where,
        ...record,
      },
    ];
  });
  const fields = {
    prompt: roles.prompt,
    responses: shown.slice(1),
    sources,
    hidden: columns.filter((name) => !shown.includes(name) && !sources.includes(name)),
  };
  return { records, fields };
}

type Texts = Pick<ForeignRecord, "texts" | "responses">;

function rowRecord(
  { value, where }: LocatedRow,
  { prompt, responses, sources }: FoundRoles,
  problems: ImportProblems,
): Texts | undefined {
  const texts = new Map<string, TextOrMessages>();
  for (const name of [prompt, ...responses]) {
    const text = name === prompt ? promptIn(value[name]) : textIn(value[name]);
    if (text === undefined) problems.add(where, name, "is missing, empty or not text");
    else texts.set(name, text);
  }
  if (texts.size <= responses.length) return undefined;
  for (const name of sources.values()) {
    const source = value[name];
    if (typeof source === "string" || typeof source === "number") texts.set(name, String(source));
  }
  return { texts };
}

function listRecord(
  { value, where }: LocatedRow,
  prompt: string,
  list: string,
  problems: ImportProblems,
): Texts | undefined {
  const text = promptIn(value[prompt]);
  const listed = listedResponses({ [list]: value[list] });
  if (text === undefined) problems.add(where, prompt, "is missing, empty or not text");
  if (listed === undefined) problems.add(where, list, "is not a list of texts");
  return text === undefined || listed === undefined
    ? undefined
    : { texts: new Map([[prompt, text]]), responses: listed.responses };
}

const textIn = (cell: unknown): string | undefined =>
  typeof cell === "string" && cell !== "" ? cell : undefined;

const Turns = z.array(z.object({ role: z.enum(ROLES), content: z.string() })).min(1);

/** A prompt: text, or the turns of a conversation, in CSV as JSON. */
function promptIn(cell: unknown): TextOrMessages | undefined {
  const turns = Turns.safeParse(typeof cell === "string" && cell.startsWith("[{") ? jsonOr(cell) : cell);
  return turns.success ? turns.data : textIn(cell);
}

function jsonOr(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return text;
  }
}
