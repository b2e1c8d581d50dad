import { evaluateDim, type Program, type Tensor } from "../../tensor/index.js";
import { elementCount, HOST_ARRAYS, matchShape, solveSymbols } from "../feeds.js";
import { inputName, outputName, ZERO } from "../onnx/encode.js";
import type { RuntimeStatistics } from "../profile.js";
import type { DeviceBuffer, Executable, Feed, FrozenWeights, HostArray } from "../runtime.js";
import { call, callAsync, create, type Pointer } from "./api.js";
import { allocate, OrtBuffer } from "./buffer.js";
import type { HostRun } from "./profile.js";

/** A compiled program. */
export interface Session {
  session: Pointer;
  /** Frozen weights that are inputs of the compiled program, not constants in it. */
  bound: ReadonlyMap<string, OrtBuffer>;
  /** What `ZERO` is bound to, where the compiled program has it. */
  zero?: OrtBuffer;
}

/** What an executable asks of the runtime that made it. */
interface Sessions {
  /** Compiles the executable's program. */
  open(executable: OrtExecutable): Session;
  used(executable: OrtExecutable): void;
  closed(executable: OrtExecutable): void;
}

/**
 * A compiled program: one OrtSession with one binding, run one at a time. The runtime may evict it from memory while
 * it is idle; its next run compiles it again.
 */
export class OrtExecutable implements Executable {
  private native: { session: Pointer; binding: Pointer } | undefined;
  /** What the binding holds, by the name of the input or output: a run binds only what is another than in the last. */
  private readonly bound = new Map<string, number>();
  private readonly owner = Symbol("executable");
  /** Runs of the session that is open, where the runtime records them. */
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
    const user = Symbol("run");
    try {
      const symbols = new Map<string, number>();
      const bound = new Map<string, OrtBuffer>();
      const use = (buffer: OrtBuffer): OrtBuffer => {
        buffer.hold(user);
        held.push(buffer);
        return buffer;
      };

      // 1. Buffers first: their shapes give the symbols their values; then host arrays, whose shapes follow.
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
        const temporary = wrap(name, key, tensor, feeds[key] as HostArray, symbols);
        temporaries.push(temporary);
        bound.set(key, use(temporary));
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
          const array = allocate(tensor.dtype, elementCount(shape));
          target = use(new OrtBuffer(tensor.dtype, shape, array, `${name}.${key}`));
          temporaries.push(target);
          results[key] = array;
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
      return results;
    } finally {
      for (const buffer of held) buffer.letGo(user);
      for (const temporary of temporaries) temporary.release();
      this.running = false;
    }
  }

  private bind(as: "BindInput" | "BindOutput", binding: Pointer, name: string, buffer: OrtBuffer): void {
    const pointer = buffer.pointer();
    if (this.bound.get(name) === buffer.id) return;
    call(as, binding, name, pointer);
    this.bound.set(name, buffer.id);
  }

  /** Frees the native memory unless a run is under way. @returns whether it did. */
  evict(): boolean {
    if (this.running || !this.native) return false;
    call("ReleaseIoBinding", this.native.binding);
    call("ReleaseSession", this.native.session);
    this.native = undefined;
    this.bound.clear();
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

function wrap(
  program: string,
  key: string,
  tensor: Tensor,
  array: HostArray,
  symbols: Map<string, number>,
): OrtBuffer {
  const shape = tensor.shape.map((dim) => evaluateDim(dim, symbols));
  const length = elementCount(shape);
  if (array.length !== length || !(array instanceof HOST_ARRAYS[tensor.dtype])) {
    const want = `${tensor.dtype}[${shape.join(", ")}]`;
    throw new Error(
      `program ${program}: "${key}" must be ${want}, got ${array.constructor.name} of ${array.length}`,
    );
  }
  // Small typed arrays may lie on V8's moving heap until their buffer is asked for; copy them to fixed memory.
  const fixed = array.byteLength > 64 ? array : allocate(tensor.dtype, length);
  if (fixed !== array) (fixed as Float32Array).set(array as Float32Array);
  return new OrtBuffer(tensor.dtype, shape, fixed, `${program}.${key}`);
}
