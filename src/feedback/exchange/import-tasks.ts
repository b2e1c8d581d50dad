import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import type { LocatedRow } from "../../base/location.js";
import { TASK_KINDS } from "../../votes/tasks/index.js";
import { argillaRecord, isArgilla } from "./argilla.js";
import { assemble, type Imported } from "./assemble.js";
import { datasetItems } from "./dataset-items.js";
import type { ForeignRecord } from "./foreign-record.js";
import { isLabelStudio, labelStudioRecords } from "./label-studio.js";
import { ImportProblems } from "./problems.js";
import { isResponseTable, responseTableRecords } from "./response-table.js";
import { rowsOf } from "./rows-of.js";
import { isVoteTable, voteTableRecords } from "./votes-csv.js";

/** Most rows of one import; all are held in memory. */
const MAX_ROWS = 5_000_000;

export const SOURCES = ["argilla", "label-studio", "votes", "table", "dataset"] as const;
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
    .describe("field of an Argilla or Label Studio record that is the prompt"),
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
  problems.check(HINTS[imported.source]);
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

/** Items and votes of rows of one source; invalid rows are added to the problems. @param rows at least one. */
export function assembleRows(
  rows: readonly LocatedRow[],
  config: ImportConfig,
  problems: ImportProblems,
): Imported & { source: Source } {
  const source = config.source ?? sourceOf(rows[0]);
  const roles = {
    prompt: config.promptField,
    responses: config.responseFields,
    rationale: config.rationaleField,
  };
  const imported =
    source === "dataset"
      ? { ...datasetItems(rows, config.kind, config.seed, problems), votes: [] }
      : assemble(recordsOf(source, rows, roles, problems), roles, problems);
  return { ...imported, source };
}

const FIELDS = "Name the fields with --prompt-field and --response-fields.";
const HINTS: Readonly<Partial<Record<Source, string>>> = { argilla: FIELDS, "label-studio": FIELDS };

function sourceOf(row: LocatedRow): Source {
  if (isLabelStudio(row)) return "label-studio";
  if (isArgilla(row)) return "argilla";
  if (isVoteTable(row)) return "votes";
  return isResponseTable(row) ? "table" : "dataset";
}

function recordsOf(
  source: Source,
  rows: readonly LocatedRow[],
  roles: Parameters<typeof labelStudioRecords>[1],
  problems: ImportProblems,
): ForeignRecord[] {
  if (source === "label-studio") return labelStudioRecords(rows, roles, problems);
  if (source === "votes") return voteTableRecords(rows, problems);
  if (source === "table") return responseTableRecords(rows, problems);
  return rows.flatMap((row) => argillaRecord(row, problems) ?? []);
}
