import type { Node } from "../../tensor/index.js";

/** The origin of a node, encoded in its name. */
interface NodeOrigin {
  /** The path of its `Scope`: "layers.3/mlp/gate_proj". */
  path: string;
  /** The operation of the tensor program: "matmul". */
  op: string;
  backward: boolean;
}

/** Name of the ONNX node with that index, unique in the program: "layers.3/mlp/gate_proj/matmul#backward:712". */
export function nodeName(node: Node | undefined, index: number): string {
  if (!node) return `output#forward:${index}`;
  const { path, backward } = node.scope;
  const pass = backward ? "backward" : "forward";
  return `${path === "" ? "" : `${path}/`}${node.op.name}#${pass}:${index}`;
}

/**
 * The origin that `nodeName` encoded in a name; undefined for a node that ONNX Runtime added. It appends to the names
 * of nodes that it fuses.
 */
export function nodeOrigin(name: string): NodeOrigin | undefined {
  const match = /^(?:(.*)\/)?([^/#]*)#(forward|backward):\d+/.exec(name);
  if (!match) return undefined;
  const [, path = "", op, pass] = match;
  return { path, op, backward: pass === "backward" };
}
