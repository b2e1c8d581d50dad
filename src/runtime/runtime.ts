import type { DType, Program } from "../tensor/index.js";

/** Arrays that hold tensor data on the host, one kind per DType ("bool" and "u8" share one). */
export type HostArray = Float32Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;

/** Elements that are copied: `count` stretches of `length`, `stride` apart, the first from place `from` on to place `to` on. */
export interface Stretches {
  readonly from: number;
  readonly to: number;
  readonly length: number;
  readonly stride: number;
  readonly count: number;
}

/**
 * A block of memory that lives across runs: parameters, optimiser state, a KV cache. It may lie on a device or on another machine.
 * Programs update it in place; the host reaches its contents by `read`, `write` and `copyFrom` alone, and awaits each before it uses the
 * buffer otherwise. Using it after `release` is an error that names it.
 */
export interface DeviceBuffer {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /**
   * The contents as they are now: a copy or a view, as the runtime likes. Nobody writes to the array, and it is valid until the buffer
   * changes; copy what is to last longer.
   */
  read(): Promise<HostArray>;
  /** Replaces all contents. The array is the caller's again afterwards. */
  write(data: HostArray): Promise<void>;
  /**
   * Copies elements of a buffer of the same type, which may be this one, without bringing them to the host.
   * @param stretches default: all elements, of which both have as many. They must not overlap.
   */
  copyFrom(source: DeviceBuffer, stretches?: Stretches): Promise<void>;
  /** Elements from `offset` on under another shape: no copy, and released with its parent. */
  view(shape: readonly number[], offset?: number): DeviceBuffer;
  release(): void;
}

/** What a run is given for an input: a buffer, or host data for this run only (its shape follows from the program). */
export type Feed = DeviceBuffer | HostArray;

/** A compiled program. */
export interface Executable {
  readonly program: Program;
  /**
   * Runs the program off the event loop's thread.
   *
   * @param feeds every input that is not frozen. An input that an output updates in place must be a DeviceBuffer.
   * @param outputs buffers for outputs that are to be written into; others get a fresh array each run.
   * @returns the outputs that have no buffer, by name.
   */
  run(
    feeds: Readonly<Record<string, Feed>>,
    outputs?: Readonly<Record<string, DeviceBuffer>>,
  ): Promise<Record<string, HostArray>>;
  release(): void;
}

/** A change of long vectors of one length, such as an optimiser's step: something is measured of them, then each element changes. */
export interface StepProgram {
  /** Takes vectors [n]. Each output is a scalar, the sum of something over all elements. */
  readonly measure: Program;
  /** Takes vectors [n] and scalars []. Each output updates a vector in place, and every element depends on its own place alone. */
  readonly update: Program;
}

/** Scalars of an update by name, f32. */
export type StepScalars = Readonly<Record<string, number>>;

/** A step that is bound to its vectors. */
export interface CompiledStep {
  /**
   * Measures, then updates: one call, however a runtime goes through the vectors.
   * @param scalarsOf says, from what was measured, the scalars of each part. If it throws, nothing has changed.
   */
  run(scalarsOf: (measured: StepScalars) => readonly StepScalars[]): Promise<void>;
}

/** Frozen weights by name; programs that share a set share its memory and its packed form. */
export type FrozenWeights = ReadonlyMap<string, DeviceBuffer>;

/**
 * What executes tensor programs. Nothing above this interface knows how: it has no pointers and no file formats.
 */
export interface Runtime {
  readonly name: string;
  /** A new buffer with copies of the parts given, one after another: host data, or what buffers hold now. Without any: zeros. */
  buffer(dtype: DType, shape: readonly number[], ...parts: readonly Feed[]): DeviceBuffer;
  /**
   * A buffer that takes the caller's array over, in place where it can: for weights, which are large. The array must own its memory, and
   * is not to be used otherwise from then on.
   */
  adopt(dtype: DType, shape: readonly number[], data: HostArray, label?: string): DeviceBuffer;
  /** Compiles a program, or returns the compiled one: programs are cached by identity and by frozen weights. */
  compile(program: Program, frozen?: FrozenWeights): Executable;
  /**
   * Binds a step to its vectors, f32 [n]. Sums of what is measured may be rounded to f32 for stretches of the vectors within a part,
   * and are added up in double precision.
   *
   * @param parts lengths of consecutive parts of the vectors that differ in their scalars; they add up to n.
   */
  compileStep(
    step: StepProgram,
    vectors: Readonly<Record<string, DeviceBuffer>>,
    parts: readonly number[],
  ): CompiledStep;
}
