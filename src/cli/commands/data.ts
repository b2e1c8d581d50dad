import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { describeLocation, type LocatedRow } from "../../base/location.js";
import { checkRow, detectFormat, type FormatName } from "../../data/formats.js";
import { toDemonstrations, toPreferences, toPrompt } from "../../data/normalise.js";
import { readRows } from "../../data/read-rows.js";
import { defineCommand } from "../command.js";
import { formatTable } from "../table.js";
import { printable, truncateText } from "../text-width.js";

const schema = z.object({
  file: z
    .string()
    .min(1)
    .describe("JSONL, JSON, CSV, TSV or Parquet, text also gzipped; - for JSONL on stdin"),
  limit: z.number().int().min(1).optional().describe("look at the first rows only"),
  show: z.number().int().min(0).max(100).default(3).describe("rows to show"),
  maxProblems: z.number().int().min(1).max(1000).default(10).describe("problems to list before giving up"),
});

const PURPOSES = { demonstrations: toDemonstrations, prompts: toPrompt, preferences: toPreferences };

export default defineCommand({
  description:
    "Says which format a dataset file is in, how many rows it has, how long its texts are, what it can be used for, " +
    "and what is wrong with it. Exits with 1 when a row is wrong.",
  examples: [
    { command: "plumb data pairs.jsonl.gz", does: "look at a file of preferences" },
    { command: "plumb data demos.csv --json", does: "the same as JSON" },
  ],
  schema,
  positional: "file",
  async run({ ui }, { file, limit, show, maxProblems }) {
    const rows = await readRows(file, { limit });
    const format = detectFormat(rows[0]);
    const { usable, problems } = findProblems(rows, format, maxProblems);
    const shown = rows
      .slice(0, show)
      .map((row) => ({ at: describeLocation(row.where), characters: lengths(row.value) }));
    await ui.result({ file, format, rows: rows.length, usableAs: usable, firstRows: shown, problems }, () =>
      [
        `${file}: ${rows.length} rows, ${format} format; usable as ${usable.join(", ") || "nothing here"}`,
        ...(show > 0 ? ["", "Characters of each field:", fieldTable(rows.slice(0, show))] : []),
      ].join("\n"),
    );
    if (problems.length === 0) return;
    const more = problems.length === maxProblems ? ", at least" : "";
    throw new PlumbError(`${problems.length} rows are wrong${more}:\n${problems.join("\n")}`);
  },
});

/** What every row can be used as, and what is wrong with the rows that do not fit the format. */
function findProblems(rows: readonly LocatedRow[], format: FormatName, most: number) {
  const problems: string[] = [];
  let usable = Object.keys(PURPOSES) as (keyof typeof PURPOSES)[];
  for (const row of rows) {
    if (problems.length >= most) break;
    try {
      const checked = checkRow(row, format);
      usable = usable.filter((purpose) => succeeds(() => PURPOSES[purpose](checked)));
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      problems.push(error.message);
    }
  }
  return { usable, problems };
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (error instanceof PlumbError) return false;
    throw error;
  }
}

function lengths(value: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, textOf(inner).length]));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function fieldTable(rows: readonly LocatedRow[]): string {
  const cells = rows.flatMap((row) =>
    Object.entries(row.value).map(([field, value]) => [
      `${row.where.unit} ${row.where.number}`,
      printable(field),
      textOf(value).length,
      truncateText(printable(textOf(value).slice(0, 200)), 60),
    ]),
  );
  return formatTable(["where", "field", "length", "begins"], cells);
}
