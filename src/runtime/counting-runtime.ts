import { type DType, evaluateDim, type Program, type Tensor } from "../tensor/index.js";
import { elementCount, HOST_ARRAYS } from "./feeds.js";
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

/** What Node and the libraries take before any model. */
const PROCESS_BYTES = 105e6;
/** Memory that ONNX Runtime's arena holds, of what is alive at once: free pieces are rarely of the size that is asked for. */
const ARENA_SHARE = 1.1;
/** A compiled program's memory for each of its nodes, with the traced graph. */
const NODE_BYTES = 20e3;

/** A buffer that holds nothing: whoever reads it finds zeros. */
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
 * Computes nothing, and counts what computing would take: the same code that trains, given this runtime, tells its memory
 * and its operations beforehand. Every output is zeros.
 */
export class CountingRuntime implements Runtime {
  readonly name = "counting";
  /** Bytes of all buffers. */
  bufferBytes = 0;
  /** Operations of matrix products in all runs. */
  flops = 0;
  /** Most bytes of intermediate values at once: of one program, or of several whose runs were begun together. */
  activationBytes = 0;
  private running = 0;
  private readonly programs = new Map<Program, ProgramCost>();
  private readonly packed = new Map<DeviceBuffer, Map<string, number>>();

  /** Contents are not looked at. */
  buffer(dtype: DType, shape: readonly number[]): DeviceBuffer {
    this.bufferBytes += bytesOf({ shape, dtype });
    return new CountedBuffer(dtype, shape);
  }

  /** As `buffer`; the array may be empty. */
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
        // What else is begun before the event loop goes on runs beside this.
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

  /** Bytes of packed copies, each once for all programs. */
  get packedBytes(): number {
    return [...this.packed.values()].flatMap((copies) => [...copies.values()]).reduce((a, b) => a + b, 0);
  }

  /** Most memory that a process takes which runs all this, bytes: a prediction. */
  get peakBytes(): number {
    return (
      PROCESS_BYTES +
      this.bufferBytes +
      this.packedBytes +
      ARENA_SHARE * this.activationBytes +
      NODE_BYTES * this.nodes
    );
  }

  /** Of all programs. */
  get nodes(): number {
    return [...this.programs.values()].reduce((n, { nodes }) => n + nodes, 0);
  }
}

const isStatic = ({ inputs }: Program): boolean =>
  [...inputs.values()].every(({ shape }) => shape.every((dim) => typeof dim === "number"));

/** What programs of symbolic shapes count as: the optimiser's, which work on small pieces. */
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

/** What symbolic dimensions are, from the buffers that are fed. */
function symbolsOf(program: Program, feeds: Readonly<Record<string, Feed>>): Map<string, number> {
  const symbols = new Map<string, number>();
  for (const [name, { shape }] of program.inputs) {
    const feed = feeds[name];
    if (feed === undefined || ArrayBuffer.isView(feed)) continue;
    for (const [i, dim] of shape.entries()) if (typeof dim === "string") symbols.set(dim, feed.shape[i]);
  }
  return symbols;
}
