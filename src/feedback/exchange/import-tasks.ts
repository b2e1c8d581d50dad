import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import type { LocatedRow } from "../../base/location.js";
import {
  EXPORT_TOOLS,
  type ExportTool,
  exportRecords,
  exportTool,
  ImportProblems,
} from "../../votes/exports/index.js";
import { RESPONSES, TASK_KINDS, type TaskDefinition, type TaskKind } from "../../votes/tasks/index.js";
import { type Assembled, assemble } from "./assemble.js";
import { answerHint, asked as sentence } from "./columns/describe.js";
import { type ColumnChoices, type ColumnQuestion, choicesOf, type ReadColumn } from "./columns/roles.js";
import { datasetItems } from "./dataset-items.js";
import { type ReadRecords, tableRecords, toolRecords, voteRecords } from "./read-records.js";
import { rowsOf } from "./rows-of.js";
import { isVoteTable } from "./votes-csv.js";
import { importWarnings, unreadVerdicts } from "./warnings.js";

/** Most rows of one import; all are held in memory. */
const MAX_ROWS = 5_000_000;

export const SOURCES = [...EXPORT_TOOLS, "votes", "table", "dataset"] as const;
export type Source = (typeof SOURCES)[number];

const name = z.string().min(1);
export const importSchema = z.object({
  source: z
    .enum(SOURCES)
    .optional()
    .describe("tool that wrote the files; default: detected from the first row's fields"),
  columns: z
    .array(name)
    .max(200)
    .default([])
    .describe(
      "what columns are, as role=column: prompt=question, response_a=gpt, source_a=model, gold=label, system, conversation, id, metadata, ignored; the others are read by their names",
    ),
  promptField: name
    .optional()
    .describe("field that is the prompt, where its name does not say so; as --columns prompt=NAME"),
  responseFields: z
    .array(name)
    .max(16)
    .optional()
    .describe("fields that are the responses, in order of display; as --columns response=NAME"),
  rationaleField: name
    .optional()
    .describe("free-text question that is the rationale of the question that counts"),
  kind: z
    .enum(TASK_KINDS)
    .optional()
    .describe("kind of task for the rows of a table or a dataset; default: by the number of responses"),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("seed of the order in which responses of a dataset are stored"),
});
export type ImportConfig = z.infer<typeof importSchema>;

/** How rows are read, where they do not say it themselves. */
interface ReadConfig {
  source?: Source | undefined;
  choices: ColumnChoices;
  rationale?: string | undefined;
  kind?: TaskKind | undefined;
  seed: number;
}

/** The result of an import; nothing has been written yet. */
export interface Imported extends Assembled {
  source: Source;
  /** The columns with what each is taken for. */
  columns: ReadColumn[];
  /** What has to be said of columns first; there are no items then. */
  questions: readonly ColumnQuestion[];
  /** What was taken but may not be meant, as sentences with counts. */
  warnings: string[];
}

/**
 * Reads the items and votes of files of one source. All files are read and checked as a whole.
 *
 * @throws PlumbError naming the first 20 bad rows by file, line and field, the columns of which it is not clear what they
 * are, or if there are no rows.
 */
export async function importTasks(files: readonly string[], config: ImportConfig): Promise<Imported> {
  const { source, kind, seed, rationaleField, promptField, responseFields = [] } = config;
  const choices: ColumnChoices = {
    ...choicesOf(config.columns),
    ...(promptField !== undefined && { [promptField]: "prompt" }),
    ...Object.fromEntries(responseFields.map((field) => [field, "response" as const])),
  };
  const problems = new ImportProblems();
  const rows = await readAll(files, problems);
  const imported = assembleRows(rows, { source, choices, rationale: rationaleField, kind, seed }, problems);
  if (imported.questions.length > 0)
    throw new PlumbError(
      `${files[0]}: ${imported.questions.map(sentence).join("; ")}; nothing was imported`,
      {
        hint: answerHint(imported.questions),
      },
    );
  problems.check(
    imported.source === "votes" || imported.source === "dataset"
      ? undefined
      : "Say which columns are the prompt and the responses with --columns.",
  );
  return imported;
}

/**
 * The readable rows of all files; others are added to the problems. @throws PlumbError when there are no rows or too
 * many.
 */
async function readAll(files: readonly string[], problems: ImportProblems): Promise<LocatedRow[]> {
  const rows: LocatedRow[] = [];
  for (const file of files) {
    for await (const row of rowsOf(file, problems)) {
      if (rows.push(row) > MAX_ROWS)
        throw new PlumbError(`${files.join(", ")} hold more than ${MAX_ROWS} rows`, {
          hint: "Import them in parts.",
        });
    }
  }
  if (rows.length === 0) problems.check();
  if (rows.length === 0) throw new PlumbError(`${files.join(", ")} hold no rows`);
  return rows;
}

/**
 * Items and votes of rows of one source; invalid rows are added to the problems.
 *
 * @param rows at least one. @param asked the task that the items are for; by default each item's own.
 */
export function assembleRows(
  rows: readonly LocatedRow[],
  config: ReadConfig,
  problems: ImportProblems,
  asked?: TaskDefinition,
): Imported {
  const { choices, rationale, kind = asked?.kind, seed } = config;
  const [least, most] = kind === undefined ? [] : RESPONSES[kind];
  const wanted = { least, most };
  const source = config.source ?? sourceOf(rows);
  const read: ReadRecords = isTool(source)
    ? toolRecords(
        exportRecords(source, rows, problems, rolesOf(choices, rationale)),
        choices,
        asked === undefined ? { least: 0 } : wanted,
        problems,
      )
    : source === "votes"
      ? voteRecords(rows, problems)
      : tableRecords(rows, choices, wanted, source, problems);
  const result =
    read.dataset === undefined
      ? assemble(read.records, rationale, problems, asked)
      : { ...datasetItems(rows, { ...read.dataset, kind, seed }, problems, asked), votes: [] };
  const unread = read.columns.filter(({ role }) => role === "metadata").map(({ name: column }) => column);
  const warnings = [
    ...importWarnings(result.items, problems.tallies),
    ...(isTool(source) ? [] : unreadVerdicts(unread)),
  ];
  return {
    ...{ ...result, warnings, columns: read.columns, questions: read.questions },
    source: source ?? (read.dataset === undefined ? "table" : "dataset"),
  };
}

const isTool = (source: Source | undefined): source is ExportTool =>
  EXPORT_TOOLS.some((tool) => tool === source);

/** The tool that wrote the rows, or votes; undefined for a table or a dataset. */
const sourceOf = ([first]: readonly LocatedRow[]): ExportTool | "votes" | undefined =>
  exportTool(first) ?? (isVoteTable(first) ? "votes" : undefined);

/** The roles that readers of exports ask for: some tell answers from texts by them. */
function rolesOf(choices: ColumnChoices, rationale: string | undefined) {
  const chosen = (role: string) => Object.keys(choices).filter((column) => choices[column] === role);
  const responses = chosen("response");
  return { prompt: chosen("prompt")[0], responses: responses.length > 0 ? responses : undefined, rationale };
}
