/** The columns of a file's rows, with what they hold. */
import type { LocatedRow } from "../../../base/location.js";
import { type CellKind, cellValue, isEmpty, kindOf, turnsIn } from "./cells.js";

export interface Column {
  name: string;
  /** What most of its cells hold, by the first of them. */
  kind: CellKind;
  /** Whether most of its conversations end with the assistant's turn. */
  answered: boolean;
  /** Rows in which it holds something. */
  filled: number;
  /** Whether it is called as those are that name a row, and each row has a value of its own. */
  isId: boolean;
  example: string;
}

const ID =
  /^(?:_?id|uid|uuid|guid|(?:item|prompt|question|conversation|example|row|sample|record)[-_ ]?id)$/i;

/** Cells by which the kind of a column is told. */
const LOOKED_AT = 50;
const EXAMPLE_CHARACTERS = 160;

interface Seen {
  filled: number;
  kinds: CellKind[];
  answered: number;
  /** Of a column that may name the rows; undefined once two are the same. */
  values: Set<string> | undefined;
  example: string;
}

/** The columns of all rows, in the order of their first appearance. Those that are empty in all rows are among them. */
export function columnsOf(rows: readonly LocatedRow[]): Column[] {
  const seen = new Map<string, Seen>();
  for (const { value, untyped } of rows)
    for (const [name, cell] of Object.entries(value)) {
      let column = seen.get(name);
      if (column === undefined)
        seen.set(
          name,
          (column = {
            filled: 0,
            kinds: [],
            answered: 0,
            values: ID.test(name) ? new Set() : undefined,
            example: "",
          }),
        );
      if (isEmpty(cell)) continue;
      column.filled++;
      if (column.kinds.length < LOOKED_AT) {
        const held = cellValue(cell, untyped);
        const turns = turnsIn(held);
        column.kinds.push(kindOf(held));
        if (turns?.at(-1)?.role === "assistant") column.answered++;
        if (column.filled === 1)
          column.example = beginningOf(
            turns?.map(({ role, content = "" }) => `${role}: ${content}`).join(" \u00b7 ") ?? cell,
          );
      }
      const key = typeof cell === "string" || typeof cell === "number" ? String(cell) : undefined;
      if (key === undefined || column.values?.has(key)) column.values = undefined;
      else column.values?.add(key);
    }
  return [...seen].map(([name, { filled, kinds, answered, values, example }]) => ({
    ...{ name, filled, example, kind: commonest(kinds), answered: 2 * answered > kinds.length },
    isId: values?.size === rows.length,
  }));
}

function commonest(kinds: readonly CellKind[]): CellKind {
  const counts = new Map<CellKind, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "other";
}

/** The beginning of what a cell holds, in one line. */
function beginningOf(cell: unknown): string {
  const text = typeof cell === "string" ? cell : (JSON.stringify(cell) ?? "");
  const line = text
    .slice(0, 4 * EXAMPLE_CHARACTERS)
    .replace(/\s+/g, " ")
    .trim();
  return line.length > EXAMPLE_CHARACTERS ? `${line.slice(0, EXAMPLE_CHARACTERS - 1)}\u2026` : line;
}
