/**
 * Recomputation: what a part of a program keeps for the backward pass is only its inputs, and the rest is made anew when
 * its gradient is (Chen et al. 2016, Training deep nets with sublinear memory cost).
 */
import { vectorJacobian } from "./gradient.js";
import { apply, applyWith, Node, type Op, type Tensor } from "./graph.js";

const controlDependencyOp: Op<"controlDependency"> = {
  name: "controlDependency",
  types: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  gradient: (node, [dy]) => [dy, ...node.inputs.slice(1).map(() => undefined)],
};

/** x itself, of a static shape, but not before the others have been computed. Costs no copy and keeps none of them. */
export const controlDependency = (x: Tensor, others: readonly Tensor[]): Tensor =>
  others.length === 0 ? x : apply(controlDependencyOp, [x, ...others])[0];

const sequencedOp: Op<"sequenced"> = {
  name: "sequenced",
  types: (inputs) => inputs.map(({ shape, dtype }) => ({ shape, dtype })),
  gradient: (_node, [dy, dx]) => [dy && dx ? controlDependency(dy, [dx]) : dy, dx],
};

/**
 * y and x as they are, for what is done in turns: x, which the next turn reads, is there only after this turn's y, and in
 * the backward pass the gradient of this turn's y only after that of x, in which the later turns' are summed.
 */
export const sequenced = (y: Tensor, x: Tensor): [y: Tensor, x: Tensor] =>
  apply(sequencedOp, [y, x]) as [Tensor, Tensor];

/** A program's inputs and constants: they are in memory anyway. */
const isLeaf = (tensor: Tensor): boolean => tensor.node.inputs.length === 0;

const recomputedOp: Op<"recomputed"> = {
  name: "recomputed",
  types: ([y]) => [{ shape: y.shape, dtype: y.dtype }],
  // The copy reads its inputs only once dy is there, and no gradient leaves before all of them are made: so whatever
  // order a runtime takes, one part's activations are gone before the next part's are made.
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
 * The tensor that `build` makes, without its inner tensors being kept for the backward pass: they are computed a second
 * time, from the tensors that `build` found when it was called.
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

/** y with other tensors in the place of those given. */
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
