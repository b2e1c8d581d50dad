/** Two small charts as SVG, each with its data as a table for people who cannot read the chart. */
import { useDesk } from "../strings/index.js";
import { type Estimate, useFormat } from "./format.js";

const WIDTH = 640;
const HEIGHT = 220;
const LEFT = 44;
const BOTTOM = 28;
const TOP = 12;
const RIGHT = 12;

export interface Point {
  /** Name of the point below the chart and in the table. */
  label: string;
  value: Estimate | null;
  votes: number;
}

/** Estimates with their intervals, in order, on one scale. */
export function EstimateChart({ title, points }: { title: string; points: readonly Point[] }) {
  const format = useFormat();
  const { common } = useDesk();
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const least = Math.min(0, ...values.map(({ low }) => low));
  const from = Math.floor(least * 5) / 5;
  const y = (value: number) => TOP + ((1 - value) / (1 - from)) * (HEIGHT - TOP - BOTTOM);
  const x = (i: number) => LEFT + ((i + 0.5) * (WIDTH - LEFT - RIGHT)) / points.length;
  const ticks = Array.from({ length: Math.round((1 - from) / 0.2) + 1 }, (_, i) => from + 0.2 * i);
  const every = Math.ceil(points.length / 8);
  const line = points.flatMap(({ value }, i) => (value === null ? [] : [`${x(i)},${y(value.estimate)}`]));
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title}. ${common.tableBelow}`}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="chart-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text class="chart-text" x={LEFT - 8} y={y(tick) + 4} text-anchor="end">
              {format.one(tick)}
            </text>
          </g>
        ))}
        <polyline class="chart-line" points={line.join(" ")} />
        {points.map(({ label, value }, i) => (
          <g key={label}>
            {i % every === 0 && (
              <text class="chart-text" x={x(i)} y={HEIGHT - 8} text-anchor="middle">
                {label}
              </text>
            )}
            {value && (
              <>
                <line class="chart-range" x1={x(i)} x2={x(i)} y1={y(value.low)} y2={y(value.high)} />
                <circle class="chart-point" cx={x(i)} cy={y(value.estimate)} r="5" />
              </>
            )}
          </g>
        ))}
      </svg>
      <figcaption>
        <details>
          <summary>{common.asTable}</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">{common.when}</th>
                <th scope="col">{title}</th>
                <th scope="col" class="numeric">
                  {common.votes}
                </th>
              </tr>
            </thead>
            <tbody>
              {points.map(({ label, value, votes }) => (
                <tr key={label}>
                  <td>{label}</td>
                  <td>{value ? format.coefficient(value) : "–"}</td>
                  <td class="numeric">{format.count(votes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </figcaption>
    </figure>
  );
}

export interface Bar {
  label: string;
  value: number;
  /** A note in the table. */
  note: string;
}

/** Counts as bars. */
export function BarChart({
  title,
  bars,
  noteTitle,
}: {
  title: string;
  bars: readonly Bar[];
  noteTitle: string;
}) {
  const format = useFormat();
  const { common } = useDesk();
  const most = niceAbove(Math.max(1, ...bars.map(({ value }) => value)));
  const height = HEIGHT - 40;
  const y = (value: number) => TOP + (1 - value / most) * (height - TOP - BOTTOM);
  const step = (WIDTH - LEFT - RIGHT) / bars.length;
  const every = Math.ceil(bars.length / 8);
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`${title}. ${common.tableBelow}`}>
        {[0, most / 2, most].map((tick) => (
          <g key={tick}>
            <line class="chart-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text class="chart-text" x={LEFT - 8} y={y(tick) + 4} text-anchor="end">
              {format.one(tick)}
            </text>
          </g>
        ))}
        {bars.map(({ label, value }, i) => (
          <g key={label}>
            <rect
              class="chart-bar"
              x={LEFT + step * (i + 0.15)}
              y={y(value)}
              width={step * 0.7}
              height={y(0) - y(value)}
            />
            {i % every === 0 && (
              <text class="chart-text" x={LEFT + step * (i + 0.5)} y={height - 8} text-anchor="middle">
                {label}
              </text>
            )}
          </g>
        ))}
      </svg>
      <figcaption>
        <details>
          <summary>{common.asTable}</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">{common.when}</th>
                <th scope="col" class="numeric">
                  {title}
                </th>
                <th scope="col" class="numeric">
                  {noteTitle}
                </th>
              </tr>
            </thead>
            <tbody>
              {bars.map(({ label, value, note }) => (
                <tr key={label}>
                  <td>{label}</td>
                  <td class="numeric">{format.count(value)}</td>
                  <td class="numeric">{note}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </figcaption>
    </figure>
  );
}

/** The least of 1, 2, 5, 10, 20, ... that is at least `value`. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10);
}
