import type { ProfiledRun } from "../../runtime/profile.js";

/** Phases of the work by program; programs are named after their functions. */
const PHASES: readonly [program: RegExp, phase: string][] = [
  [/^generate\/prefill$/, "prefill"],
  [/^generate\//, "decode"],
  [/^policyStep$/, "train policy"],
  [/^valueStep$/, "train value"],
  [/^optim\//, "optimiser"],
  [/^meanNegativeLogProb$/, "gradients"],
];

/** The phase that a run belongs to. Every other program that a PPO iteration runs scores its samples. */
export const phaseOf = ({ program }: ProfiledRun): string =>
  PHASES.find(([pattern]) => pattern.test(program))?.[1] ?? "score";

/** A sequence of consecutive runs of one phase. */
interface PhaseSpan {
  phase: string;
  start: number;
  end: number;
}

/** Joins consecutive runs of one phase; the runs must be in order. */
export function phaseSpans(runs: readonly ProfiledRun[]): PhaseSpan[] {
  const spans: PhaseSpan[] = [];
  for (const run of runs) {
    const phase = phaseOf(run);
    const end = run.start + run.milliseconds;
    const last = spans.at(-1);
    if (last?.phase === phase) last.end = end;
    else spans.push({ phase, start: run.start, end });
  }
  return spans;
}
