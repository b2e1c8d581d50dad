import { elementCount } from "../../base/element-count.js";
import { type DType, evaluateDim, type Program, type Tensor } from "../../tensor/index.js";
import { HOST_ARRAYS, matchShape, solveSymbols } from "../feeds.js";
import { inputName, outputName } from "../onnx/encode.js";
import { ZERO } from "../onnx/graph-parts.js";
import type { RuntimeStatistics } from "../profile.js";
import type { DeviceBuffer, Executable, Feed, FrozenWeights, HostArray } from "../runtime.js";
import { call, callAsync, create, type Pointer } from "./api.js";
import { allocate, OrtBuffer } from "./buffer.js";
import type { HostRun } from "./profile.js";

/** A compiled program. */
export interface Session {
  session: Pointer;
  /** Frozen weights that are inputs of the compiled program instead of constants in it. */
  bound: ReadonlyMap<string, OrtBuffer>;
  /** The buffer for the input `ZERO`, if the compiled program has it. */
  zero?: OrtBuffer;
}

/**
 * Size in bytes up to which host arrays are copied through memory of the executable's own: such a copy takes less time
 * than making, binding and releasing a native value for one run.
 */
const STAGED_BYTES = 4096;

/** The runtime's interface to its executables. */
interface Sessions {
  /** Compiles the executable's program. */
  open(executable: OrtExecutable): Session;
  used(executable: OrtExecutable): void;
  closed(executable: OrtExecutable): void;
}

/**
 * A compiled program: one OrtSession with one binding, which runs once at a time. The runtime may evict it from memory
 * while it is idle; its next run compiles it again.
 */
export class OrtExecutable implements Executable {
  private native: { session: Pointer; binding: Pointer } | undefined;
  /**
   * Ids of the bound buffers by the name of the input or output: a run binds only those that differ from the last
   * run's.
   */
  private readonly bound = new Map<string, number>();
  /** Memory for small inputs and outputs, by the name in the binding; it stays bound from run to run. */
  private readonly staged = new Map<string, OrtBuffer>();
  private readonly owner = Symbol("executable");
  /** Runs of the open session, if the runtime records them. */
  recorded: HostRun[] | undefined;
  private running = false;
  private released = false;

  constructor(
    readonly program: Program,
    readonly frozen: FrozenWeights,
    private readonly sessions: Sessions,
    private readonly runOptions: Pointer,
    private readonly statistics: RuntimeStatistics,
  ) {
    this.open();
  }

  private open(): { session: Pointer; binding: Pointer } {
    const { session, bound, zero } = this.sessions.open(this);
    const binding = create("CreateIoBinding", session);
    this.native = { session, binding };
    if (zero) this.bind("BindInput", binding, ZERO, zero);
    for (const [name, weight] of bound) this.bind("BindInput", binding, inputName(name), weight);
    for (const name of this.program.frozen) (this.frozen.get(name) as OrtBuffer).hold(this.owner);
    return this.native;
  }

