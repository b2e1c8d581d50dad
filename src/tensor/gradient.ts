import { PlumbError } from "../base/errors.js";
import { type Node, type Tensor, topologicalOrder } from "./graph.js";
import { add, onesLike, zerosLike } from "./ops/elementwise.js";
import { differentiating } from "./scope.js";

/**
 * Reverse-mode differentiation: the gradients of a scalar with respect to the given tensors, as more graph.
 *
 * Only paths from `wrt` to `loss` are differentiated, so frozen weights cost nothing.
 * @param loss scalar, f32, shape [].
 * @param wrt tensors of any shape. Each gradient has its tensor's shape, and is zero where the loss does not depend on
 * it.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.rank !== 0 || loss.dtype !== "f32") {
    throw new PlumbError(`gradients: the loss must be an f32 scalar of shape [], got ${loss}`);
  }
  const found = vectorJacobian(loss, onesLike(loss), wrt);
  return wrt.map((tensor, i) => found[i] ?? zerosLike(tensor));
}

/**
 * Gradients of sum(y dy) with respect to the given tensors; undefined where y does not depend on one.
 * @param dy of y's shape. @param bounds tensors at which the traversal stops.
 */
export function vectorJacobian(
  y: Tensor,
  dy: Tensor,
  wrt: readonly Tensor[],
  bounds?: ReadonlySet<Tensor>,
): (Tensor | undefined)[] {
  const order = topologicalOrder([y], bounds);
  const targets = new Set(wrt);
  const needed = new Set<Node>();
  const leads = (tensor: Tensor): boolean => targets.has(tensor) || needed.has(tensor.node);
  for (const node of order) if (node.inputs.some(leads)) needed.add(node);

  const accumulated = new Map<Tensor, Tensor>();
  accumulated.set(y, dy);
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    if (!needed.has(node)) continue;
    const outputGradients = node.outputs.map((output) => accumulated.get(output));
    if (outputGradients.every((gradient) => gradient === undefined)) continue;
    const wanted = node.inputs.map(leads);
    if (!node.op.gradient) throw new PlumbError(`gradients: the operation "${node.op.name}" has no gradient`);
    const { gradient: differentiate } = node.op;
    differentiating(node.scope, () => {
      const inputGradients = differentiate(node, outputGradients, wanted);
      node.inputs.forEach((input, k) => {
        const gradient = inputGradients[k];
        if (gradient === undefined || !wanted[k]) return;
        const sum = accumulated.get(input);
        accumulated.set(input, sum ? add(sum, gradient) : gradient);
      });
    });
  }
  return wrt.map((tensor) => accumulated.get(tensor));
}
