import { z } from "zod";
import { usageError } from "../../base/usage-error.js";
import { writeRows } from "../../data/write-rows.js";
import type { TaskKind } from "../../votes/tasks/index.js";
import type { ReadColumn } from "./columns/roles.js";
import { importSchema, importTasks, type Source } from "./import-tasks.js";

const path = z.string().min(1);
export const fileImportSchema = z.object({
  files: z
    .array(path)
    .min(1)
    .max(1000)
    .describe("exports or datasets of one kind: JSON, JSONL, CSV, TSV or Parquet"),
  out: path.describe("file for the items, one per line (.jsonl)"),
  votes: path.optional().describe("file for the votes (.jsonl); required if the files hold votes"),
  ...importSchema.shape,
});

/** What was written. */
export interface FileImport {
  source: Source;
  items: number;
  kinds: TaskKind[];
  votes: number;
  raters: number;
  /** What each column was taken for. */
  columns: ReadColumn[];
  warnings: string[];
}

/**
 * Imports the items and votes of files of one source, and writes them as files that the other commands read.
 *
 * @throws PlumbError as importTasks does, or when there are votes but no file for them; nothing is written then.
 */
export async function importFiles(config: z.output<typeof fileImportSchema>): Promise<FileImport> {
  const { items, votes, source, columns, warnings } = await importTasks(config.files, config);
  if (votes.length > 0 && config.votes === undefined)
    throw usageError(
      `the files hold ${votes.length} votes, but no file for them is given`,
      "Give --votes FILE.",
    );
  await writeRows(
    config.out,
    items.map((item) => ({ ...item })),
  );
  if (config.votes !== undefined && votes.length > 0)
    await writeRows(
      config.votes,
      votes.map((vote) => ({ ...vote })),
    );
  return {
    source,
    items: items.length,
    kinds: [...new Set(items.map(({ task }) => task.kind))],
    votes: votes.length,
    raters: new Set(votes.map(({ rater }) => rater)).size,
    ...{ columns, warnings },
  };
}
