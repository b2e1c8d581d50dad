import { formatNumber } from "../base/format.js";
import type { LiveMetrics, ProgressBar, ProgressOptions } from "../base/host.js";
import { textWidth, truncateText } from "./text-width.js";

/** Least milliseconds between two drawings of a bar, and between two plain lines. */
const REDRAW_MS = 100;
const PLAIN_MS = 5000;
/** Seconds before a rate and the time left are shown: cached or prepared units would make the first rate absurd. */
const FIRST_PACE = 0.5;
/** Columns of the bar, which shrinks to leave room for the figures next to it. */
const BAR_COLUMNS = { least: 8, most: 24 };

/** Where progress is drawn, and by what clock. */
export interface ProgressSink {
  isTTY: boolean;
  columns: () => number;
  /** Replaces the bar's line with this text; an empty text removes it. */
  redraw(text: string): void;
  line(text: string): void;
  now(): number;
}

/** A bar with rate, time left and live figures on a terminal; a line every few seconds elsewhere. */
export class Progress implements ProgressBar {
  private readonly startedAt: number;
  private readonly start: number;
  private drawnAt = Number.NEGATIVE_INFINITY;
  private done: number;
  private metrics: LiveMetrics = {};

  constructor(
    private readonly options: ProgressOptions,
    private readonly sink: ProgressSink,
  ) {
    this.startedAt = sink.now();
    this.start = options.start ?? 0;
    this.done = this.start;
  }

  /** @param done units done so far, of the total. */
  update(done: number, metrics: LiveMetrics = {}): void {
    this.done = done;
    this.metrics = metrics;
    const pause = this.sink.isTTY ? REDRAW_MS : PLAIN_MS;
    if (this.sink.now() - this.drawnAt < pause) return;
    this.drawnAt = this.sink.now();
    this.draw();
  }

  /** Draws the bar again after something else was written over it. */
  draw(): void {
    if (this.sink.isTTY) this.sink.redraw(this.bar());
    else this.sink.line(this.plain());
  }

  /** Leaves a last line with the time it took. */
  end(): void {
    if (this.sink.isTTY) this.sink.redraw("");
    const seconds = (this.sink.now() - this.startedAt) / 1000;
    const figures = formatMetrics(this.metrics);
    this.sink.line(
      `${this.options.label}: ${this.count()} in ${formatDuration(seconds)}${figures && `, ${figures}`}`,
    );
  }

  private bar(): string {
    const columns = Math.max(10, this.sink.columns() - 1);
    const share = Math.min(1, this.done / Math.max(1, this.options.total));
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    const figures = [percent, this.count(), ...this.pace(), formatMetrics(this.metrics)]
      .filter(Boolean)
      .join("  ");
    const free = columns - textWidth(this.options.label) - 1 - textWidth(figures);
    const width = Math.min(BAR_COLUMNS.most, Math.max(BAR_COLUMNS.least, free));
    const filled = Math.round(share * width);
    return truncateText(
      `${this.options.label} ${"━".repeat(filled)}${"╌".repeat(width - filled)}${figures}`,
      columns,
    );
  }

  private plain(): string {
    const parts = [`${this.options.label}: ${this.count()}`, ...this.pace(), formatMetrics(this.metrics)];
    return parts.filter(Boolean).join(", ");
  }

  private count(): string {
    return `${this.done}/${this.options.total}${this.options.unit ? ` ${this.options.unit}` : ""}`;
  }

  /** Rate and time left, once something has been done. */
  private pace(): string[] {
    const seconds = (this.sink.now() - this.startedAt) / 1000;
    const fresh = this.done - this.start;
    if (fresh <= 0 || seconds < FIRST_PACE) return [];
    const rate = fresh / seconds;
    const left = Math.max(0, this.options.total - this.done) / rate;
    const shownRate =
      rate >= 1 ? `${formatNumber(Number(rate.toPrecision(3)))}/s` : `${formatNumber(1 / rate)} s each`;
    return [shownRate, `ETA ${formatDuration(left)}`];
  }
}

/** `0:07`, `12:30`, `1:02:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function formatMetrics(metrics: LiveMetrics): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${typeof value === "number" ? formatNumber(value) : value}`)
    .join("  ");
}
