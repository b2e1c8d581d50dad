/** Line charts as SVG, for docs and reports: axes, interval bands, legend. The same data give the same bytes. */

export interface SvgSeries {
  name: string;
  /** x ascending. A point that is not finite breaks the line. */
  points: readonly (readonly [x: number, y: number])[];
  /** The interval around each point, drawn as a band. */
  band?: readonly (readonly [low: number, high: number])[];
  dashed?: boolean;
}

export interface SvgPlotOptions {
  title: string;
  subtitle?: string;
  xLabel: string;
  yLabel: string;
  width?: number;
  height?: number;
}

/** Okabe and Ito's palette, which colour-blind readers can distinguish. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5c5c5c"];
const INK = "#24292f";
const SOFT = "#6b7280";
const GRID = "#e5e7eb";
const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
/** Estimated average width of a character in units of the font size, used to lay out the legend. */
const CHARACTER = 0.56;

interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x(value: number): number;
  y(value: number): number;
}

/** A line chart. @throws RangeError if no point is finite. */
export function svgLinePlot(series: readonly SvgSeries[], options: SvgPlotOptions): string {
  const { width = 760, height = 440 } = options;
  const xs = series.flatMap(({ points }) => points.map(([x]) => x)).filter(Number.isFinite);
  const ys = series.flatMap(({ points, band }) => [...points.map(([, y]) => y), ...(band ?? []).flat()]);
  if (xs.length === 0 || !ys.some(Number.isFinite))
    throw new RangeError("nothing to plot: no point is finite");
  const xTicks = ticks(extent(xs), Math.floor(width / 110), xs.every(Number.isInteger) ? 1 : 0);
  const yTicks = ticks(extent(ys.filter(Number.isFinite)), Math.floor(height / 65));
  const legend = legendRows(series, width - 90);
  const top = 58 + (options.subtitle ? 18 : 0) + legend.length * 20;
  const yLabels = yTicks.map((tick) => tickLabel(tick, yTicks));
  const left = 38 + Math.max(...yLabels.map((label) => label.length)) * 12 * CHARACTER;
  const frame = makeFrame({ left, right: width - 24, top, bottom: height - 54 }, extent(xs), [
    yTicks[0],
    yTicks[yTicks.length - 1],
  ]);
  const titleLeft = 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${FONT}" role="img">`,
    `<title>${escapeXml(options.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(titleLeft, 30, options.title, { size: 17, weight: 600 }),
    ...(options.subtitle ? [text(titleLeft, 50, options.subtitle, { size: 13, fill: SOFT })] : []),
    ...drawLegend(legend, titleLeft, 52 + (options.subtitle ? 18 : 0)),
    ...drawAxes(frame, xTicks, yTicks, yLabels),
    text((frame.left + frame.right) / 2, height - 14, options.xLabel, {
      size: 13,
      fill: SOFT,
      anchor: "middle",
    }),
    text(0, 0, options.yLabel, {
      size: 13,
      fill: SOFT,
      anchor: "middle",
      transform: `translate(22 ${round((frame.top + frame.bottom) / 2)}) rotate(-90)`,
    }),
    ...series.map((one, i) => drawBand(one, COLORS[i % COLORS.length], frame)),
    ...series.map((one, i) => drawLine(one, COLORS[i % COLORS.length], frame)),
    "</svg>",
    "",
  ]
    .filter((part, i, all) => part !== "" || i === all.length - 1)
    .join("\n");
}

function makeFrame(
  box: { left: number; right: number; top: number; bottom: number },
  [x0, x1]: readonly [number, number],
  [y0, y1]: readonly [number, number],
): Frame {
  return {
    ...box,
    x: (value) => box.left + ((value - x0) / (x1 - x0)) * (box.right - box.left),
    y: (value) => box.bottom - ((value - y0) / (y1 - y0)) * (box.bottom - box.top),
  };
}

function drawAxes(frame: Frame, xTicks: number[], yTicks: number[], yLabels: string[]): string[] {
  const inside = xTicks.filter(
    (tick) => frame.x(tick) >= frame.left - 0.5 && frame.x(tick) <= frame.right + 0.5,
  );
  const horizontal = yTicks.flatMap((tick, i) => {
    const y = round(frame.y(tick));
    const strong = tick === 0 && i > 0;
    return [
      `<path d="M${round(frame.left)} ${y}H${round(frame.right)}" stroke="${strong ? "#9ca3af" : GRID}"/>`,
      text(frame.left - 8, y + 4, yLabels[i], { size: 12, fill: SOFT, anchor: "end" }),
    ];
  });
  const vertical = inside.flatMap((tick) => {
    const x = round(frame.x(tick));
    return [
      `<path d="M${x} ${round(frame.bottom)}v5" stroke="#9ca3af"/>`,
      text(x, frame.bottom + 20, tickLabel(tick, xTicks), { size: 12, fill: SOFT, anchor: "middle" }),
    ];
  });
  const base = `<path d="M${round(frame.left)} ${round(frame.bottom)}H${round(frame.right)}" stroke="#9ca3af"/>`;
  return [...horizontal, base, ...vertical];
}

