import type { LocatedRow } from "../base/location.js";
import { formatTable } from "./table.js";
import { printable, truncateText } from "./text-width.js";

/** The length of each field of a row in characters; a value that is not text counts as its JSON. */
export function lengths(value: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, textOf(inner).length]));
}

/** The fields of rows, how long each is and how it begins. */
export function fieldTable(rows: readonly LocatedRow[]): string {
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

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
