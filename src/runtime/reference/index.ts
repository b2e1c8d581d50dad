/**
 * A runtime in plain TypeScript that computes every operation by its definition. It is slow: it serves tests, and as
 * the reference for other runtimes.
 *
 * @example
 * const runtime = new ReferenceRuntime();
 * const { y } = await runtime.compile(trace("double", { x: spec }, ({ x }) => ({ y: add(x, x) }))).run({ x: data });
 */
import { elementCount } from "../../base/element-count.js";
import {
  type DType,
  evaluateDim,
  type Node,
  type Program,
  type Tensor,
  topologicalOrder,
} from "../../tensor/index.js";
import { fill, HOST_ARRAYS, matchShape, solveSymbols } from "../feeds.js";
import type {
  CompiledStep,
  DeviceBuffer,
  Executable,
  Feed,
  FrozenWeights,
  HostArray,
  Runtime,
  StepProgram,
} from "../runtime.js";
import { stepInPieces } from "../step-in-pieces.js";
import type { Values } from "./array.js";
import { HostBuffer } from "./buffer.js";
import { computed, isComputed } from "./kernels.js";

export class ReferenceRuntime implements Runtime {
  readonly name = "reference";

  buffer(dtype: DType, shape: readonly number[], ...parts: readonly Feed[]): DeviceBuffer {
    const array = new HOST_ARRAYS[dtype](elementCount(shape));
    const values = parts.map(valuesOf);
    if (values.length > 0) fill("buffer", dtype, shape, array, values);
    return new HostBuffer(dtype, shape, array);
  }

  adopt(dtype: DType, shape: readonly number[], data: HostArray, label?: string): DeviceBuffer {
    return new HostBuffer(dtype, shape, data, label);
  }

  compile(program: Program, frozen: FrozenWeights = new Map()): Executable {
    const order = topologicalOrder(program.outputs.values());
    return {
      program,
      run: async (feeds, outputs = {}) => run(program, order, frozen, feeds, outputs),
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
}

const valuesOf = (feed: Feed): HostArray => (ArrayBuffer.isView(feed) ? feed : (feed as HostBuffer).values());

function run(
  program: Program,
  order: readonly Node[],
  frozen: FrozenWeights,
  feeds: Readonly<Record<string, Feed>>,
  outputs: Readonly<Record<string, DeviceBuffer>>,
): Record<string, HostArray> {
  // 1. Inputs, and the values of symbolic dimensions.
  const symbols = new Map<string, number>();
  const known = new Map<Tensor, Values>();
  const given: Record<string, Feed> = { ...feeds, ...Object.fromEntries(frozen) };
  for (const [name, tensor] of program.inputs) {
    const feed = given[name];
    if (feed === undefined) throw new Error(`program ${program.name}: the input "${name}" was not given`);
    if (!ArrayBuffer.isView(feed)) matchShape(program.name, name, tensor, feed, symbols);
  }
  solveSymbols(program, feeds, symbols);
  const shapeOf = ({ shape }: Tensor): number[] => shape.map((dim) => evaluateDim(dim, symbols));
  for (const [name, tensor] of program.inputs) {
    const feed = given[name];
    const data = valuesOf(feed);
    known.set(tensor, { dtype: tensor.dtype, shape: shapeOf(tensor), data });
  }

  // 2. Every node, inputs before users.
  for (const node of order) {
    if (!isComputed(node)) continue;
    const inputs = node.inputs.map((tensor) => known.get(tensor) as Values);
    const made = computed(node, inputs, shapeOf);
    for (const [i, tensor] of node.outputs.entries()) known.set(tensor, made[i]);
  }

  // 3. Outputs into their buffers, once everything is computed: inputs that are updated in place must be read first.
  const results: Record<string, HostArray> = {};
  const copies = [...program.outputs].map(
    ([name, tensor]) => [name, (known.get(tensor) as Values).data.slice() as HostArray] as const,
  );
  for (const [name, data] of copies) {
    const inPlace = program.inputs.has(name) ? feeds[name] : outputs[name];
    if (inPlace) (inPlace as HostBuffer).set(data);
    else results[name] = data;
  }
  return results;
}
