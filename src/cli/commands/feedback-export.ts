import { exportFiles, fileExportSchema } from "../../feedback/exchange/index.js";
import { defineCommand } from "../command.js";

export default defineCommand({
  description: `Writes raters' answers, from a project of the database or from files of items and votes, as rows for training: preferences in TRL's format (prompt, chosen, rejected), aggregated by the default method, with the fields noise, probability, agreement, reliability, votes and item, which plumb reward reads; demonstrations and rewrites as prompt and completion; safety labels as prompt, completion and label (true where more raters found it safe).

Gold items, hidden repeats, rejected votes, votes of excluded raters and pairs without a better side are left out. plumb reward --project and plumb sft --project train on the same rows without a file.`,
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
