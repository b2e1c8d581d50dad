/** Whether rows are a table, whose columns are told apart by their names, or a dataset in a known format. */
import type { LocatedRow } from "../../../base/location.js";
import { detectFormat, type FormatName } from "../../../data/formats.js";
import { isTranscript } from "../../../data/hh-transcript.js";
import { cellValue, kindOf } from "./cells.js";
import { type DatasetPlan, planDataset } from "./of-dataset.js";
import { type Plan, planColumns, type Wanted } from "./plan.js";
import type { ColumnChoices } from "./roles.js";
import { type Column, columnsOf } from "./table.js";

/** Formats whose rows have all that a table would, or less: a table where it has responses. */
const LOOSE: readonly FormatName[] = ["prompt-only", "text", "messages"];
/** Formats that training reads, whose columns are those of a table of responses. */
const TABLES: readonly FormatName[] = [
  ...(["ultrafeedback", "nectar", "pku-saferlhf", "shp", "helpsteer", "helpsteer-preference"] as const),
  ...(["question-answer", "segments", "tokens"] as const),
];
/** Formats that a table with several responses resembles. */
const OF_ONE: readonly FormatName[] = ["prompt-completion", "alpaca"];

type TablePlan = { columns: Column[] } & (
  | { source: "table"; plan: Plan }
  | { source: "dataset"; format: FormatName; plan: DatasetPlan }
);

/** How rows that no tool wrote are read. @param said "table" or "dataset", where people said which. */
export function planRows(
  rows: readonly LocatedRow[],
  choices: ColumnChoices,
  wanted: Wanted,
  said?: "table" | "dataset",
): TablePlan {
  const columns = columnsOf(rows);
  const plan = planColumns(columns, choices, wanted);
  // Asked for a dataset, the error of a file that is none says what was expected.
  const format = said === "dataset" ? detectFormat(rows[0]) : formatOf(rows[0]);
  if (
    said === "table" ||
    format === undefined ||
    (said !== "dataset" && isTable(rows[0], format, plan, wanted))
  )
    return { columns, source: "table", plan };
  const dataset = planDataset(columns, format, choices);
  return dataset === undefined
    ? { columns, source: "table", plan }
    : { columns, source: "dataset", format, plan: dataset };
}

function isTable(row: LocatedRow, format: FormatName, plan: Plan, wanted: Wanted): boolean {
  if (TABLES.includes(format)) return true;
  const known = plan.questions.length === 0;
  if (LOOSE.includes(format)) {
    if (format === "text") return !isTranscript(String(row.value.text));
    const drops = wanted.most === 0 && plan.conversations.length > 0;
    return !known || plan.responses.length > 0 || plan.lacking !== undefined || drops;
  }
  if (OF_ONE.includes(format)) return known && plan.responses.length > 1;
  return format === "ranked" && !isRanked(row);
}

/** The dataset format of a row; undefined if it has none. */
function formatOf(row: LocatedRow): FormatName | undefined {
  try {
    return detectFormat(row);
  } catch {
    return undefined;
  }
}

/** Whether a row's completions have ranks. */
function isRanked({ value, untyped }: LocatedRow): boolean {
  const list = cellValue(value.completions, untyped);
  if (kindOf(list) !== "objects") return false;
  return (list as { rank?: unknown }[]).every(({ rank }) => typeof rank === "number");
}
