import { apply, applyWith, type Op, type Tensor } from "../graph.js";
import {
  broadcastShapes,
  type Dim,
  formatShape,
  multiplyDims,
  normalizeAxis,
  type Shape,
  ShapeError,
  sameShape,
  sizeOf,
} from "../shape.js";
import { expand, mul } from "./elementwise.js";
import { reshape } from "./layout.js";

function reducedShape(op: string, x: Tensor, axes: readonly number[], keep: boolean): Dim[] {
  const normal = axes.map((axis) => normalizeAxis(op, axis, x.shape));
  if (new Set(normal).size < normal.length)
    throw new ShapeError(op, `axes ${formatShape(axes)} repeat`, [x.shape]);
  return x.shape.flatMap((dim, i) => (normal.includes(i) ? (keep ? [1] : []) : [dim]));
}

const sumOp: Op<"sum"> = {
  name: "sum",
  types: ([x], { axes, keep }) => [{ shape: reducedShape("sum", x, axes, keep), dtype: x.dtype }],
  gradient: (node, [dy]) => {
    const [x] = node.inputs;
    return [dy && expand(reshape(dy, reducedShape("sum", x, node.attributes.axes, true)), x.shape)];
  },
};

const allAxes = (x: Tensor): number[] => x.shape.map((_, i) => i);

/** Sum over axes (default: all). The axes are dropped, or kept with length 1 if `keep` is set. */
export function sum(x: Tensor, axes: readonly number[] = allAxes(x), keep = false): Tensor {
  return axes.length === 0 ? x : applyWith(sumOp, [x], { axes, keep })[0];
}

/** Mean over axes (default: all). The reduced axes must be static. */
export function mean(x: Tensor, axes: readonly number[] = allAxes(x), keep = false): Tensor {
  const count = sizeOf(
    axes.map((axis) => x.shape[normalizeAxis("mean", axis, x.shape)]),
    "mean",
  );
  return mul(sum(x, axes, keep), 1 / count);
}

const reduceMaxOp: Op<"reduceMax"> = {
  name: "reduceMax",
  types: ([x], { axis }) => [{ shape: reducedShape("reduceMax", x, [axis], true), dtype: x.dtype }],
  gradient: () => [undefined],
};
/**
 * Maximum over one axis, which is kept with length 1. Its gradient is zero: it serves numerical stability and metrics.
 */
export const reduceMax = (x: Tensor, axis: number): Tensor => applyWith(reduceMaxOp, [x], { axis })[0];

/** Sums x over the axes along which `shape` was broadcast to x's shape: the adjoint of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const extra = x.rank - shape.length;
  if (!sameShape(broadcastShapes("sumTo", shape, x.shape), x.shape)) {
    throw new ShapeError("sumTo", "the shape does not stretch to the tensor's", [x.shape, shape]);
  }
  const axes = x.shape.flatMap((dim, i) => (i < extra || (shape[i - extra] === 1 && dim !== 1) ? [i] : []));
  return reshape(sum(x, axes, true), shape);
}

const cumulativeSumOp: Op<"cumulativeSum"> = {
  name: "cumulativeSum",
  types: ([x], { axis }) => {
    normalizeAxis("cumulativeSum", axis, x.shape);
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  gradient: (node, [dy]) => {
    const { axis, reverse } = node.attributes;
    return [dy && cumulativeSum(dy, axis, !reverse)];
  },
};
/** Running sum along an axis; `reverse` runs from the end. */
export const cumulativeSum = (x: Tensor, axis: number, reverse = false): Tensor =>
  applyWith(cumulativeSumOp, [x], { axis, reverse })[0];

const argmaxOp: Op<"argmax"> = {
  name: "argmax",
  types: ([x]) => {
    if (x.rank < 1) throw new ShapeError("argmax", "needs an axis", [x.shape]);
    return [{ shape: x.shape.slice(0, -1), dtype: "i64" }];
  },
};
/** Index of the first maximum along the last axis: [..., n] to i64 [...]. */
export const argmax = (x: Tensor): Tensor => apply(argmaxOp, [x])[0];

/** Number of rows along the last axis: the product of all other dimensions. */
export const rowsOf = (x: Tensor): Dim => multiplyDims(...x.shape.slice(0, -1));
