import { exportFiles, fileExportSchema } from "../../feedback/exchange/index.js";
import { defineCommand } from "../command.js";

/** Most results to review that a warning names. */
const MAX_SHOWN = 3;

export default defineCommand({
  description: `Writes raters' answers, from a project of the database or from files of items and votes, as rows for training: preferences in TRL's format (prompt, chosen, rejected), aggregated by the default method, with the fields noise, probability, agreement, reliability, votes and item, which plumb reward reads; demonstrations and rewrites as prompt and completion; safety labels as prompt, completion and label (true where it is safe).

Gold items, hidden repeats, rejected votes, votes of excluded raters, pairs without a better side and results that contradict all of their votes are left out. plumb reward --project and plumb sft --project train on the same rows without a file.`,
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
    const { counts, review } = await exportFiles(settings);
    if (review.length > 0)
      ui.warn(
        `${review.length} results contradict all of their votes and are left out until someone decides: ${review
          .slice(0, MAX_SHOWN)
          .map(({ item, reason }) => `${item} (${reason})`)
          .join("; ")}`,
      );
    await ui.result({ ...counts, review }, () =>
      Object.entries(counts)
        .map(([name, n]) => `${n} rows of ${name}`)
        .join(", "),
    );
  },
});
