import { exportFiles, fileExportSchema } from "../../feedback/exchange/index.js";
import { defineCommand } from "../command.js";

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
  schema: fileExportSchema,
  async run({ ui }, settings) {
    const counts = await exportFiles(settings);
    await ui.result(counts, () =>
      Object.entries(counts)
        .map(([name, n]) => `${n} rows of ${name}`)
        .join(", "),
    );
  },
});
