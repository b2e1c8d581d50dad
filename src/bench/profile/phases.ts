import type { ProfiledRun } from "../../runtime/profile.js";

/** Parts of the work, by the programs that do them: functions by their names. */
const PHASES: readonly [program: RegExp, phase: string][] = [
  [/^generate\/prefill$/, "prefill"],
  [/^generate\//, "decode"],
  [/^policyStep$/, "train policy"],
  [/^valueStep$/, "train value"],
  [/^optim\//, "optimiser"],
  [/^meanNegativeLogProb$/, "gradients"],
];

/** The phase that a run belongs to; whatever else a PPO iteration runs scores its samples. */
export const phaseOf = ({ program }: ProfiledRun): string =>
  PHASES.find(([pattern]) => pattern.test(program))?.[1] ?? "score";

/** Runs of one phase, one after another. */
export interface PhaseSpan {
  phase: string;
  start: number;
  end: number;
}

/** Runs in order, joined where they belong to one phase. */
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
