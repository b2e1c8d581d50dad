import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { describeLocation } from "../../base/location.js";
import { examineFile } from "../../data/index.js";
import { modelSetting } from "../../open/model-settings.js";
import { rowLengths } from "../../open/row-lengths.js";
import { defineCommand } from "../command.js";
import { dataReport, placedHead } from "../data-report.js";
import { lengths } from "../field-table.js";
import { warnOfOther } from "../other-than-dataset.js";

const schema = z.object({
  file: z
    .string()
    .min(1)
    .describe("JSONL, JSON, CSV, TSV or Parquet, a folder or a pattern of them; - for JSONL on stdin"),
  limit: z.number().int().min(1).optional().describe("read only this many rows, the first"),
  show: z.number().int().min(0).max(100).default(3).describe("rows to show"),
  head: z.number().int().min(0).max(1000).default(0).describe("rows to print as training reads them"),
  model: modelSetting
    .optional()
    .describe("count rows that are longer than --max-length in this model's tokens"),
  maxLength: z.number().int().min(1).default(1024).describe("most tokens that training reads of a row"),
  maxProblems: z.number().int().min(1).max(1000).default(10).describe("problems to list before giving up"),
});

export default defineCommand({
  description:
    "Says which format a dataset is in, what each column is used for, how long its texts are, what it can be used for, " +
    "how many rows are doubled, empty or cut, and what is wrong with it. Exits with 1 when a row is wrong.",
  examples: [
    { command: "plumb data pairs.jsonl.gz", does: "look at a file of preferences" },
    { command: "plumb data demos.csv --json", does: "the same as JSON" },
    { command: "plumb data chats.parquet --show 0 --head 5", does: "rows as training would read them" },
  ],
  schema,
  positional: "file",
  async run({ ui }, { file, show, model, maxLength, ...options }) {
    await warnOfOther(ui, file);
    const lengthOf = model === undefined ? undefined : await rowLengths(model);
    const examined = await examineFile(file, { ...options, ...(lengthOf && { lengthOf, maxLength }) });
    const { format, rows, usable, problems, columns, quality } = examined;
    const firstRows = rows.slice(0, show).map(({ where, value }) => ({
      at: describeLocation(where),
      characters: lengths(value),
    }));
    const counts = { file, format, rows: rows.length, usableAs: usable, columns, quality };
    const result = { ...counts, firstRows, head: placedHead(examined), problems };
    await ui.result(result, () => dataReport(file, examined, { show, maxLength }));
    if (problems.length === 0) return;
    const more = problems.length === options.maxProblems ? ", at least" : "";
    const wrong = problems.length === 1 ? "1 row is" : `${problems.length} rows are`;
    throw new PlumbError(`${wrong} wrong${more}:\n${problems.join("\n")}`);
  },
});
