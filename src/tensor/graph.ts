import { PlumbError } from "../base/errors.js";
import type { OpAttributes, PlainOpName } from "./op-attributes.js";
import type { OpName } from "./op-names.js";
import { currentScope } from "./scope.js";
import { formatShape, type Shape, ShapeError } from "./shape.js";

/** Type of a tensor's numbers. */
export type DType = "f32" | "i32" | "i64" | "bool" | "u8" | "i8";

/**
 * A symbolic tensor: one output of one node of a dataflow graph. It has a type and a shape, but no data until a runtime
 * executes a program that contains it.
 */
export class Tensor {
  constructor(
    readonly node: Node,
    readonly index: number,
    readonly shape: Shape,
    readonly dtype: DType,
  ) {}

  get rank(): number {
    return this.shape.length;
  }

  toString(): string {
    return `${this.node.op.name}:${this.dtype}${formatShape(this.shape)}`;
  }
}

/** One application of an operation. Nodes are immutable and point to their inputs only. */
export class Node<N extends OpName = OpName> {
  /** Nodes created so far. */
  static made = 0;
  readonly outputs: Tensor[];
  /** Increases with every node, so a node's inputs have lower numbers than the node. */
  readonly number = Node.made++;
  readonly scope = currentScope();

  constructor(
    readonly op: Op<N>,
    readonly inputs: readonly Tensor[],
    readonly attributes: OpAttributes[N],
    types: readonly TensorType[],
  ) {
    this.outputs = types.map((type, index) => new Tensor(this, index, type.shape, type.dtype));
  }
}

/** Shape and type of a tensor's numbers: all that is known before a program runs. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** An operation: its shape rule and its gradient in one place. The runtime decides how to execute it. */
export interface Op<N extends OpName = OpName> {
  readonly name: N;
  /** Types of the outputs. @throws ShapeError, which names the operation and the shapes. */
  types(inputs: readonly Tensor[], attributes: OpAttributes[N]): readonly TensorType[];
  /**
   * Vector-Jacobian product: gradients of the inputs, given those of the outputs (undefined where no gradient reaches
   * an output). `undefined` for an input means zero. Differentiating through an operation without this is an error.
   * @param wanted for each input, whether its gradient is needed.
   */
  gradient?(
    node: Node<N>,
    outputGradients: readonly (Tensor | undefined)[],
    wanted: readonly boolean[],
  ): readonly (Tensor | undefined)[];
}

/** Whether a node is of that operation; narrows the type of its attributes. */
export const isNodeOf = <N extends OpName>(node: Node, name: N): node is Node<N> => node.op.name === name;

/** Applies an operation that has no attributes: checks shapes and adds a node. */
export const apply = <N extends PlainOpName>(op: Op<N>, inputs: readonly Tensor[]): Tensor[] =>
  applyWith<PlainOpName>(op, inputs, {});

/** Applies an operation with its attributes: checks shapes and adds a node. */
export function applyWith<N extends OpName>(
  op: Op<N>,
  inputs: readonly Tensor[],
  attributes: OpAttributes[N],
): Tensor[] {
  const types = op.types(inputs, attributes);
  for (const { shape } of types) {
    if (shape.every((dim) => typeof dim === "string" || (Number.isSafeInteger(dim) && dim > 0))) continue;
    throw new ShapeError(op.name, "every dimension must be a whole number above 0", [shape]);
  }
  return new Node(op, inputs, attributes, types).outputs;
}

/**
 * Nodes that the given tensors depend on, inputs before users, in a deterministic order.
 * @param bounds tensors at which the traversal stops.
 */
export function topologicalOrder(roots: Iterable<Tensor>, bounds?: ReadonlySet<Tensor>): Node[] {
  const done = new Set<Node>();
  const order: Node[] = [];
  for (const root of roots) {
    const stack: [Node, number][] = [[root.node, 0]];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const [node, next] = top;
      if (done.has(node)) stack.pop();
      else if (next < node.inputs.length) {
        top[1]++;
        const input = node.inputs[next];
        if (!done.has(input.node) && !bounds?.has(input)) stack.push([input.node, 0]);
      } else {
        done.add(node);
        order.push(node);
        stack.pop();
      }
    }
  }
  return order;
}

const inputOp: Op<"input"> = {
  name: "input",
  types: (_inputs, { type }) => [type],
  gradient: () => [],
};

/**
 * The type of an input, which a program receives at each run. `frozen` inputs are weights that never change: a runtime
 * may keep them packed and share them between programs.
 */
export interface InputSpec extends TensorType {
  readonly frozen?: boolean;
}

/** A traced program: named inputs and named outputs. An output with the name of an input updates it in place. */
export interface Program {
  readonly name: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly frozen: ReadonlySet<string>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/**
 * Traces a TypeScript function once into a program. Shapes are checked while it is traced.
 *
 * @param inputs by name; unused ones are dropped.
 * @param build receives one tensor per input and returns the outputs by name. An output with the name of an input is
 * written into that input's buffer; it must have the same type.
 */
export function trace(
  name: string,
  inputs: Readonly<Record<string, InputSpec>>,
  build: (inputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>,
): Program {
  const tensors: Record<string, Tensor> = {};
  for (const [key, spec] of Object.entries(inputs)) {
    tensors[key] = applyWith(inputOp, [], { name: key, type: { shape: spec.shape, dtype: spec.dtype } })[0];
  }
  const outputs = new Map(Object.entries(build(tensors)));
  for (const [key, output] of outputs) {
    const input = tensors[key];
    if (input && (formatShape(input.shape) !== formatShape(output.shape) || input.dtype !== output.dtype)) {
      throw new PlumbError(
        `program ${name}: output "${key}" is ${output}, but it updates an input of type ${input.dtype}${formatShape(input.shape)}`,
      );
    }
  }
  const used = new Set(topologicalOrder(outputs.values()));
  const kept = new Map(Object.entries(tensors).filter(([, tensor]) => used.has(tensor.node)));
  const frozen = new Set([...kept.keys()].filter((key) => inputs[key].frozen));
  return { name, inputs: kept, frozen, outputs };
}