function drawBand({ points, band }: SvgSeries, color: string, frame: Frame): string {
  if (band === undefined) return "";
  const rows = points.flatMap(([x], i) =>
    band[i]?.every(Number.isFinite) ? [{ x, low: band[i][0], high: band[i][1] }] : [],
  );
  if (rows.length < 2) return "";
  const upper = rows.map(({ x, high }) => `${round(frame.x(x))} ${round(frame.y(high))}`);
  const lower = rows.map(({ x, low }) => `${round(frame.x(x))} ${round(frame.y(low))}`).reverse();
  return `<path d="M${[...upper, ...lower].join("L")}Z" fill="${color}" fill-opacity="0.15"/>`;
}

function drawLine({ points, dashed }: SvgSeries, color: string, frame: Frame): string {
  let path = "";
  let broken = true;
  for (const [x, y] of points) {
    const finite = Number.isFinite(x) && Number.isFinite(y);
    if (finite) path += `${broken ? "M" : "L"}${round(frame.x(x))} ${round(frame.y(y))}`;
    broken = !finite;
  }
  const dash = dashed ? ' stroke-dasharray="6 4"' : "";
  const line = `<path d="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"${dash}/>`;
  if (points.length > 15 || dashed) return line;
  const dots = points.filter((point) => point.every(Number.isFinite));
  return [
    line,
    ...dots.map(
      ([x, y]) => `<circle cx="${round(frame.x(x))}" cy="${round(frame.y(y))}" r="3" fill="${color}"/>`,
    ),
  ].join("\n");
}

interface LegendItem {
  name: string;
  color: string;
  dashed: boolean;
  x: number;
}

/** Names of the series from left to right, in as many rows as they need. A series with an empty name is left out. */
function legendRows(series: readonly SvgSeries[], width: number): LegendItem[][] {
  const rows: LegendItem[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const [i, { name, dashed = false }] of series.entries()) {
    if (name === "") continue;
    const itemWidth = 32 + name.length * 13 * CHARACTER + 18;
    if (x + itemWidth > width) {
      rows.push([]);
      x = 0;
    }
    rows[rows.length - 1].push({ name, color: COLORS[i % COLORS.length], dashed, x });
    x += itemWidth;
  }
  return rows;
}

function drawLegend(rows: LegendItem[][], left: number, top: number): string[] {
  return rows.flatMap((row, r) =>
    row.flatMap(({ name, color, dashed, x }) => {
      const y = top + r * 20;
      const dash = dashed ? ' stroke-dasharray="6 4"' : "";
      return [
        `<path d="M${round(left + x)} ${y}h24" stroke="${color}" stroke-width="3"${dash}/>`,
        text(left + x + 32, y + 4.5, name, { size: 13 }),
      ];
    }),
  );
}

interface TextStyle {
  size: number;
  fill?: string;
  weight?: number;
  anchor?: "start" | "middle" | "end";
  transform?: string;
}

function text(
  x: number,
  y: number,
  content: string,
  { size, fill = INK, weight, anchor, transform }: TextStyle,
): string {
  const attributes = [
    transform ? `transform="${transform}"` : `x="${round(x)}" y="${round(y)}"`,
    `font-size="${size}"`,
    `fill="${fill}"`,
    weight && `font-weight="${weight}"`,
    anchor && `text-anchor="${anchor}"`,
  ];
  return `<text ${attributes.filter(Boolean).join(" ")}>${escapeXml(content)}</text>`;
}

function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  if (low !== high) return [low, high];
  const margin = low === 0 ? 1 : Math.abs(low) / 10;
  return [low - margin, high + margin];
}

/**
 * Round numbers (1, 2 or 5 times a power of ten apart, and at least `leastStep`) that span from at or below the least
 * value to at or above the greatest.
 */
function ticks([low, high]: readonly [number, number], wanted: number, leastStep = 0): number[] {
  const rough = Math.max(leastStep, (high - low) / Math.max(2, wanted));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A tick's label, with as many decimals as the distance between ticks requires. */
function tickLabel(tick: number, all: readonly number[]): string {
  const step = Math.abs(all[1] - all[0]);
  const largest = Math.max(...all.map(Math.abs));
  if (largest >= 1e6 || step < 1e-5)
    return tick === 0 ? "0" : tick.toExponential(Math.max(0, exponent(tick) - exponent(step)));
  const label = tick.toFixed(Math.max(0, -exponent(step)));
  return largest >= 1e4 ? label.replace(/\B(?=(\d{3})+$)/g, "\u2009") : label.replace("-", "\u2212");
}

function exponent(value: number): number {
  return Math.floor(Math.log10(Math.abs(value)) + 1e-9);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(value: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return value.replace(/\p{Cc}/gu, " ").replace(/[&<>"]/g, (character) => names[character]);
}
