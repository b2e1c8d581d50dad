import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { inGroup } from "../../base/setting-groups.js";
import { usageError } from "../../base/usage-error.js";
import { writeRows } from "../../data/write-rows.js";
import { type Judgement, judgementsOf, trainingRows } from "../judgement/index.js";
import { databaseLocation, databaseSettings, readProject } from "../store/index.js";
import { readCastVotes, readTaskItems } from "./task-files.js";

const path = z.string().min(1);
export const fileExportSchema = z.object({
  ...inGroup("files", {
    items: path.optional().describe("items, as plumb tasks writes them"),
    votes: path.optional().describe("votes on them, as plumb tasks import writes them"),
    project: z.string().min(1).optional().describe("id of a project of the database, in place of files"),
    ...databaseSettings,
    preferences: path
      .optional()
      .describe("file for preferences in TRL's format, with noise and rater metadata"),
    demonstrations: path
      .optional()
      .describe("file for demonstrations and rewrites, as rows for plumb sft (.jsonl, .csv or .parquet)"),
    safety: path.optional().describe("file for safety labels, as TRL's unpaired preferences"),
  }),
  aspect: z
    .string()
    .min(1)
    .optional()
    .describe("which aspect preferences are of; the first that is asked if not given"),
  held: z.boolean().default(true).describe("let votes count that a filter holds for review"),
  raters: z.boolean().default(false).describe("name each preference's raters, by pseudonym"),
  seed: z.number().int().min(0).default(0).describe("of what aggregation draws"),
});
type Settings = z.output<typeof fileExportSchema>;
const KINDS = ["preferences", "demonstrations", "safety"] as const;

/**
 * Writes rows for training, of a project or of files of items and votes: a file for each kind that is asked for, all or none.
 *
 * @returns how many rows there are of each. @throws PlumbError where nothing is asked for, or there is none of what is.
 */
export async function exportFiles(settings: Settings): Promise<Record<string, number>> {
  const judgements = await judgementsFrom(settings);
  const files = KINDS.flatMap((kind) =>
    settings[kind] === undefined ? [] : [{ kind, file: settings[kind] }],
  );
  if (files.length === 0)
    throw usageError("there is nothing to write", "Give --preferences, --demonstrations or --safety.");
  const rows = trainingRows(judgements, settings);
  const wanted = files.map(({ kind, file }) => ({ kind, file, rows: rows[kind] }));
  for (const { kind, file, rows: own } of wanted)
    if (own.length === 0)
      throw new PlumbError(`there is nothing for ${file}: no votes that make ${kind}`, {
        hint: "Nothing was written.",
      });
  for (const { file, rows: own } of wanted) await writeRows(file, own);
  return Object.fromEntries(wanted.map(({ kind, rows: own }) => [kind, own.length]));
}

/** What was judged, of files or of a project. */
async function judgementsFrom({ items, votes, project, db }: Settings): Promise<readonly Judgement[]> {
  const files = items !== undefined || votes !== undefined;
  if (project !== undefined) {
    if (files) throw usageError("both files and a project are given", ONE_OF_BOTH);
    return (await readProject(databaseLocation(db), project)).judgements;
  }
  if (items === undefined || votes === undefined) throw usageError("no votes are given", ONE_OF_BOTH);
  const known = await readTaskItems(items);
  return judgementsOf(await readCastVotes(votes, known), known);
}

const ONE_OF_BOTH = "Give --project ID, or --items FILE and --votes FILE.";
