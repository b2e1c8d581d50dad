import type { Node } from "../../tensor/index.js";

/** What a node's name says of where it comes from. */
export interface NodeOrigin {
  /** As `Scope`: "layers.3/mlp/gate_proj". */
  path: string;
  /** Of the tensor program: "matmul". */
  op: string;
  backward: boolean;
}

/** Name of the ONNX node of that index, unlike any other of the program: "layers.3/mlp/gate_proj/matmul#backward:712". */
export function nodeName(node: Node | undefined, index: number): string {
  if (!node) return `output#forward:${index}`;
  const { path, backward } = node.scope;
  const pass = backward ? "backward" : "forward";
  return `${path === "" ? "" : `${path}/`}${node.op.name}#${pass}:${index}`;
}

/** What `nodeName` put into a name; undefined for a node of the runtime's own. It adds to names of nodes that it fuses. */
export function nodeOrigin(name: string): NodeOrigin | undefined {
  const match = /^(?:(.*)\/)?([^/#]*)#(forward|backward):\d+/.exec(name);
  if (!match) return undefined;
  const [, path = "", op, pass] = match;
  return { path, op, backward: pass === "backward" };
}
