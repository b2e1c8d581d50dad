/** How long-running work reports to its caller: a terminal, a job's log, a test. */

export interface Notices {
  info(message: string): void;
  /** A message that is shown even in quiet mode. */
  warn(message: string): void;
}

/** Figures shown next to a progress bar, such as reward and KL. */
export type LiveMetrics = Record<string, number | string>;

export interface ProgressOptions {
  label: string;
  /** Units in total, those done earlier included. */
  total: number;
  /** Units that an earlier run did, where this one resumes it; they do not count towards the rate. */
  start?: number;
  /** Plural name of the units: "steps". */
  unit?: string;
}

export interface ProgressBar {
  /** @param done units done so far, including those done earlier. */
  update(done: number, metrics?: LiveMetrics): void;
  /** Closes the bar; call it once. */
  end(): void;
}

export interface Host extends Notices {
  /** Aborted when the work should stop; the work then saves what it has and returns. */
  signal: AbortSignal;
  progress(options: ProgressOptions): ProgressBar;
}
