import { z } from "zod";
import { usageError } from "../../base/usage-error.js";
import { writeRows } from "../../data/write-rows.js";
import { importSchema, importTasks } from "../../feedback/exchange/index.js";
import { defineCommand } from "../command.js";

const path = z.string().min(1);
const schema = z.object({
  files: z
    .array(path)
    .min(1)
    .max(1000)
    .describe("exports or datasets of one kind: JSON, JSONL, CSV, TSV or Parquet"),
  out: path.describe("file for the items, one on each line (.jsonl)"),
  votes: path.optional().describe("file for the votes (.jsonl); needed where the files hold any"),
  ...importSchema.shape,
});

export default defineCommand({
  description: `Reads tasks, and the votes on them, from Argilla (version 1 and 2), Label Studio (JSON, JSON_MIN, CSV), tables of votes (item,rater,left,right,winner or item,rater,label) and datasets (TRL's preference data, Anthropic's HH, rankings, prompts, completions). What wrote the files is told by their fields.

Every file is checked whole first: every bad row is named by file, line and field, and nothing is written. Raters who are named by their address get a pseudonym.`,
  examples: [
    {
      command: "plumb tasks import project-3.json --out tasks.jsonl --votes votes.jsonl",
      does: "an export of Label Studio",
    },
    {
      command: "plumb tasks import pairs.jsonl.gz --out tasks.jsonl",
      does: "both sides of preference data, for raters to judge again",
    },
    {
      command:
        "plumb tasks import records.json --out t.jsonl --votes v.jsonl --prompt-field q --response-fields left_text,right_text",
      does: "Argilla records with fields of other names",
    },
  ],
  schema,
  positional: "files",
  async run({ ui }, { files, out, votes: votesFile, ...config }) {
    const { items, votes, source } = await importTasks(files, config);
    if (votes.length > 0 && votesFile === undefined)
      throw usageError(
        `the files hold ${votes.length} votes, and there is no place for them`,
        "Give --votes FILE.",
      );
    await writeRows(
      out,
      items.map((item) => ({ ...item })),
    );
    if (votesFile !== undefined && votes.length > 0)
      await writeRows(
        votesFile,
        votes.map((vote) => ({ ...vote })),
      );
    const kinds = [...new Set(items.map(({ task }) => task.kind))];
    const raters = new Set(votes.map(({ rater }) => rater)).size;
    await ui.result(
      {
        source,
        items: items.length,
        kinds,
        votes: votes.length,
        raters,
        out,
        ...(votes.length > 0 && { votesFile }),
      },
      () =>
        `${items.length} items (${kinds.join(", ")}) from ${source}, ${votes.length} votes of ${raters} raters`,
    );
  },
});
