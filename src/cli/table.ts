import type { Interval } from "../statistics/estimates.js";
import { textWidth } from "./text-width.js";

export type Cell = string | number;

/** A number as people read it: at most 4 significant digits after the point matters, thousands ungrouped. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3);
}

/** An estimate with its 95% interval, or why it has none, and what the interval rests on. */
export function formatInterval({ estimate, low, high, caution }: Interval): string {
  const ends = isBounded({ low, high }) ? [`95% interval ${formatNumber(low)} to ${formatNumber(high)}`] : [];
  return `${formatNumber(estimate)} (${[...ends, ...(caution === undefined ? [] : [caution])].join("; ")})`;
}

/** Whether an interval has ends: without enough values it has none. */
export const isBounded = ({ low, high }: { low: number; high: number }): boolean =>
  Number.isFinite(low) && Number.isFinite(high);

/** 134.5M, 12.3K, 960: how many parameters or tokens there are. */
export function formatCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)}B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)}M`;
  return count >= 1e4 ? `${(count / 1e3).toFixed(1)}K` : String(count);
}

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
