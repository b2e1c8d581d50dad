import { elementCount } from "../../base/element-count.js";
import {
  type DType,
  isNodeOf,
  type Node,
  type Program,
  type Tensor,
  topologicalOrder,
} from "../../tensor/index.js";
import { GraphParts, ZERO } from "./graph-parts.js";
import { checkInPlace } from "./in-place.js";
import { isLowered, lower, ONNX_TYPE } from "./lower.js";
import { EXTERNAL, encodeModel } from "./schema.js";

/** Name of the (empty) file to which external initializers point until the runtime supplies their memory. */
export const EXTERNAL_FILE = "frozen.bin";

/** Names in the encoded graph: in a program, inputs and outputs may share a name; in ONNX they may not. */
export const inputName = (name: string): string => `in:${name}`;
export const outputName = (name: string): string => `out:${name}`;

const BYTES: Record<DType, number> = { f32: 4, i32: 4, i64: 8, bool: 1, u8: 1, i8: 1 };

/** Encodes a program as an ONNX model. @param constants frozen inputs that become external initializers. */
export function encodeProgram(
  program: Program,
  constants: ReadonlySet<string> = program.frozen,
): { bytes: Uint8Array; externalBytes: number; hasHidden: boolean } {
  checkInPlace(program);
  const order = topologicalOrder(program.outputs.values()).sort((a, b) => a.number - b.number);
  // If a program recomputes, memory matters most: shapes are hidden from ONNX Runtime, even though it cannot write a
  // sum over one of its terms without them.
  const parts = new GraphParts(order.some(({ op }) => op.name === "recomputed"));
  lowerNodes(program, order, parts);
  const given = [...program.inputs].filter(([name]) => !constants.has(name));
  const frozen = [...program.inputs].filter(([name]) => constants.has(name));
  const bytes = encodeModel({
    irVersion: 10,
    producerName: "plumbline",
    opsetImport: [
      { domain: "", version: 21 },
      { domain: "com.microsoft", version: 1 },
    ],
    graph: {
      name: program.name,
      // Last first: ONNX Runtime computes that one of a node's inputs first which comes last here, so the order is
      // close to that of tracing. Any other order keeps more tensors alive; with the order of the outputs, gradients
      // wait for each other.
      node: parts.nodes.reverse(),
      initializer: [...parts.initializers, ...frozen.map(externalInitializer)],
      input: [
        ...(parts.hasHidden ? [ZERO_INFO] : []),
        ...given.map(([name, tensor]) => valueInfo(inputName(name), tensor)),
      ],
      output: [...program.outputs].map(([name, tensor]) => valueInfo(outputName(name), tensor)),
    },
  });
  const externalBytes = frozen.reduce((most, [, tensor]) => Math.max(most, bytesOf(tensor)), 0);
  return { bytes, externalBytes, hasHidden: parts.hasHidden };
}

/** Lowers a program's nodes in their order. A tensor that is an output of the program has that name. */
function lowerNodes(program: Program, order: readonly Node[], parts: GraphParts): void {
  const outputOf = new Map<Tensor, string>();
  for (const [name, tensor] of program.outputs) if (!outputOf.has(tensor)) outputOf.set(tensor, name);
  for (const [name, tensor] of program.inputs) parts.name(tensor, inputName(name));

  for (const node of order) {
    parts.lowered = node;
    const [first] = node.outputs;
    if (isNodeOf(node, "input")) {
      outputOf.delete(first);
    } else if (isNodeOf(node, "constant")) {
      parts.name(first, parts.tensor(first, node.attributes.data));
      outputOf.delete(first);
    } else if (isLowered(node)) {
      for (const output of node.outputs) {
        const bound = outputOf.get(output);
        parts.name(output, bound === undefined ? parts.temporary() : outputName(bound));
      }
      const nameOf = (tensor: Tensor): string => parts.nameOf(tensor);
      lower(node, node.inputs.map(nameOf), node.outputs.map(nameOf), parts);
    } else {
      parts.name(first, parts.nameOf(node.inputs[0]));
      outputOf.delete(first);
    }
  }

  // An output that is an input, a constant or another output as well is a copy of it.
  parts.lowered = undefined;
  for (const [name, tensor] of program.outputs) {
    if (outputOf.get(tensor) === name) continue;
    parts.emit({ opType: "Identity", inputs: [parts.nameOf(tensor)], outputs: [outputName(name)] });
  }
}

const bytesOf = ({ shape, dtype }: Tensor): number => elementCount(shape as number[]) * BYTES[dtype];

/** A frozen input: its contents are the runtime's own memory. */
const externalInitializer = ([name, tensor]: readonly [string, Tensor]): Record<string, unknown> => ({
  name: inputName(name),
  dims: [...tensor.shape],
  dataType: ONNX_TYPE[tensor.dtype],
  dataLocation: EXTERNAL,
  externalData: [
    { key: "location", value: EXTERNAL_FILE },
    { key: "offset", value: "0" },
    { key: "length", value: String(bytesOf(tensor)) },
  ],
});

const ZERO_INFO = {
  name: ZERO,
  type: { tensorType: { elemType: ONNX_TYPE.i64, shape: { dim: [{ dimValue: 1 }] } } },
};

function valueInfo(name: string, tensor: Tensor): Record<string, unknown> {
  const dim = tensor.shape.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: ONNX_TYPE[tensor.dtype], shape: { dim } } } };
}
