import { applyWith, type Op, type Tensor } from "../graph.js";
import { formatShape, multiplyDims, normalizeAxis, type Shape, ShapeError, sameShape } from "../shape.js";
import { zerosLike } from "./elementwise.js";

const reshapeOp: Op<"reshape"> = {
  name: "reshape",
  types: ([x], { shape }) => {
    if (multiplyDims(...x.shape) !== multiplyDims(...shape)) {
      throw new ShapeError("reshape", "the number of elements differs", [x.shape, shape]);
    }
    return [{ shape, dtype: x.dtype }];
  },
  gradient: (node, [dy]) => [dy && reshape(dy, node.inputs[0].shape)],
};
/** The same elements in another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : applyWith(reshapeOp, [x], { shape })[0];
}

const transposeOp: Op<"transpose"> = {
  name: "transpose",
  types: ([x], { order }) => {
    if ([...order].sort().join() !== x.shape.map((_, i) => i).join()) {
      throw new ShapeError("transpose", `order ${formatShape(order)} is not a permutation of the axes`, [
        x.shape,
      ]);
    }
    return [{ shape: order.map((axis) => x.shape[axis]), dtype: x.dtype }];
  },
  gradient: (node, [dy]) => {
    const { order } = node.attributes;
    const inverse = order.map((_, i) => order.indexOf(i));
    return [dy && transpose(dy, inverse)];
  },
};
/** Permutes axes: output axis i is input axis order[i]. */
export const transpose = (x: Tensor, order: readonly number[]): Tensor =>
  applyWith(transposeOp, [x], { order })[0];

const concatOp: Op<"concat"> = {
  name: "concat",
  types: (inputs, attributes) => {
    const axis = normalizeAxis("concat", attributes.axis, inputs[0].shape);
    let total = 0;
    for (const x of inputs) {
      const alike = x.rank === inputs[0].rank && x.dtype === inputs[0].dtype;
      const fits = alike && x.shape.every((d, i) => i === axis || d === inputs[0].shape[i]);
      const length = x.shape[axis];
      if (!fits || typeof length !== "number") {
        throw new ShapeError(
          "concat",
          `types must agree, and shapes except on axis ${axis}`,
          inputs.map((t) => t.shape),
        );
      }
      total += length;
    }
    return [{ shape: inputs[0].shape.map((d, i) => (i === axis ? total : d)), dtype: inputs[0].dtype }];
  },
  gradient: (node, [dy]) => {
    if (!dy) return [];
    const { axis } = node.attributes;
    let start = 0;
    return node.inputs.map((x) => {
      const length = x.shape[normalizeAxis("concat", axis, x.shape)] as number;
      start += length;
      return slice(dy, axis, start - length, start);
    });
  },
};
/** Joins tensors along an axis. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  return tensors.length === 1 ? tensors[0] : applyWith(concatOp, tensors, { axis })[0];
}

const sliceOp: Op<"slice"> = {
  name: "slice",
  types: ([x], attributes) => {
    const { start, end } = attributes;
    const axis = normalizeAxis("slice", attributes.axis, x.shape);
    const length = x.shape[axis];
    if (typeof length !== "number" || start < 0 || end > length || start >= end) {
      throw new ShapeError("slice", `[${start}, ${end}) is outside axis ${axis}`, [x.shape]);
    }
    return [{ shape: x.shape.map((d, i) => (i === axis ? end - start : d)), dtype: x.dtype }];
  },
  gradient: (node, [dy]) => {
    if (!dy) return [];
    const [x] = node.inputs;
    const { start, end } = node.attributes;
    const axis = normalizeAxis("slice", node.attributes.axis, x.shape);
    const length = x.shape[axis] as number;
    const parts: Tensor[] = [dy];
    const zeros = zerosLike(x);
    if (start > 0) parts.unshift(slice(zeros, axis, 0, start));
    if (end < length) parts.push(slice(zeros, axis, end, length));
    return [concat(parts, axis)];
  },
};
/** Elements [start, end) along an axis. */
export const slice = (x: Tensor, axis: number, start: number, end: number): Tensor =>
  applyWith(sliceOp, [x], { axis, start, end })[0];

const splitOp: Op<"split"> = {
  name: "split",
  types: ([x], { sizes, ...attributes }) => {
    const axis = normalizeAxis("split", attributes.axis, x.shape);
    if (sizes.reduce((total, size) => total + size, 0) !== x.shape[axis]) {
      throw new ShapeError("split", `sizes ${formatShape(sizes)} do not fill axis ${axis}`, [x.shape]);
    }
    return sizes.map((size) => ({ shape: x.shape.map((d, i) => (i === axis ? size : d)), dtype: x.dtype }));
  },
  gradient: (node, gradients) => {
    if (gradients.every((dy) => dy === undefined)) return [];
    const parts = node.outputs.map((y, i) => gradients[i] ?? zerosLike(y));
    return [concat(parts, node.attributes.axis)];
  },
};
/** Cuts a tensor along an axis into parts of the given lengths: the inverse of `concat`. */
export const split = (x: Tensor, axis: number, sizes: readonly number[]): Tensor[] =>
  applyWith(splitOp, [x], { axis, sizes });
