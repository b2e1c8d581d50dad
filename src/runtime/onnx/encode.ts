import {
  type DType,
  isNodeOf,
  type Node,
  type Program,
  type Tensor,
  topologicalOrder,
} from "../../tensor/index.js";
import { checkInPlace } from "./in-place.js";
import { type Emitter, isLowered, lower, ONNX_TYPE, type OnnxNode } from "./lower.js";
import { nodeName } from "./node-name.js";
import { ATTRIBUTE_TYPE, EXTERNAL, encodeModel } from "./schema.js";

/** Name of the (empty) file to which external initializers point until the runtime supplies their memory. */
export const EXTERNAL_FILE = "frozen.bin";

/** Names in the encoded graph: in a program, inputs and outputs may share a name; in ONNX they may not. */
export const inputName = (name: string): string => `in:${name}`;
export const outputName = (name: string): string => `out:${name}`;

/** Name of an input, i64 [1], that is 0 in every run. */
export const ZERO = "zero";

const BYTES: Record<DType, number> = { f32: 4, i32: 4, i64: 8, bool: 1, u8: 1, i8: 1 };

/** Encodes a program as an ONNX model. @param constants frozen inputs that become external initializers. */
export function encodeProgram(
  program: Program,
  constants: ReadonlySet<string> = program.frozen,
): { bytes: Uint8Array; externalBytes: number; hasHidden: boolean } {
  checkInPlace(program);
  const nodes: Record<string, unknown>[] = [];
  const initializers: Record<string, unknown>[] = [];
  const names = new Map<Tensor, string>();
  const literals = new Map<string, string>();
  const hidden = new Map<string, string>();
  const order = topologicalOrder(program.outputs.values()).sort((a, b) => a.number - b.number);
  // If a program recomputes, memory matters most: shapes are hidden from ONNX Runtime, even though it cannot write a
  // sum over one of its terms without them.
  const hides = order.some(({ op }) => op.name === "recomputed");
  let counter = 0;
  let externalBytes = 0;

  const constant = (key: string, dims: readonly number[], dtype: DType, data: ArrayBufferView): string => {
    const known = literals.get(key);
    if (known) return known;
    const name = `c${literals.size}`;
    literals.set(key, name);
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    initializers.push({ name, dims: [...dims], dataType: ONNX_TYPE[dtype], rawData });
    return name;
  };
  let lowered: Node | undefined;
  const emitter: Emitter = {
    nameOf: (tensor) => names.get(tensor) as string,
    temporary: () => `t${counter++}`,
    emit: (node) => nodes.push(encodeNode(node, nodeName(lowered, nodes.length))),
    int64: (values, isScalar = false) =>
      constant(
        `i64:${isScalar}:${values}`,
        isScalar ? [] : [values.length],
        "i64",
        BigInt64Array.from(values, BigInt),
      ),
    hidden: (values) => {
      if (!hides) return emitter.int64(values);
      const known = hidden.get(`${values}`);
      if (known) return known;
      const name = `h${hidden.size}`;
      hidden.set(`${values}`, name);
      emitter.emit({ opType: "Add", inputs: [emitter.int64(values), ZERO], outputs: [name] });
      return name;
    },
    float: (value) => constant(`f32:${value}`, [], "f32", Float32Array.of(value)),
    floats: (values) => constant(`f32s:${values}`, [values.length], "f32", Float32Array.from(values)),
    byte: (value) => constant(`u8:${value}`, [], "u8", Uint8Array.of(value)),
  };

  const outputOf = new Map<Tensor, string>();
  for (const [name, tensor] of program.outputs) if (!outputOf.has(tensor)) outputOf.set(tensor, name);
  for (const [name, tensor] of program.inputs) names.set(tensor, inputName(name));

  for (const node of order) {
    lowered = node;
    const [first] = node.outputs;
    if (isNodeOf(node, "input")) {
      outputOf.delete(first);
    } else if (isNodeOf(node, "constant")) {
      const { data } = node.attributes;
      names.set(first, constant(`tensor:${literals.size}`, first.shape as number[], first.dtype, data));
      outputOf.delete(first);
    } else if (isLowered(node)) {
      for (const output of node.outputs) {
        const bound = outputOf.get(output);
        names.set(output, bound === undefined ? `t${counter++}` : outputName(bound));
      }
      const nameOf = (tensor: Tensor): string => names.get(tensor) as string;
      lower(node, node.inputs.map(nameOf), node.outputs.map(nameOf), emitter);
    } else {
      names.set(first, names.get(node.inputs[0]) as string);
      outputOf.delete(first);
    }
  }
  lowered = undefined;
  for (const [name, tensor] of program.outputs) {
    if (outputOf.get(tensor) === name) continue;
    emitter.emit({ opType: "Identity", inputs: [names.get(tensor) as string], outputs: [outputName(name)] });
  }

  const inputs: unknown[] = [];
  if (hidden.size > 0)
    inputs.push({
      name: ZERO,
      type: { tensorType: { elemType: ONNX_TYPE.i64, shape: { dim: [{ dimValue: 1 }] } } },
    });
  for (const [name, tensor] of program.inputs) {
    if (!constants.has(name)) {
      inputs.push(valueInfo(inputName(name), tensor));
      continue;
    }
    const length = (tensor.shape as number[]).reduce((a, b) => a * b, 1) * BYTES[tensor.dtype];
    initializers.push({
      name: inputName(name),
      dims: [...tensor.shape],
      dataType: ONNX_TYPE[tensor.dtype],
      dataLocation: EXTERNAL,
      externalData: [
        { key: "location", value: EXTERNAL_FILE },
        { key: "offset", value: "0" },
        { key: "length", value: String(length) },
      ],
    });
    externalBytes = Math.max(externalBytes, length);
  }
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
      node: nodes.reverse(),
      initializer: initializers,
      input: inputs,
      output: [...program.outputs].map(([name, tensor]) => valueInfo(outputName(name), tensor)),
    },
  });
  return { bytes, externalBytes, hasHidden: hidden.size > 0 };
}

/** Our names for ONNX's ScatterElements with a reduction, which is a string attribute. */
const SCATTER: Record<string, string> = { ScatterElementsAdd: "ScatterElements" };

function encodeNode(node: OnnxNode, name: string): Record<string, unknown> {
  const attribute: Record<string, unknown>[] = Object.entries(node.attributes ?? {}).map(([name, value]) => {
    if (Array.isArray(value)) return { name, ints: value, type: ATTRIBUTE_TYPE.ints };
    if (typeof value === "number") return { name, i: value, type: ATTRIBUTE_TYPE.int };
    return { name, f: value.float, type: ATTRIBUTE_TYPE.float };
  });
  const scatter = SCATTER[node.opType];
  if (scatter) attribute.push({ name: "reduction", s: Buffer.from("add"), type: ATTRIBUTE_TYPE.string });
  return {
    name,
    opType: scatter ?? node.opType,
    input: node.inputs,
    output: node.outputs,
    domain: node.domain ?? "",
    attribute,
  };
}

function valueInfo(name: string, tensor: Tensor): Record<string, unknown> {
  const dim = tensor.shape.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: ONNX_TYPE[tensor.dtype], shape: { dim } } } };
}
