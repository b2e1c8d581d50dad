import { formatNumber } from "../base/format.js";
import { textWidth } from "./text-width.js";

/** A named curve of (x, y) points with x ascending. */
export interface Curve {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

const MARKS = ["●", "+", "×", "○", "◆", "*"];

/**
 * Curves drawn with characters: one mark for each, y labels at the left, the range of x below, a legend.
 * Points that are not finite are left out.
 */
export function plotLines(curves: readonly Curve[], { width = 60, height = 12 } = {}): string {
  const finite = curves.map((curve) => ({
    ...curve,
    points: curve.points.filter((point) => point.every(Number.isFinite)),
  }));
  const all = finite.flatMap((curve) => curve.points);
  if (all.length === 0) return "(nothing to plot)";
  const [left, right] = extent(all.map(([x]) => x));
  const [bottom, top] = extent(all.map(([, y]) => y));
  const grid = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
  for (const [i, { points }] of finite.entries()) {
    for (let column = 0; column < width; column++) {
      const y = interpolate(points, left + ((right - left) * column) / (width - 1));
      if (y !== undefined)
        grid[Math.round(((top - y) / (top - bottom)) * (height - 1))][column] = MARKS[i % MARKS.length];
    }
  }
  const labels = grid.map((_, row) =>
    row === 0 || row === height - 1 || row === Math.floor(height / 2)
      ? formatNumber(top - ((top - bottom) * row) / (height - 1))
      : "",
  );
  const margin = Math.max(...labels.map(textWidth));
  const body = grid.map((cells, row) => `${labels[row].padStart(margin)} ┤${cells.join("").trimEnd()}`);
  const [first, last] = [formatNumber(left), formatNumber(right)];
  const axis = `${" ".repeat(margin)} └${"─".repeat(width)}`;
  const range = `${" ".repeat(margin + 2)}${first}${last.padStart(width - first.length)}`;
  const legend = curves.map(({ name }, i) => `${MARKS[i % MARKS.length]} ${name}`).join("   ");
  return [...body, axis, range, `${" ".repeat(margin + 2)}${legend}`].join("\n");
}

function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** The curve's y at x, linear between neighbouring points; undefined outside the curve. */
function interpolate(points: Curve["points"], x: number): number | undefined {
  const tolerance = 1e-9 * Math.max(1, Math.abs(x));
  const after = points.findIndex(([px]) => px >= x - tolerance);
  if (after === -1) return undefined;
  const [x1, y1] = points[after];
  if (Math.abs(x1 - x) <= tolerance) return y1;
  if (after === 0) return undefined;
  const [x0, y0] = points[after - 1];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
