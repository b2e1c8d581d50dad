import type { Runtime } from "./runtime.js";

/** One kernel of a run: one call by the runtime. `start` is by the clock of `performance.now()`. */
export interface KernelTime {
  /** The runtime's operation, such as "MatMul". */
  op: string;
  /** The path of its `Scope`: "layers.3/mlp/gate_proj"; "" if unknown. */
  path: string;
  /** Whether it is part of the backward pass. */
  backward: boolean;
  start: number;
  milliseconds: number;
  work: KernelWork;
}

/** The work of a kernel. */
export interface KernelWork {
  /** For a matrix product, 2 for each multiply-add; otherwise 0. */
  flops: number;
  /** Bytes read and written, with each value counted once; 0 if the shapes do not show them. */
  bytes: number;
  /**
   * For a matrix product, "1024x576x1536": rows x inner x columns, preceded by the number of products if there are
   * several; otherwise "".
   */
  size: string;
}

/** One run of a program, with its kernels in the order in which they ran. */
export interface ProfiledRun {
  program: string;
  start: number;
  milliseconds: number;
  kernels: KernelTime[];
}

/** What a runtime did since it was made. */
export interface RuntimeStatistics {
  /** Milliseconds inside compiled programs, summed over runs. */
  runMilliseconds: number;
  compileMilliseconds: number;
  runs: number;
  compiled: number;
}

/** A runtime on this machine's processors that records its times: the interface for code that measures machines. */
export interface TimedRuntime extends Runtime {
  readonly threads: number;
  readonly statistics: RuntimeStatistics;
}

/** A runtime that records its kernels. */
export interface ProfilingRuntime extends TimedRuntime {
  /**
   * The runs that started at `since` (by `performance.now()`) or later, in order; all runs recorded so far are then
   * dropped. No run may be in progress, and compiled programs are compiled again at their next run.
   */
  takeProfile(since?: number): Promise<ProfiledRun[]>;
}
