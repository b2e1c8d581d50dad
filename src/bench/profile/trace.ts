import type { ProfiledRun } from "../../runtime/profile.js";
import { phaseSpans } from "./phases.js";

/** The runs of one unit of work, under the name that the trace shows. */
export interface TracedWork {
  name: string;
  runs: readonly ProfiledRun[];
}

/** Strings that are joined into one piece. */
const PIECE = 2000;
const TRACKS = ["phases", "programs", "kernels"] as const;

/**
 * Runs as a Chrome trace, piece by piece: https://ui.perfetto.dev and chrome://tracing open it. Each work is a process
 * with three threads, phases, programs and kernels; events are sorted within each. Times are microseconds since the
 * first run of all.
 */
export function* chromeTrace(works: readonly TracedWork[]): Generator<string> {
  const zero = Math.min(...works.flatMap(({ runs }) => runs.slice(0, 1).map(({ start }) => start)));
  yield '{"displayTimeUnit":"ms","traceEvents":[';
  let piece: string[] = [];
  let before = "\n";
  for (const [i, work] of works.entries()) {
    for (const event of eventsOf(work, i + 1, zero)) {
      piece.push(before, JSON.stringify(event));
      before = ",\n";
      if (piece.length < PIECE) continue;
      yield piece.join("");
      piece = [];
    }
  }
  yield `${piece.join("")}\n]}\n`;
}

function* eventsOf({ name, runs }: TracedWork, pid: number, zero: number): Generator<object> {
  const microseconds = (milliseconds: number): number => Math.round(1e6 * milliseconds) / 1000;
  const span = (
    track: (typeof TRACKS)[number],
    what: string,
    start: number,
    duration: number,
    args = {},
  ) => ({
    name: what,
    cat: track,
    ph: "X",
    ts: microseconds(start - zero),
    dur: microseconds(duration),
    pid,
    tid: TRACKS.indexOf(track) + 1,
    args,
  });
  yield { name: "process_name", ph: "M", pid, args: { name } };
  for (const [i, track] of TRACKS.entries())
    yield { name: "thread_name", ph: "M", pid, tid: i + 1, args: { name: track } };
  for (const { phase, start, end } of phaseSpans(runs)) yield span("phases", phase, start, end - start);
  for (const { program, start, milliseconds } of runs) yield span("programs", program, start, milliseconds);
  for (const { kernels } of runs) {
    for (const { op, path, backward, start, milliseconds, work } of kernels) {
      const args = {
        at: path,
        pass: backward ? "backward" : "forward",
        ...(work.size && { size: work.size }),
      };
      yield span("kernels", op, start, milliseconds, args);
    }
  }
}
