import type { DType, Program } from "../tensor/index.js";

/** Arrays that hold tensor data on the host, one kind per DType ("bool" and "u8" share one). */
export type HostArray = Float32Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;

/**
 * Elements to copy: `count` stretches of `length` elements, `stride` apart; the first from element `from` to element
 * `to`.
 */
export interface Stretches {
  readonly from: number;
  readonly to: number;
  readonly length: number;
  readonly stride: number;
  readonly count: number;
}

/**
 * A block of memory that persists across runs: parameters, optimiser state, a KV cache. It may be on a device or on
 * another machine. Programs update it in place; the host accesses its contents only through `read`, `write` and
 * `copyFrom`, and awaits each before it uses the buffer otherwise. Using it after `release` is an error that names it.
 */
export interface DeviceBuffer {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /**
   * The current contents: a copy or a view, as the runtime chooses. The array must not be written to, and is valid
   * until the buffer changes; copy what is needed longer.
   */
  read(): Promise<HostArray>;
  /** Replaces all contents. The caller may use the array again afterwards. */
  write(data: HostArray): Promise<void>;
  /**
   * Copies elements of a buffer of the same type, which may be this one, without transferring them to the host.
   * @param stretches default: all elements, of which both buffers then have equally many. They must not overlap.
   */
  copyFrom(source: DeviceBuffer, stretches?: Stretches): Promise<void>;
  /** Elements from `offset` on in another shape: shares memory, and is released with its parent. */
  view(shape: readonly number[], offset?: number): DeviceBuffer;
  release(): void;
}

/** An input of a run: a buffer, or host data for this run only (its shape follows from the program). */
export type Feed = DeviceBuffer | HostArray;

/** A compiled program. */
export interface Executable {
  readonly program: Program;
  /**
   * Runs the program without blocking the event loop.
   *
   * @param feeds every input that is not frozen. An input that an output updates in place must be a DeviceBuffer.
   * @param outputs buffers to write outputs into; other outputs get a new array in each run.
   * @returns the outputs that have no buffer, by name.
   */
  run(
    feeds: Readonly<Record<string, Feed>>,
    outputs?: Readonly<Record<string, DeviceBuffer>>,
  ): Promise<Record<string, HostArray>>;
  release(): void;
}

/**
 * An update of long vectors of one length, such as an optimiser's step: sums over the vectors are measured, then each
 * element changes.
 */
export interface StepProgram {
  /** Takes vectors [n]. Each output is a scalar, a sum over all elements. */
  readonly measure: Program;
  /**
   * Takes vectors [n] and scalars []. Each output updates a vector in place, and each element depends only on elements
   * of its own index.
   */
  readonly update: Program;
}

/** Scalars by name, f32. */
export type StepScalars = Readonly<Record<string, number>>;

/** A step bound to its vectors. */
export interface CompiledStep {
  /**
   * Measures, then updates: one call, however a runtime splits the vectors.
   * @param scalarsOf returns the scalars of each part from the measured sums. If it throws, nothing has changed.
   */
  run(scalarsOf: (measured: StepScalars) => readonly StepScalars[]): Promise<void>;
}

/** Frozen weights by name; programs that share a set share its memory and its packed form. */
export type FrozenWeights = ReadonlyMap<string, DeviceBuffer>;

/** Executes tensor programs. The layers above see no pointers and no file formats. */
export interface Runtime {
  readonly name: string;
  /**
   * A new buffer with copies of the given parts, one after another: host data, or the current contents of buffers.
   * Without parts: zeros.
   */
  buffer(dtype: DType, shape: readonly number[], ...parts: readonly Feed[]): DeviceBuffer;
  /**
   * A buffer that takes over the caller's array, in place if possible: for weights, which are large. The array must own
   * its memory, and must not be used otherwise from then on.
   */
  adopt(dtype: DType, shape: readonly number[], data: HostArray, label?: string): DeviceBuffer;
  /**
   * Compiles a program, or returns the compiled one: programs are cached by their identity and that of the frozen
   * weights.
   */
  compile(program: Program, frozen?: FrozenWeights): Executable;
  /**
   * Binds a step to its vectors, f32 [n]. Measured sums may be rounded to f32 over stretches of the vectors within a
   * part; the stretches are added in double precision.
   *
   * @param parts lengths of consecutive parts of the vectors, each with its own scalars; they add up to n.
   */
  compileStep(
    step: StepProgram,
    vectors: Readonly<Record<string, DeviceBuffer>>,
    parts: readonly number[],
  ): CompiledStep;
}
