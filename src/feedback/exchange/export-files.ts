import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { inGroup } from "../../base/setting-groups.js";
import { usageError } from "../../base/usage-error.js";
import { writeRows } from "../../data/write-rows.js";
import { type Judgement, judgementsOf, type ToReview, trainingRows } from "../../votes/judgement/index.js";
import { databaseLocation, databaseSettings, readProject, readRawProject } from "../store/index.js";
import { readCastVotes, readTaskItems } from "./task-files.js";

const path = z.string().min(1);
export const fileExportSchema = z.object({
  ...inGroup("files", {
    items: path.optional().describe("file of items, as written by plumb tasks"),
    votes: path.optional().describe("file of votes on the items, as written by plumb tasks import"),
    project: z.string().min(1).optional().describe("id of a project in the database, instead of files"),
    itemsOut: path.optional().describe("file for all items of the project, as --items reads them (.jsonl)"),
    votesOut: path
      .optional()
      .describe("file for all votes of the project with their marks, as --votes reads them (.jsonl)"),
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
    .describe("aspect of the preferences; default: the first that is asked"),
  held: z.boolean().default(true).describe("count votes that a filter holds for review"),
  raters: z.boolean().default(false).describe("name each preference's raters, by pseudonym"),
  seed: z.number().int().min(0).default(0).describe("seed of the random draws of aggregation"),
});
type Settings = z.output<typeof fileExportSchema>;
const KINDS = ["preferences", "demonstrations", "safety"] as const;

/**
 * Writes rows for training from a project, or from files of items and votes: one file for each requested kind; and of a
 * project all items and votes, as the same command reads them. Nothing is written if one of them would be empty.
 *
 * @returns the number of rows of each kind, and the results that a reviewer must decide. @throws PlumbError when no
 * kind is requested, or there are no rows of a requested kind.
 */
export async function exportFiles(
  settings: Settings,
): Promise<{ counts: Record<string, number>; review: ToReview[] }> {
  const raw = await rawFiles(settings);
  const rawOnly = raw.length > 0 && KINDS.every((kind) => settings[kind] === undefined);
  const judgements = rawOnly ? [] : await judgementsFrom(settings);
  const files = KINDS.flatMap((kind) =>
    settings[kind] === undefined ? [] : [{ kind, file: settings[kind] }],
  );
  if (files.length + raw.length === 0)
    throw usageError(
      "there is nothing to write",
      "Give --preferences, --demonstrations or --safety; or of a project --items-out and --votes-out.",
    );
  const rows = trainingRows(judgements, settings);
  const wanted: RowFile[] = [...raw, ...files.map(({ kind, file }) => ({ kind, file, rows: rows[kind] }))];
  for (const { kind, file, rows: own } of wanted)
    if (own.length === 0)
      throw new PlumbError(
        `there is nothing to write to ${file}: no ${kind === "items" || kind === "votes" ? kind : `votes that make ${kind}`}`,
        { hint: "Nothing was written." },
      );
  for (const { file, rows: own } of wanted) await writeRows(file, own);
  const counts = Object.fromEntries(wanted.map(({ kind, rows: own }) => [kind, own.length]));
  return { counts, review: rows.review };
}

interface RowFile {
  kind: string;
  file: string;
  rows: readonly object[];
}

/** The items and votes of a project that are to be written as they are. */
async function rawFiles({ project, db, itemsOut, votesOut }: Settings): Promise<RowFile[]> {
  if (itemsOut === undefined && votesOut === undefined) return [];
  if (project === undefined)
    throw usageError("--items-out and --votes-out write what a project holds", "Give --project ID.");
  const { items, votes } = await readRawProject(databaseLocation(db), project);
  return [
    ...(itemsOut === undefined ? [] : [{ kind: "items", file: itemsOut, rows: items }]),
    ...(votesOut === undefined ? [] : [{ kind: "votes", file: votesOut, rows: votes }]),
  ];
}

/** Reads the judgements from files or from a project. */
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
