import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { usageError } from "../../base/usage-error.js";
import { writeRows } from "../../data/write-rows.js";
import { readCastVotes, readTaskItems } from "../../feedback/exchange/index.js";
import { type Judgement, judgementsOf, trainingRows } from "../../feedback/judgement/index.js";
import { databaseLocation, databaseSettings, readProject } from "../../feedback/store/index.js";
import { defineCommand } from "../command.js";

const path = z.string().min(1);
const schema = z.object({
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
  aspect: z
    .string()
    .min(1)
    .optional()
    .describe("which aspect preferences are of; the first that is asked if not given"),
  held: z.boolean().default(true).describe("let votes count that a filter holds for review"),
  raters: z.boolean().default(false).describe("name each preference's raters, by pseudonym"),
  seed: z.number().int().min(0).default(0).describe("of what aggregation draws"),
});
type Settings = z.output<typeof schema>;
const KINDS = ["preferences", "demonstrations", "safety"] as const;

export default defineCommand({
  description: `Writes what raters said, in a project of the database or in files of items and votes, as rows for training: preferences in TRL's format (prompt, chosen, rejected), by the default aggregate, with noise, probability, agreement, reliability, votes and item beside them, which plumb reward reads; demonstrations and rewrites as prompt and completion; safety labels as prompt, completion and label (true where more raters found it safe).

Gold items, hidden repeats, rejected votes and those of excluded raters are left out, and so are pairs without a better side. plumb reward --project and plumb sft --project train on the same rows without a file.`,
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
    const counts = Object.fromEntries(wanted.map(({ kind, rows: own }) => [kind, own.length]));
    await ui.result(counts, () =>
      Object.entries(counts)
        .map(([name, n]) => `${n} rows of ${name}`)
        .join(", "),
    );
  },
});

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
