/** How long-running work reports to its caller: a terminal, a job's log, a test. */

export interface Notices {
  info(message: string): void;
  /** A message that is shown even in quiet mode. */
  warn(message: string): void;
}

/** Figures shown next to a progress bar, such as reward and KL. */
export type LiveMetrics = Record<string, number | string>;

/** What a bar of progress counts. */
export interface ProgressOptions {
  label: string;
  /** Units in total, those done earlier included. */
  total: number;
  /** Units that an earlier run did, where this one resumes it; they do not count towards the rate. */
  start?: number;
  /** Plural name of the units: "steps". */
  unit?: string;
}

/** A bar of progress that a host shows. */
export interface ProgressBar {
  /** @param done units done so far, including those done earlier. */
  update(done: number, metrics?: LiveMetrics): void;
  /** Closes the bar; call it once. */
  end(): void;
}

/** Where long work runs: it is told of progress and notices, and says when to stop. */
export interface Host extends Notices {
  /** Aborted when the work should stop; the work then saves what it has and returns. */
  signal: AbortSignal;
  progress(options: ProgressOptions): ProgressBar;
}
