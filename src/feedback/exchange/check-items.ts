import { explainIssue } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import { ImportProblems, type RowProblem } from "../../votes/exports/index.js";
import { ItemContent, type TaskDefinition } from "../../votes/tasks/index.js";
import { itemProblem, MAX_ITEMS_AT_ONCE, NewItem } from "../store/items/items.js";
import { columnNames, isRemembered, type RememberedColumns, rememberedFor } from "./columns/remembered.js";
import type { ColumnChoices, ColumnQuestion, ReadColumn } from "./columns/roles.js";
import { goldAnswer } from "./gold.js";
import { assembleRows, type Source } from "./import-tasks.js";
import { rowsOf } from "./rows-of.js";
import { importWarnings } from "./warnings.js";

/** The checked contents of a file for a project. */
export interface CheckedItems {
  /** The tool that wrote the file; `items` is Plumbline's own form. */
  source: Source | "items";
  items: NewItem[];
  /** Number of votes in the file, which are not imported. */
  votes: number;
  /** What each column is taken for; none for Plumbline's own form. */
  columns: ReadColumn[];
  /** What has to be said of columns first; there are no items then. */
  questions: readonly ColumnQuestion[];
  /** The choices by which it was read. */
  choices: ColumnChoices;
  /** The names of all columns, by which a file with the same ones is known. */
  names: string[];
  /** What would be taken but may not be meant, as sentences with counts. */
  warnings: string[];
  /** The first thousand of `problemCount` problems. */
  problems: RowProblem[];
  problemCount: number;
}

/**
 * Reads the items of a file, in any supported form, for a project's task; nothing is written. If the first row has
 * `content`, all rows are read as items in the form that the API takes.
 *
 * @param choices what people say that columns are; or a list of what they said of files before, of which the one with the
 * same columns counts.
 */
export async function checkItems(
  path: string,
  task: TaskDefinition,
  choices: ColumnChoices | readonly RememberedColumns[] = {},
): Promise<CheckedItems> {
  const problems = new ImportProblems();
  const rows: LocatedRow[] = [];
  try {
    for await (const row of rowsOf(path, problems)) rows.push(row);
    if (rows.length === 0 && problems.count === 0) problems.add(undefined, "", "the file holds no rows");
  } catch (error) {
    problems.addError(error);
  }
  if (rows.length > MAX_ITEMS_AT_ONCE)
    problems.add(
      undefined,
      "",
      `the file has ${rows.length} rows; at most ${MAX_ITEMS_AT_ONCE} can be added at once; split the file`,
    );
  const read =
    rows.length === 0 || rows.length > MAX_ITEMS_AT_ONCE
      ? { ...NOTHING, source: "items" as const, items: [], votes: 0, warnings: [] }
      : "content" in rows[0].value
        ? ownItems(rows, task, problems)
        : foreignItems(rows, task, choices, problems);
  return { ...read, problems: problems.kept, problemCount: problems.count };
}

type Read = Omit<CheckedItems, "problems" | "problemCount">;
const NOTHING = { columns: [], questions: [], choices: {}, names: [] };

function ownItems(rows: readonly LocatedRow[], task: TaskDefinition, problems: ImportProblems): Read {
  const items: NewItem[] = [];
  for (const { value: row, where } of rows) {
    const value = withGold(row, task, where, problems);
    const parsed = NewItem.safeParse(value);
    if (parsed.success) {
      const { content, gold } = parsed.data;
      const problem = itemProblem(content, gold, task);
      if (problem !== undefined) problems.add(where, "content", problem);
      items.push(parsed.data);
      continue;
    }
    for (const issue of parsed.error.issues) {
      const { field, problem } = explainIssue(issue, value);
      problems.add(where, field, problem);
    }
  }
  const warnings = importWarnings(
    items.map(({ content }) => ({ content })),
    problems.tallies,
  );
  return { ...NOTHING, source: "items", items, votes: 0, warnings };
}

/** A row whose gold answer, in any of the forms that a column may have, is the API's; without one that is wrong. */
function withGold(
  row: Record<string, unknown>,
  task: TaskDefinition,
  where: LocatedRow["where"],
  problems: ImportProblems,
): Record<string, unknown> {
  const content = ItemContent.safeParse(row.content);
  // The API's own form is checked with the rest of the row.
  const whole = typeof row.gold === "object" && row.gold !== null && "kind" in row.gold;
  if (!content.success || row.gold === undefined || whole) return row;
  const { gold: cell, ...rest } = row;
  const gold = goldAnswer(cell, task, content.data.responses);
  if (typeof gold !== "string") return { ...rest, ...(gold && { gold }) };
  problems.add(where, "gold", gold);
  return rest;
}

function foreignItems(
  rows: readonly LocatedRow[],
  task: TaskDefinition,
  said: ColumnChoices | readonly RememberedColumns[],
  problems: ImportProblems,
): Read {
  const names = columnNames(rows);
  const choices = isRemembered(said) ? rememberedFor(names, said) : said;
  const { items, votes, places, source, columns, questions, warnings } = assembleRows(
    rows,
    { choices, seed: 0 },
    problems,
    task,
  );
  for (const [i, { content, gold }] of items.entries()) {
    const problem = itemProblem(content, gold, task);
    if (problem !== undefined) problems.add(places[i], "", problem);
  }
  return {
    ...{ source, columns, questions, choices, names, warnings },
    items: items.map(({ content, gold }) => ({ content, ...(gold && { gold }) })),
    votes: votes.length,
  };
}
