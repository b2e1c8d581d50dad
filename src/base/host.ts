/** What long work says to whoever started it: a terminal, a job's log, a test. */

export interface Notices {
  info(message: string): void;
  /** What a person should know even where all else is quiet. */
  warn(message: string): void;
}

/** Figures shown beside a progress bar, such as reward and KL. */
export type LiveMetrics = Record<string, number | string>;

export interface ProgressOptions {
  label: string;
  /** How many units there are in all. */
  total: number;
  /** Units that were done earlier, by a run that is resumed; they do not count for the rate. */
  start?: number;
  /** What is counted, in the plural: "steps". */
  unit?: string;
}

export interface ProgressBar {
  /** @param done units done so far, of the total. */
  update(done: number, metrics?: LiveMetrics): void;
  /** The work is done; call it once. */
  end(): void;
}

export interface Host extends Notices {
  /** Aborted when the work is to stop: it saves what it has and returns. */
  signal: AbortSignal;
  progress(options: ProgressOptions): ProgressBar;
}
