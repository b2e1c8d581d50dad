import { formatNumber } from "../base/format.js";
import { textWidth } from "./text-width.js";

export type Cell = string | number;

/** Aligned columns under a header, numbers to the right; widths are those of a terminal. */
export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const text = rows.map((row) => row.map((cell) => (typeof cell === "number" ? formatNumber(cell) : cell)));
  const numeric = header.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  const widths = header.map((name, i) =>
    Math.max(textWidth(name), ...text.map((row) => textWidth(row[i] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((width, i) => {
        const space = " ".repeat(width - textWidth(cells[i] ?? ""));
        return numeric[i] ? space + (cells[i] ?? "") : (cells[i] ?? "") + space;
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [line(header), rule, ...text.map(line)].join("\n");
}
