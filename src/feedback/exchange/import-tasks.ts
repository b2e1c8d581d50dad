import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import type { LocatedRow } from "../../base/location.js";
import {
  EXPORT_TOOLS,
  type ExportTool,
  exportRecords,
  exportTool,
  type FieldRoles,
  type ForeignRecord,
  ImportProblems,
} from "../../votes/exports/index.js";
import { TASK_KINDS, type TaskDefinition } from "../../votes/tasks/index.js";
import { assemble, type Imported, type ItemFields } from "./assemble.js";
import { datasetItems } from "./dataset-items.js";
import { isResponseTable, responseTableRecords } from "./response-table.js";
import { rowsOf } from "./rows-of.js";
import { isVoteTable, voteTableRecords } from "./votes-csv.js";
import { importWarnings, unreadVerdicts } from "./warnings.js";

/** Most rows of one import; all are held in memory. */
const MAX_ROWS = 5_000_000;

export const SOURCES = [...EXPORT_TOOLS, "votes", "table", "dataset"] as const;
export type Source = (typeof SOURCES)[number];

export const importSchema = z.object({
  source: z
    .enum(SOURCES)
    .optional()
    .describe("tool that wrote the files; default: detected from the first row's fields"),
  promptField: z
    .string()
    .min(1)
    .optional()
    .describe("field that is the prompt, where its name does not say so"),
  responseFields: z
    .array(z.string().min(1))
    .max(16)
    .optional()
    .describe("fields that are the responses, in order of display"),
  rationaleField: z
    .string()
    .min(1)
    .optional()
    .describe("free-text question that is the rationale of the question that counts"),
  kind: z
    .enum(TASK_KINDS)
    .optional()
    .describe("kind of task for the rows of a dataset; default: by the number of responses"),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("seed of the order in which responses of a dataset are stored"),
});
export type ImportConfig = z.infer<typeof importSchema>;

/**
 * Reads the items and votes of files of one source. All files are read and checked as a whole.
 *
 * @throws PlumbError naming the first 20 bad rows by file, line and field, or if there are no rows.
 */
export async function importTasks(
  files: readonly string[],
  config: ImportConfig,
): Promise<Imported & { source: Source }> {
  const problems = new ImportProblems();
  const imported = assembleRows(await readAll(files, problems), config, problems);
  problems.check(hintFor(imported.source));
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
 * @param rows at least one. @param asked the task that gold answers are for; by default each item's own.
 */
export function assembleRows(
  rows: readonly LocatedRow[],
  config: ImportConfig,
  problems: ImportProblems,
  asked?: TaskDefinition,
): Imported & { source: Source } {
  const roles = {
    prompt: config.promptField,
    responses: config.responseFields,
    rationale: config.rationaleField,
  };
  const source = config.source ?? sourceOf(rows, roles);
  const { records, fields } = recordsOf(source, rows, roles, problems);
  const { items, votes, places } =
    source === "dataset"
      ? { ...datasetItems(rows, config.kind, config.seed, problems, asked), votes: [] }
      : assemble(records, roles, problems, asked);
  const warnings = [...importWarnings(items, problems.tallies), ...unreadVerdicts(fields?.hidden ?? [])];
  return { items, votes, places, warnings, source, ...(fields && { fields }) };
}

const FIELDS = "Name the fields with --prompt-field and --response-fields.";
const hintFor = (source: Source): string | undefined =>
  source === "votes" || source === "dataset" ? undefined : FIELDS;

const isTool = (source: Source): source is ExportTool => EXPORT_TOOLS.some((tool) => tool === source);

function sourceOf(rows: readonly LocatedRow[], roles: FieldRoles): Source {
  const tool = exportTool(rows[0]);
  if (tool !== undefined) return tool;
  if (isVoteTable(rows[0])) return "votes";
  return isResponseTable(rows, roles) ? "table" : "dataset";
}

function recordsOf(
  source: Source,
  rows: readonly LocatedRow[],
  roles: FieldRoles,
  problems: ImportProblems,
): { records: ForeignRecord[]; fields?: ItemFields } {
  if (isTool(source)) return { records: exportRecords(source, rows, problems, roles) };
  if (source === "votes") return voteTableRecords(rows, problems);
  return source === "table" ? responseTableRecords(rows, roles, problems) : { records: [] };
}
