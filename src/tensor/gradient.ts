import { PlumbError } from "../errors.js";
import { type Node, type Tensor, topologicalOrder } from "./graph.js";
import { add, onesLike, zerosLike } from "./ops/elementwise.js";

/**
 * Reverse-mode differentiation: the gradients of a scalar with respect to the given tensors, as more graph.
 *
 * Only paths from `wrt` to `loss` are differentiated, so frozen weights cost nothing.
 * @param loss scalar, f32, shape [].
 * @param wrt tensors of any shape; each gradient has its tensor's shape, zeros where the loss does not depend on it.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.rank !== 0 || loss.dtype !== "f32") {
    throw new PlumbError(`gradients: the loss must be an f32 scalar of shape [], got ${loss}`);
  }
  const order = topologicalOrder([loss]);
  const targets = new Set(wrt);
  const needed = new Set<Node>();
  for (const node of order) {
    if (node.outputs.some((output) => targets.has(output)) || node.inputs.some((i) => needed.has(i.node))) {
      needed.add(node);
    }
  }

  const accumulated = new Map<Tensor, Tensor>();
  accumulated.set(loss, onesLike(loss));
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    if (!needed.has(node)) continue;
    const outputGradients = node.outputs.map((output) => accumulated.get(output));
    if (outputGradients.every((gradient) => gradient === undefined)) continue;
    if (!node.inputs.some((input) => needed.has(input.node))) continue;
    if (!node.op.gradient) throw new PlumbError(`gradients: the operation "${node.op.name}" has no gradient`);
    const inputGradients = node.op.gradient(node, outputGradients);
    node.inputs.forEach((input, k) => {
      const gradient = inputGradients[k];
      if (gradient === undefined || !needed.has(input.node)) return;
      const sum = accumulated.get(input);
      accumulated.set(input, sum ? add(sum, gradient) : gradient);
    });
  }
  return wrt.map((tensor) => accumulated.get(tensor) ?? zerosLike(tensor));
}
