import { elementCount } from "../base/element-count.js";
import { type DType, evaluateDim, type Program, type Tensor } from "../tensor/index.js";
import { HOST_ARRAYS } from "./feeds.js";
import { bytesOf, type ProgramCost, programCost } from "./program-cost.js";
import type {
  CompiledStep,
  DeviceBuffer,
  Executable,
  Feed,
  FrozenWeights,
  HostArray,
  Runtime,
  StepProgram,
} from "./runtime.js";
import { stepInPieces } from "./step-in-pieces.js";

/** Memory of Node and the libraries, without any model. */
const PROCESS_BYTES = 105e6;
/** Memory that ONNX Runtime's arena holds, relative to the live tensors: free pieces rarely have the requested size. */
const ARENA_SHARE = 1.1;
/** Memory of a compiled program per node, including the traced graph. */
const NODE_BYTES = 20e3;

/** A buffer without contents: reading it gives zeros. */
class CountedBuffer implements DeviceBuffer {
  constructor(
    readonly dtype: DType,
    readonly shape: readonly number[],
  ) {}

  async read(): Promise<HostArray> {
    return new HOST_ARRAYS[this.dtype](elementCount(this.shape));
  }

  async write(): Promise<void> {}

  async copyFrom(): Promise<void> {}

  view(shape: readonly number[]): CountedBuffer {
    return new CountedBuffer(this.dtype, shape);
  }

  release(): void {}
}

/**
 * Computes nothing, and counts what a computation would take: given this runtime, the code that trains predicts its own
 * memory and operations. Every output is zeros.
 */
export class CountingRuntime implements Runtime {
  readonly name = "counting";
  /** Bytes of all buffers. */
  bufferBytes = 0;
  /** Operations of matrix products in all runs. */
  flops = 0;
  /** Most bytes of intermediate values at once: of one program, or of several whose runs were started together. */
  activationBytes = 0;
  private running = 0;
  private readonly programs = new Map<Program, ProgramCost>();
  private readonly packed = new Map<DeviceBuffer, Map<string, number>>();

  /** Contents are ignored. */
  buffer(dtype: DType, shape: readonly number[]): DeviceBuffer {
    this.bufferBytes += bytesOf({ shape, dtype });
    return new CountedBuffer(dtype, shape);
  }

  /** Like `buffer`; the array may be empty. */
  adopt(dtype: DType, shape: readonly number[]): DeviceBuffer {
    return this.buffer(dtype, shape);
  }

  compile(program: Program, frozen: FrozenWeights = new Map()): Executable {
    const cost = this.programs.get(program) ?? this.count(program, frozen);
    return {
      program,
      run: async (feeds, outputs = {}) => {
        this.flops += cost.flops;
        this.running += cost.activationBytes;
        this.activationBytes = Math.max(this.activationBytes, this.running);
        // Runs that are started before the next turn of the event loop count as concurrent with this one.
        await new Promise(setImmediate);
        this.running -= cost.activationBytes;
        return zeros(program, feeds, outputs);
      },
      release: () => {},
    };
  }

  compileStep(
    step: StepProgram,
    vectors: Readonly<Record<string, DeviceBuffer>>,
    parts: readonly number[],
  ): CompiledStep {
    return stepInPieces(this, step, vectors, parts, Number.POSITIVE_INFINITY);
  }

  private count(program: Program, frozen: FrozenWeights): ProgramCost {
    const cost = isStatic(program) ? programCost(program) : NOTHING;
    this.programs.set(program, cost);
    for (const [how, bytes] of cost.packed) {
      const weight = frozen.get(how.split(" ")[0]) as DeviceBuffer;
      const copies = this.packed.get(weight) ?? new Map<string, number>();
      this.packed.set(weight, copies.set(how, bytes));
    }
    return cost;
  }

  /** Bytes of packed weights; each copy counts once for all programs. */
  get packedBytes(): number {
    return [...this.packed.values()].flatMap((copies) => [...copies.values()]).reduce((a, b) => a + b, 0);
  }

  /** Predicted peak memory, in bytes, of a process that runs all this. */
  get peakBytes(): number {
    return (
      PROCESS_BYTES +
      this.bufferBytes +
      this.packedBytes +
      ARENA_SHARE * this.activationBytes +
      NODE_BYTES * this.nodes
    );
  }

  /** Nodes of all programs. */
  get nodes(): number {
    return [...this.programs.values()].reduce((n, { nodes }) => n + nodes, 0);
  }
}

const isStatic = ({ inputs }: Program): boolean =>
  [...inputs.values()].every(({ shape }) => shape.every((dim) => typeof dim === "number"));

/** Cost assigned to programs with symbolic shapes: those of the optimiser, which work on small pieces. */
const NOTHING: ProgramCost = { activationBytes: 0, packed: new Map(), flops: 0, nodes: 0 };

function zeros(
  program: Program,
  feeds: Readonly<Record<string, Feed>>,
  outputs: Readonly<Record<string, DeviceBuffer>>,
): Record<string, HostArray> {
  const isBound = (name: string): boolean => program.inputs.has(name) || outputs[name] !== undefined;
  const unbound = [...program.outputs].filter(([name]) => !isBound(name));
  const symbols = unbound.some(([, { shape }]) => shape.some((dim) => typeof dim === "string"))
    ? symbolsOf(program, feeds)
    : new Map<string, number>();
  return Object.fromEntries(unbound.map(([name, tensor]) => [name, zerosOf(tensor, symbols)]));
}

const zerosOf = ({ dtype, shape }: Tensor, symbols: ReadonlyMap<string, number>): HostArray =>
  new HOST_ARRAYS[dtype](elementCount(shape.map((dim) => evaluateDim(dim, symbols))));

/** Values of symbolic dimensions, from the shapes of the buffers given. */
function symbolsOf(program: Program, feeds: Readonly<Record<string, Feed>>): Map<string, number> {
  const symbols = new Map<string, number>();
  for (const [name, { shape }] of program.inputs) {
    const feed = feeds[name];
    if (feed === undefined || ArrayBuffer.isView(feed)) continue;
    for (const [i, dim] of shape.entries()) if (typeof dim === "string") symbols.set(dim, feed.shape[i]);
  }
  return symbols;
}
