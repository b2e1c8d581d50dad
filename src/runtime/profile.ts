import type { Runtime } from "./runtime.js";

/** One kernel of a run: what the runtime calls once. Milliseconds; `start` on the clock of `performance.now()`. */
export interface KernelTime {
  /** The runtime's operation, such as "MatMul". */
  op: string;
  /** Where in the network it belongs, as `Scope`: "layers.3/mlp/gate_proj"; "" where that is unknown. */
  path: string;
  /** Whether it is part of the backward pass. */
  backward: boolean;
  start: number;
  milliseconds: number;
  work: KernelWork;
}

/** What a kernel had to do. */
export interface KernelWork {
  /** Of a matrix product, 2 for each multiply-add; else 0. */
  flops: number;
  /** Read and written, each value once; 0 where the shapes do not say. */
  bytes: number;
  /** Of a matrix product: "1024x576x1536", rows x inner x columns, times how many there are; else "". */
  size: string;
}

/** One run of a program and its kernels, in the order in which they ran. */
export interface ProfiledRun {
  program: string;
  start: number;
  milliseconds: number;
  kernels: KernelTime[];
}

export interface RuntimeStatistics {
  /** Milliseconds inside compiled programs, summed over runs. */
  runMilliseconds: number;
  compileMilliseconds: number;
  runs: number;
  compiled: number;
}

/** A runtime of this machine's processors that counts its time: what measures and checks machines asks for, and nothing else. */
export interface TimedRuntime extends Runtime {
  readonly threads: number;
  readonly statistics: RuntimeStatistics;
}

/** A runtime that records its kernels. */
export interface ProfilingRuntime extends TimedRuntime {
  /**
   * The runs that began at `since` (of `performance.now()`) or later, in order; those recorded so far are forgotten. No
   * run may be under way, and compiled programs are compiled again at their next run.
   */
  takeProfile(since?: number): Promise<ProfiledRun[]>;
}
