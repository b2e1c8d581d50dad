import { isNodeOf, type Node, type Program, sizeOf, type Tensor, topologicalOrder } from "../tensor/index.js";
import type { OpName } from "../tensor/op-names.js";
import { memoryRoot, WRITES_OVER_INPUT } from "./onnx/in-place.js";
import { constantWeights } from "./onnx/packing.js";

/** The cost of running a program, besides its buffers. */
export interface ProgramCost {
  /** Most bytes of intermediate values at once. */
  activationBytes: number;
  /** Bytes of the packed copies of frozen matrices, by the weight's name and how it is multiplied. */
  packed: ReadonlyMap<string, number>;
  /** Floating-point operations of matrix products: 2 per multiply-add. */
  flops: number;
  nodes: number;
}

const BYTES = { f32: 4, i32: 4, i64: 8, bool: 1, u8: 1, i8: 1 } as const;
export const bytesOf = ({ shape, dtype }: Pick<Tensor, "shape" | "dtype">): number =>
  sizeOf(shape, "program cost") * BYTES[dtype];

/** Operations that affect only gradients or order: their value is their first input. */
const PASSES_ON: ReadonlySet<OpName> = new Set<OpName>([
  "stopGradient",
  "withRowGradient",
  "recomputed",
  "controlDependency",
]);
/** Operations without memory of their own. */
const SHARES_MEMORY: ReadonlySet<OpName> = new Set<OpName>([...PASSES_ON, "reshape", "sequenced"]);
/** Products of matrices; a runtime may keep the second one packed. */
const PRODUCTS: ReadonlySet<OpName> = new Set<OpName>(["matmul", "int8Matmul", "int8Expectation"]);

/**
 * Predicts the cost of a program with static shapes from its graph alone: goes through the nodes in the order of
 * tracing, which is close to the order of execution, and sums the live tensors.
 */
export function programCost(program: Program): ProgramCost {
  const order = topologicalOrder(program.outputs.values())
    .filter((node) => node.inputs.length > 0)
    .sort((a, b) => a.number - b.number);
  const given = new Set([...program.outputs.values()].map(memoryOf));
  const readers = new Map<Tensor, number>();
  for (const node of order) for (const x of reads(node)) readers.set(x, (readers.get(x) ?? 0) + 1);

  const alive = new Map<Tensor, number>();
  let [now, most, flops] = [0, 0, 0];
  const free = (x: Tensor): void => {
    now -= alive.get(x) ?? 0;
    alive.delete(x);
  };
  const constants = constantWeights(program);
  const packed = new Map<string, number>();
  for (const node of order) {
    const last = [...reads(node)].filter((x) => readers.get(x) === 1);
    if (!SHARES_MEMORY.has(node.op.name)) {
      const made = node.outputs.filter((output) => readers.has(output) && !given.has(output));
      const overwritten = last.find((x) => alive.get(x) === bytesOf(node.outputs[0]));
      if (WRITES_OVER_INPUT.has(node.op.name) && overwritten && made.length > 0) free(overwritten);
      for (const output of made) {
        alive.set(output, bytesOf(output));
        now += bytesOf(output);
      }
      most = Math.max(most, now + workspace(node));
    }
    for (const x of reads(node)) readers.set(x, (readers.get(x) ?? 0) - 1);
    for (const x of last) free(x);

    if (!PRODUCTS.has(node.op.name)) continue;
    const [a, b] = node.inputs;
    const { transA = false, transB = "" } = isNodeOf(node, "matmul") ? node.attributes : {};
    const inner = a.shape.at(transA ? -2 : -1) as number;
    flops += 2 * sizeOf(node.outputs[0].shape, "program cost") * inner;
    if (!isNodeOf(b.node, "input")) continue;
    const { name } = b.node.attributes;
    if (constants.has(name)) packed.set(`${name} ${transB}`, bytesOf(b));
  }
  return { activationBytes: most, packed, flops, nodes: order.length };
}

const memoryOf = (tensor: Tensor): Tensor => memoryRoot(tensor, SHARES_MEMORY);

/** Intermediate values that a node needs in memory. */
function reads({ op, inputs }: Node): Set<Tensor> {
  const needed = PASSES_ON.has(op.name) ? inputs.slice(0, 1) : inputs;
  return new Set(needed.map(memoryOf).filter(({ node }) => node.inputs.length > 0));
}

/** Bytes that an operation takes while it runs, besides its inputs and outputs. */
function workspace({ op, inputs, outputs }: Node): number {
  switch (op.name) {
    case "tokenLogProbs":
      return bytesOf(inputs[0]);
    case "scatterAddRows": // Row numbers in i64, one for every element.
      return 2 * bytesOf(inputs[2]);
    case "where":
      return 2 * bytesOf(outputs[0]);
    case "int8Expectation": // The probabilities' bytes.
      return bytesOf(inputs[0]) / 4;
    case "int8Matmul": // The left factor's magnitudes and bytes, and the product before it is scaled.
      return bytesOf(inputs[0]) * 1.25;
    default:
      return 0;
  }
}