  async run(
    feeds: Readonly<Record<string, Feed>>,
    outputs: Readonly<Record<string, DeviceBuffer>> = {},
  ): Promise<Record<string, HostArray>> {
    const { name } = this.program;
    if (this.released) throw new Error(`program ${name} was released and can no longer be run`);
    if (this.running) throw new Error(`program ${name} is still running; await it before running it again`);
    const { session, binding } = this.native ?? this.open();
    this.sessions.used(this);
    this.running = true;
    const temporaries: OrtBuffer[] = [];
    const held: OrtBuffer[] = [];
    const results: Record<string, HostArray> = {};
    /** Outputs that are copied from this executable's own memory. */
    const found = new Map<string, OrtBuffer>();
    let done = false;
    const user = Symbol("run");
    try {
      const symbols = new Map<string, number>();
      const bound = new Map<string, OrtBuffer>();
      const use = (buffer: OrtBuffer): OrtBuffer => {
        buffer.hold(user);
        held.push(buffer);
        return buffer;
      };

      // 1. Buffers first: their shapes give the symbols their values. Host arrays come next, as their shapes depend on
      // these.
      for (const [key, tensor] of this.program.inputs) {
        if (this.program.frozen.has(key)) continue;
        const feed = feeds[key];
        if (feed === undefined) throw new Error(`program ${name}: the input "${key}" was not given`);
        if (feed instanceof OrtBuffer) {
          matchShape(name, key, tensor, feed, symbols);
          bound.set(key, use(feed));
        }
      }
      solveSymbols(this.program, feeds, symbols);
      for (const [key, tensor] of this.program.inputs) {
        if (this.program.frozen.has(key) || bound.has(key)) continue;
        if (this.program.outputs.has(key))
          throw new Error(`program ${name}: "${key}" is updated in place; give a buffer`);
        bound.set(key, use(this.given(key, tensor, feeds[key] as HostArray, symbols, temporaries)));
      }
      for (const [key, buffer] of bound) this.bind("BindInput", binding, inputName(key), buffer);

      // 2. Outputs: in place, into a given buffer, or into a fresh array.
      for (const [key, tensor] of this.program.outputs) {
        let target = bound.get(key);
        if (!target && outputs[key]) {
          target = use(outputs[key] as OrtBuffer);
          matchShape(name, key, tensor, target, symbols);
        }
        if (!target) {
          const shape = tensor.shape.map((dim) => evaluateDim(dim, symbols));
          target = this.staging(outputName(key), key, tensor.dtype, shape);
          if (target) {
            found.set(key, target);
            results[key] = target.values(); // keeps its position among the results
          } else {
            const array = allocate(tensor.dtype, elementCount(shape));
            target = new OrtBuffer(tensor.dtype, shape, array, `${name}.${key}`);
            temporaries.push(target);
            results[key] = array;
          }
          use(target);
        }
        this.bind("BindOutput", binding, outputName(key), target);
      }

      // 3. Run off this thread.
      const start = performance.now();
      await callAsync("RunWithBinding", session, this.runOptions, binding);
      const end = performance.now();
      this.statistics.runMilliseconds += end - start;
      this.recorded?.push({ start, end });
      this.statistics.runs++;
      for (const [key, buffer] of found) results[key] = buffer.values().slice() as HostArray;
      done = true;
      return results;
    } finally {
      for (const buffer of held) buffer.letGo(user);
      for (const temporary of temporaries) temporary.release();
      if (!done) this.unstage();
      this.running = false;
    }
  }

  /** A host array as a buffer: a copy if it is small, otherwise a temporary over the array itself. */
  private given(
    key: string,
    tensor: Tensor,
    array: HostArray,
    symbols: ReadonlyMap<string, number>,
    temporaries: OrtBuffer[],
  ): OrtBuffer {
    const { name } = this.program;
    const shape = tensor.shape.map((dim) => evaluateDim(dim, symbols));
    if (array.length !== elementCount(shape) || !(array instanceof HOST_ARRAYS[tensor.dtype])) {
      const want = `${tensor.dtype}[${shape.join(", ")}]`;
      throw new Error(
        `program ${name}: "${key}" must be ${want}, got ${array.constructor.name} of ${array.length}`,
      );
    }
    const staged = this.staging(inputName(key), key, tensor.dtype, shape);
    if (staged) {
      staged.values().set(array as never);
      return staged;
    }
    const temporary = new OrtBuffer(tensor.dtype, shape, array, `${name}.${key}`);
    temporaries.push(temporary);
    return temporary;
  }

  /**
   * Memory for a small input or output, the same as in the last run if the shape is the same; undefined for a large
   * one.
   */
  private staging(as: string, key: string, dtype: DType, shape: readonly number[]): OrtBuffer | undefined {
    const length = elementCount(shape);
    if (length * HOST_ARRAYS[dtype].BYTES_PER_ELEMENT > STAGED_BYTES) return undefined;
    const known = this.staged.get(as);
    if (known?.shape.every((size, axis) => size === shape[axis])) return known;
    known?.release();
    const fresh = new OrtBuffer(dtype, shape, allocate(dtype, length), `${this.program.name}.${key}`);
    this.staged.set(as, fresh);
    return fresh;
  }

  private unstage(): void {
    for (const buffer of this.staged.values()) buffer.release();
    this.staged.clear();
  }

  private bind(as: "BindInput" | "BindOutput", binding: Pointer, name: string, buffer: OrtBuffer): void {
    const pointer = buffer.pointer();
    if (this.bound.get(name) === buffer.id) return;
    call(as, binding, name, pointer);
    this.bound.set(name, buffer.id);
  }

  /** Frees the native memory unless a run is in progress. @returns whether it did. */
  evict(): boolean {
    if (this.running || !this.native) return false;
    call("ReleaseIoBinding", this.native.binding);
    call("ReleaseSession", this.native.session);
    this.native = undefined;
    this.bound.clear();
    this.unstage();
    for (const name of this.program.frozen) (this.frozen.get(name) as OrtBuffer).letGo(this.owner);
    this.sessions.closed(this);
    return true;
  }

  release(): void {
    if (this.running) throw new Error(`program ${this.program.name} is running and cannot be released`);
    this.evict();
    this.released = true;
  }
}
