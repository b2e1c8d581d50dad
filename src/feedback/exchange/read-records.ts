/** Reads rows as records of which it is known what is shown, by the plan of their columns. */
import type { LocatedRow } from "../../base/location.js";
import type { FormatName } from "../../data/formats.js";
import type { ForeignRecord, ImportProblems } from "../../votes/exports/index.js";
import type { ShownRecord } from "./assemble.js";
import { describeColumns } from "./columns/describe.js";
import type { DatasetPlan } from "./columns/of-dataset.js";
import { type Plan, planColumns, type Wanted } from "./columns/plan.js";
import { type RowRules, readRow } from "./columns/read-rows.js";
import type { ColumnChoices, ColumnQuestion, ReadColumn } from "./columns/roles.js";
import { planRows } from "./columns/source-table.js";
import { columnsOf } from "./columns/table.js";
import { voteTableRecords } from "./votes-csv.js";

export interface ReadRecords {
  /** None where columns are asked about, or where the rows are a dataset. */
  records: ShownRecord[];
  columns: ReadColumn[];
  questions: readonly ColumnQuestion[];
  dataset?: { format: FormatName; plan: DatasetPlan };
}

/** Rows that no tool wrote. @param said "table" or "dataset", where people said which. */
export function tableRecords(
  rows: readonly LocatedRow[],
  choices: ColumnChoices,
  wanted: Wanted,
  said: "table" | "dataset" | undefined,
  problems: ImportProblems,
): ReadRecords {
  const none = { records: [], columns: [], questions: [] };
  const read = problems.catch(() => planRows(rows, choices, wanted, said));
  if (read === undefined) return none;
  const { columns, plan } = read;
  const described = describeColumns(columns, plan.roles, plan.sources);
  if (!chosenExist(rows[0], columns, choices, problems)) return { ...none, columns: described };
  if (read.source === "dataset")
    return { ...none, columns: described, dataset: { format: read.format, plan: read.plan } };
  const { questions } = read.plan;
  if (lacks(read.plan, rows[0], problems) || questions.length > 0)
    return { ...none, columns: described, questions };
  const rules: RowRules = { promptsOnly: wanted.most === 0 };
  const records = rows.flatMap((row, i): ShownRecord[] => {
    const found = readRow(row, read.plan, problems, rules);
    if (found === undefined) return [];
    const { prompt, responses, gold, id, meta } = found;
    return [{ id: id ?? `${i + 1}`, prompt, responses, gold, meta, opinions: [], where: row.where }];
  });
  return { records, columns: described, questions };
}

/** Records of a tool's export, whose columns are the fields that it shows and keeps. */
export function toolRecords(
  foreign: readonly ForeignRecord[],
  choices: ColumnChoices,
  wanted: Wanted,
  problems: ImportProblems,
): ReadRecords {
  const none = { records: [], columns: [], questions: [] };
  if (foreign.length === 0) return none;
  const rows = foreign.map(
    ({ texts, responses, listedIn = LISTED, meta, where }): LocatedRow => ({
      value: { ...meta, ...Object.fromEntries(texts), ...(responses && { [listedIn]: responses }) },
      where,
      untyped: false,
    }),
  );
  const columns = columnsOf(rows);
  const lists = foreign.flatMap(({ responses, listedIn = LISTED }) => (responses ? [listedIn] : []));
  const listed = Object.fromEntries([...new Set(lists)].map((name) => [name, "response" as const]));
  const plan = planColumns(columns, { ...listed, ...choices }, wanted);
  const described = describeColumns(columns, plan.roles, plan.sources);
  if (!chosenExist(rows[0], columns, choices, problems)) return { ...none, columns: described };
  if (lacks(plan, rows[0], problems) || plan.questions.length > 0)
    return { ...none, columns: described, questions: plan.questions };
  const records = foreign.flatMap((record, i): ShownRecord[] => {
    const found = readRow(rows[i], plan, problems, { lenient: true });
    if (found === undefined) return [];
    const { prompt, responses, gold, meta } = found;
    return [{ ...record, prompt, responses, gold: record.gold ?? gold, meta }];
  });
  return { records, columns: described, questions: [] };
}

/** The name of a list of responses that has none in its tool. */
const LISTED = "responses";

/** Tables of votes, whose columns have fixed names. */
export function voteRecords(rows: readonly LocatedRow[], problems: ImportProblems): ReadRecords {
  const { records, columns } = voteTableRecords(rows, problems);
  const shown = records.map(({ texts, responses, ...record }): ShownRecord => {
    const response = texts.get("response");
    const single = typeof response === "string" ? [{ name: "response", text: response }] : [];
    return { ...record, prompt: texts.get("prompt") ?? record.id, responses: responses ?? single };
  });
  return { records: shown, columns, questions: [] };
}

/** Says which chosen columns a file does not have. @returns whether it has them all. */
function chosenExist(
  { where }: LocatedRow,
  columns: readonly { name: string }[],
  choices: ColumnChoices,
  problems: ImportProblems,
): boolean {
  const absent = Object.keys(choices).filter((name) => !columns.some((column) => column.name === name));
  for (const name of absent)
    problems.add(
      where,
      "",
      `there is no field ${JSON.stringify(name)}; the fields are ${listed(columns.map((column) => column.name))}`,
    );
  return absent.length === 0;
}

/** Says what the columns do not have at all. @returns whether they lack something. */
function lacks({ lacking, roles }: Plan, { where }: LocatedRow, problems: ImportProblems): boolean {
  if (lacking === undefined) return false;
  const names = listed([...roles.keys()]);
  problems.add(
    where,
    "",
    lacking === "prompt"
      ? `no column holds a prompt of texts or messages; the fields are ${names}`
      : `too few columns hold answers for raters to judge; the fields are ${names}`,
  );
  return true;
}

/** Most names in a message. */
const MAX_NAMED = 12;
const listed = (names: readonly string[]): string =>
  names
    .slice(0, MAX_NAMED)
    .map((name) => JSON.stringify(name))
    .join(", ");
