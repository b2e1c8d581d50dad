import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { usageError } from "../../base/usage-error.js";
import { writeRows } from "../../data/write-rows.js";
import {
  demonstrationRows,
  readCastVotes,
  readTaskItems,
  safetyRows,
} from "../../feedback/exchange/index.js";
import { type ProjectData, trainingRows } from "../../feedback/report/index.js";
import { databaseSettings } from "../../feedback/store/database-settings.js";
import { defineCommand } from "../command.js";
import { readProject } from "../feedback/vote-source.js";

const path = z.string().min(1);
const schema = z.object({
  items: path.optional().describe("items, as plumb tasks writes them"),
  votes: path.optional().describe("votes on them, as plumb tasks import writes them"),
  project: z.string().min(1).optional().describe("id of a project of the database, in place of files"),
  ...databaseSettings,
  preferences: path
    .optional()
    .describe("of a project: file for preferences in TRL's format, with noise and rater metadata"),
  demonstrations: path
    .optional()
    .describe("file for demonstrations and rewrites, as rows for plumb sft (.jsonl, .csv or .parquet)"),
  safety: path.optional().describe("file for safety labels, as TRL's unpaired preferences"),
  aspect: z
    .string()
    .min(1)
    .optional()
    .describe("which aspect preferences are of; the project's first if not given"),
  held: z.boolean().default(true).describe("let votes count that a filter holds for review"),
  raters: z.boolean().default(false).describe("name each preference's raters, by pseudonym"),
  seed: z.number().int().min(0).default(0).describe("of what aggregation draws"),
});
type Settings = z.output<typeof schema>;
type Row = Record<string, unknown>;

/** Kinds of rows, and the kinds of tasks that they come of. */
const KINDS = {
  preferences: ["pairwise", "ranking"],
  demonstrations: ["demonstration", "rewrite"],
  safety: ["safety"],
} as const;
type Kind = keyof typeof KINDS;

export default defineCommand({
  description: `Writes what raters said as rows for training. Of a project of the database: preferences in TRL's format (prompt, chosen, rejected), by the default aggregate, with noise, probability, agreement, reliability, votes and item beside them, which plumb reward reads; demonstrations and rewrites as prompt and completion; safety labels as prompt, completion and label (true where more raters found it safe). Of files of items and votes: demonstrations and safety labels.

Gold items, hidden repeats, rejected votes and those of excluded raters are left out, and so are pairs without a better side.`,
  examples: [
    {
      command: "plumb feedback export --project p-... --preferences preferences.jsonl",
      does: "rows for plumb reward, from plumb.db",
    },
    {
      command: "plumb feedback export --items tasks.jsonl --votes votes.jsonl --demonstrations sft.jsonl",
      does: "rows for plumb sft",
    },
  ],
  schema,
  async run({ ui }, settings) {
    const rows = settings.project === undefined ? await rowsOfFiles(settings) : await rowsOfProject(settings);
    const wanted = (Object.keys(KINDS) as Kind[]).flatMap((kind) => {
      const file = settings[kind];
      return file === undefined ? [] : [{ kind, file, rows: rows[kind] ?? [] }];
    });
    if (wanted.length === 0)
      throw usageError("there is nothing to write", "Give --preferences, --demonstrations or --safety.");
    for (const { kind, file, rows: own } of wanted)
      if (own.length === 0)
        throw new PlumbError(`there is nothing for ${file}: no votes that make ${kind}`, {
          hint: "Nothing was written.",
        });
    for (const { file, rows: own } of wanted) await writeRows(file, own);
    const counts = Object.fromEntries(wanted.map(({ kind, rows: own }) => [kind, own.length]));
    await ui.result(counts, () =>
      Object.entries(counts)
        .map(([name, n]) => `${n} rows of ${name}`)
        .join(", "),
    );
  },
});

async function rowsOfFiles({ items: itemsFile, votes: votesFile, preferences }: Settings) {
  if (itemsFile === undefined || votesFile === undefined)
    throw usageError("no votes are given", "Give --project ID, or --items FILE and --votes FILE.");
  if (preferences !== undefined)
    throw usageError(
      "preferences are written of a project",
      "Give --project ID; for files see plumb aggregate.",
    );
  const items = await readTaskItems(itemsFile);
  const votes = await readCastVotes(votesFile, items);
  const rows: Partial<Record<Kind, Row[]>> = {
    demonstrations: demonstrationRows(items, votes),
    safety: safetyRows(items, votes),
  };
  return rows;
}

async function rowsOfProject({ items, votes, project, aspect, held, raters, seed, db }: Settings) {
  if (items !== undefined || votes !== undefined)
    throw usageError(
      "both files and a project are given",
      "Give --project ID, or --items FILE and --votes FILE.",
    );
  const data: ProjectData = await readProject({ project: project as string, db });
  const { kind: task } = data.project.task;
  const made = trainingRows(data, { aspect, held, raters }, seed);
  const own = (Object.keys(KINDS) as Kind[]).find((kind) =>
    (KINDS[kind] as readonly string[]).includes(task),
  );
  const rows: Partial<Record<Kind, Row[]>> = own === undefined ? {} : { [own]: made };
  return rows;
}
