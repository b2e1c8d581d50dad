import { z } from "zod";
import { writeRows } from "../../data/write-rows.js";
import { PlumbError } from "../../errors.js";
import {
  demonstrationRows,
  readCastVotes,
  readTaskItems,
  safetyRows,
} from "../../feedback/exchange/index.js";
import { defineCommand } from "../command.js";

const path = z.string().min(1);
const schema = z.object({
  items: path.describe("items, as plumb tasks writes them"),
  votes: path.describe("votes on them, as plumb tasks import writes them"),
  demonstrations: path
    .optional()
    .describe("file for demonstrations and rewrites, as rows for plumb sft (.jsonl, .csv or .parquet)"),
  safety: path.optional().describe("file for safety labels, as TRL's unpaired preferences"),
});

export default defineCommand({
  description: `Writes what raters wrote and labelled as rows for training: demonstrations and rewrites as prompt and completion, safety labels as prompt, completion and label (true where more raters found it safe). Preferences come of plumb aggregate.`,
  examples: [
    {
      command: "plumb feedback export --items tasks.jsonl --votes votes.jsonl --demonstrations sft.jsonl",
      does: "rows for plumb sft",
    },
  ],
  schema,
  async run({ ui }, { items: itemsFile, votes: votesFile, demonstrations, safety }) {
    const items = await readTaskItems(itemsFile);
    const votes = await readCastVotes(votesFile, items);
    const written = { demonstrations: demonstrationRows(items, votes), safety: safetyRows(items, votes) };
    const files = { demonstrations, safety };
    const counts: Record<string, number> = {};
    for (const name of ["demonstrations", "safety"] as const) {
      const [file, rows] = [files[name], written[name]];
      if (file === undefined) continue;
      if (rows.length === 0)
        throw new PlumbError(`${votesFile} holds nothing for ${file}: no votes of that kind`);
      counts[name] = rows.length;
    }
    if (Object.keys(counts).length === 0)
      throw new PlumbError("there is nothing to write", { hint: "Give --demonstrations or --safety." });
    for (const name of ["demonstrations", "safety"] as const)
      if (files[name] !== undefined) await writeRows(files[name], written[name]);
    await ui.result(counts, () =>
      Object.entries(counts)
        .map(([name, n]) => `${n} rows of ${name}`)
        .join(", "),
    );
  },
});
