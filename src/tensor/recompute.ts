/**
 * Recomputation: a part of a program keeps only its inputs for the backward pass, and the rest is computed again when
 * its gradient is (Chen et al. 2016, Training deep nets with sublinear memory cost).
 */
import { vectorJacobian } from "./gradient.js";
import { apply, applyWith, Node, type Op, type Tensor } from "./graph.js";

const controlDependencyOp: Op<"controlDependency"> = {
  name: "controlDependency",
  types: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  gradient: (node, [dy]) => [dy, ...node.inputs.slice(1).map(() => undefined)],
};

/**
 * x itself, of a static shape, but not before the others are computed. It copies nothing and does not keep the others.
 */
export const controlDependency = (x: Tensor, others: readonly Tensor[]): Tensor =>
  others.length === 0 ? x : apply(controlDependencyOp, [x, ...others])[0];

const sequencedOp: Op<"sequenced"> = {
  name: "sequenced",
  types: (inputs) => inputs.map(({ shape, dtype }) => ({ shape, dtype })),
  gradient: (_node, [dy, dx]) => [dy && dx ? controlDependency(dy, [dx]) : dy, dx],
};

/**
 * y and x unchanged, ordered for work in turns. In the forward pass, x, which the next turn reads, is available only
 * after this turn's y. In the backward pass, the gradient of this turn's y is available only after that of x, which
 * sums the gradients of the later turns.
 */
export const sequenced = (y: Tensor, x: Tensor): [y: Tensor, x: Tensor] =>
  apply(sequencedOp, [y, x]) as [Tensor, Tensor];

/** A program's inputs and constants: they are in memory anyway. */
const isLeaf = (tensor: Tensor): boolean => tensor.node.inputs.length === 0;

const recomputedOp: Op<"recomputed"> = {
  name: "recomputed",
  types: ([y]) => [{ shape: y.shape, dtype: y.dtype }],
  // The copy reads its inputs only once dy is available, and no gradient leaves before all are computed: whatever order
  // a runtime chooses, the activations of one part are freed before those of the next are computed.
  gradient: (node, [dy], wanted) => {
    if (!dy) return [];
    const [y, ...given] = node.inputs;
    const again = given.map((x) => (isLeaf(x) ? x : controlDependency(x, [dy])));
    const asked = again.filter((_, i) => wanted[i + 1]);
    const found = vectorJacobian(copy(y, given, again), dy, asked, new Set(again));
    const made = found.filter((gradient) => gradient !== undefined);
    const byInput = new Map(asked.map((x, i) => [x, found[i]]));
    return [
      undefined,
      ...again.map((x) => {
        const gradient = byInput.get(x);
        if (gradient === undefined || isLeaf(x)) return gradient;
        return controlDependency(
          gradient,
          made.filter((other) => other !== gradient),
        );
      }),
    ];
  },
};

/**
 * The tensor that `build` returns, without keeping its inner tensors for the backward pass: they are computed a second
 * time, from the tensors that existed before `build` was called.
 */
export function recomputed(build: () => Tensor): Tensor {
  const start = Node.made;
  const y = build();
  if (y.node.number < start) return y;
  const given = new Set<Tensor>();
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const input of node.inputs) {
      if (input.node.number < start) given.add(input);
      else visit(input.node);
    }
  };
  visit(y.node);
  return apply(recomputedOp, [y, ...given])[0];
}

/** A copy of y's graph in which the tensors `given` are replaced by those of `instead`. */
function copy(y: Tensor, given: readonly Tensor[], instead: readonly Tensor[]): Tensor {
  const copies = new Map(given.map((x, i) => [x, instead[i]]));
  const visit = (tensor: Tensor): Tensor => {
    const known = copies.get(tensor);
    if (known) return known;
    const { op, inputs, attributes, outputs } = tensor.node;
    const made = inputs.length === 0 ? outputs : applyWith(op, inputs.map(visit), attributes);
    for (const [i, output] of outputs.entries()) copies.set(output, made[i]);
    return made[tensor.index];
  };
  return visit(y);
}
