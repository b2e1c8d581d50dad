import { type Spread, spread } from "../../src/bench/machine.js";
import type { Bar } from "./bars.js";
import type { Measurement, WorkKind } from "./protocol.js";

/** The measurements of one peer, one per round. */
export interface PeerSeries {
  id: string;
  label: string;
  measurements: Measurement[];
}

/** A unit of work and the series of all peers that did it, in turn. */
export interface WorkSeries {
  work: WorkKind;
  /** Of decoding. */
  batch?: number;
  /** Tokens per row that the cache has room for; absent: as many as are needed. */
  capacity?: number;
  /** Tokens per unit of work: of a training step, or sampled in an iteration. */
  tokens: number;
  peers: PeerSeries[];
}

export interface Figures {
  label: string;
  milliseconds: Spread;
  tokensPerSecond: number;
  /** Speed as a multiple of the first peer's: the spread over rounds of the ratio within each round. */
  ratio: Spread;
  /** Medians, in milliseconds. */
  phases?: Record<string, number>;
}

/** Medians and spread of every peer, and ratios to the first. */
export function figures({ peers, tokens }: WorkSeries): Figures[] {
  const times = peers.map(({ measurements }) => measurements.map((m) => m.milliseconds));
  return peers.map(({ label, measurements }, i) => {
    const milliseconds = spread(times[i]);
    const names = Object.keys(measurements[0].phases ?? {});
    const phases = Object.fromEntries(
      names.map((name) => [name, spread(measurements.map((m) => m.phases?.[name] ?? 0)).median]),
    );
    return {
      label,
      milliseconds,
      tokensPerSecond: (1000 * tokens) / milliseconds.median,
      ratio: spread(times[i].map((time, round) => times[0][round] / time)),
      ...(names.length > 0 && { phases }),
    };
  });
}

export const titleOf = ({
  work,
  batch,
  capacity,
}: Pick<WorkSeries, "work" | "batch" | "capacity">): string => {
  const room = capacity === undefined ? "" : `, room for ${capacity}`;
  return { lora: "LoRA step", decode: `decoding, batch ${batch}${room}`, ppo: "PPO iteration" }[work];
};

/** All works as one table in Markdown. */
export function markdown(works: readonly WorkSeries[]): string {
  const rows = works.flatMap((work) =>
    figures(work).map(({ label, milliseconds, tokensPerSecond, ratio, phases }) => [
      titleOf(work),
      label,
      range(milliseconds, work.work === "ppo" ? 1000 : 1),
      work.work === "ppo" ? "s" : "ms",
      tokensPerSecond.toFixed(tokensPerSecond < 10 ? 1 : 0),
      range(ratio),
      Object.entries(phases ?? {})
        .map(([name, time]) => `${name} ${significant(time / 1000)} s`)
        .join(", "),
    ]),
  );
  return table(["work", "by", "time (min-max)", "unit", "tokens/s", "speed, first = 1", "phases"], rows);
}

/** Bars as a table in Markdown. */
export const barsTable = (all: readonly Bar[]): string =>
  table(
    ["what", "measured (min-max)", "bar", ""],
    all.map(({ what, ratio, atLeast, atMost, met }) => [
      what,
      range(ratio),
      atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`,
      met ? "met" : "missed",
    ]),
  );

/** Rows of cells as a Markdown table that also reads well as text. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

const range = ({ median, min, max }: Spread, unit = 1): string =>
  `${significant(median / unit)} (${significant(min / unit)}-${significant(max / unit)})`;

/** Three significant digits: repeated measurements support no more. */
export const significant = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value.toPrecision(3);
