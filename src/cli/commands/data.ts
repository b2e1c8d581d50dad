import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { describeLocation } from "../../base/location.js";
import { examineFile } from "../../data/index.js";
import { defineCommand } from "../command.js";
import { fieldTable, lengths } from "../field-table.js";
import { warnOfOther } from "../other-than-dataset.js";
import { printable } from "../text-width.js";

const schema = z.object({
  file: z
    .string()
    .min(1)
    .describe("JSONL, JSON, CSV, TSV or Parquet, text also gzipped; - for JSONL on stdin"),
  limit: z.number().int().min(1).optional().describe("read only this many rows, the first"),
  show: z.number().int().min(0).max(100).default(3).describe("rows to show"),
  head: z.number().int().min(0).max(1000).default(0).describe("rows to print as training reads them"),
  maxProblems: z.number().int().min(1).max(1000).default(10).describe("problems to list before giving up"),
});

export default defineCommand({
  description:
    "Says which format a dataset file is in, how many rows it has, how long its texts are, what it can be used for, and what is wrong with it. Exits with 1 when a row is wrong.",
  examples: [
    { command: "plumb data pairs.jsonl.gz", does: "look at a file of preferences" },
    { command: "plumb data demos.csv --json", does: "the same as JSON" },
    { command: "plumb data chats.parquet --show 0 --head 5", does: "rows as training would read them" },
  ],
  schema,
  positional: "file",
  async run({ ui }, { file, show, ...options }) {
    await warnOfOther(ui, file);
    const { format, rows, usable, problems, head } = await examineFile(file, options);
    const shown = rows.slice(0, show);
    const firstRows = shown.map((row) => ({
      at: describeLocation(row.where),
      characters: lengths(row.value),
    }));
    const normal = head && {
      as: head.as,
      rows: head.rows.map(({ where, ...row }) => ({ at: describeLocation(where), ...row })),
    };
    const result = { file, format, rows: rows.length, usableAs: usable, firstRows, head: normal, problems };
    const once = problems.length > 0 && usable.length > 0 ? " once every row is right" : "";
    await ui.result(result, () =>
      [
        `${file}: ${rows.length} rows, ${format} format; usable as ${usable.join(", ") || "nothing here"}${once}`,
        ...(show > 0 ? ["", "Characters of each field:", fieldTable(shown)] : []),
        ...(normal
          ? ["", `As ${normal.as}:`, ...normal.rows.map((row) => printable(JSON.stringify(row)))]
          : []),
      ].join("\n"),
    );
    if (problems.length === 0) return;
    const more = problems.length === options.maxProblems ? ", at least" : "";
    throw new PlumbError(
      `${problems.length === 1 ? "1 row is" : `${problems.length} rows are`} wrong${more}:\n${problems.join("\n")}`,
    );
  },
});
