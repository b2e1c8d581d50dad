/**
 * Each operation by its definition, one element after another: sums in double precision, rounded once to f32. Nothing
 * is shared with another runtime, so that a test of one against the other can fail.
 */
import { elementCount } from "../../base/element-count.js";
import type { Node, PlainOpName } from "../../tensor/index.js";
import type { OpName } from "../../tensor/op-names.js";
import {
  aroundAxis,
  axisOf,
  broadcastPlaces,
  filled,
  numberAt,
  type ShapeOf,
  stridesOf,
  type Values,
} from "./array.js";
import { cachedAttention, rotary } from "./attention-kernels.js";
import { int8Expectation, int8Matmul } from "./int8-kernels.js";

/** @param shapeOf shapes of the node's outputs. @returns the outputs in order. */
type Kernel<N extends OpName> = (node: Node<N>, inputs: readonly Values[], shapeOf: ShapeOf) => Values[];

const binary =
  (of: (a: number, b: number) => number): Kernel<PlainOpName> =>
  (node, [a, b], shapeOf) => {
    const [output] = node.outputs;
    const shape = shapeOf(output);
    const [toA, toB] = [broadcastPlaces(a.shape, shape), broadcastPlaces(b.shape, shape)];
    return [filled(output.dtype, shape, (i) => of(numberAt(a, toA[i]), numberAt(b, toB[i])))];
  };

const unary =
  (of: (x: number) => number): Kernel<PlainOpName> =>
  (_node, [x]) => [filled(x.dtype, x.shape, (i) => of(numberAt(x, i)))];

/** The same values in another shape. */
const reshaped: Kernel<"reshape"> = (node, [x], shapeOf) => [{ ...x, shape: shapeOf(node.outputs[0]) }];
const same: Kernel<PlainOpName> = (_node, [x]) => [x];

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/**
 * The error function by its series (Abramowitz and Stegun 7.1.6) and, for large arguments, by the continued fraction of
 * erfc (7.1.14).
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 2.5) {
    let [term, sum] = [size, size];
    for (let n = 1; n < 80; n++) {
      term *= (2 * size * size) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-size * size) * sum;
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / fraction);
}

const gelu = (x: number): number => (x * (1 + erf(x * Math.SQRT1_2))) / 2;
const geluTanh = (x: number): number =>
  (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;

/** Maps each row along the last axis to a new row of the same length. */
const byRow =
  (of: (row: Float64Array) => ArrayLike<number>): Kernel<PlainOpName> =>
  (_node, [x]) => {
    const n = x.shape[x.shape.length - 1];
    const rows = Array.from({ length: elementCount(x.shape) / n }, (_, r) =>
      of(Float64Array.from({ length: n }, (__, i) => numberAt(x, r * n + i))),
    );
    return [filled("f32", x.shape, (i) => rows[Math.floor(i / n)][i % n])];
  };

export function logSoftmaxOf(row: Float64Array): Float64Array {
  const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const log = top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
  return row.map((x) => x - log);
}

/** Reduces along some axes, with `start` as the initial value. */
function reduced(
  x: Values,
  axes: readonly number[],
  start: number,
  join: (a: number, b: number) => number,
): Float64Array {
  const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const [strides, out] = [stridesOf(x.shape), stridesOf(kept)];
  const result = new Float64Array(elementCount(kept)).fill(start);
  for (let i = 0; i < x.data.length; i++) {
    let place = 0;
    for (const [axis, length] of kept.entries())
      if (length > 1) place += out[axis] * (Math.floor(i / strides[axis]) % length);
    result[place] = join(result[place], numberAt(x, i));
  }
  return result;
}

const matmul: Kernel<"matmul"> = (node, [a, b], shapeOf) => {
  const { transA, transB, alpha } = node.attributes;
  const shape = shapeOf(node.outputs[0]);
  const [m, n] = shape.slice(-2);
  const lead = shape.slice(0, -2);
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const k = transA ? rowsA : columnsA;
  const [atA, atB] = [a.shape, b.shape].map((own) => broadcastPlaces(own.slice(0, -2), lead));
  const product = (i: number): number => {
    const [batch, row, column] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n];
    const [startA, startB] = [atA[batch] * rowsA * columnsA, atB[batch] * rowsB * columnsB];
    let sum = 0;
    for (let j = 0; j < k; j++)
      sum +=
        numberAt(a, startA + (transA ? j * columnsA + row : row * columnsA + j)) *
        numberAt(b, startB + (transB ? column * columnsB + j : j * columnsB + column));
    return alpha * sum;
  };
  return [filled("f32", shape, product)];
};

const cast: Kernel<"cast"> = (node, [x]) => {
  const { dtype } = node.attributes;
  const of =
    dtype === "bool" ? (v: number) => (v !== 0 ? 1 : 0) : dtype === "f32" ? (v: number) => v : Math.trunc;
  return [filled(dtype, x.shape, (i) => of(numberAt(x, i)))];
};

const where: Kernel<"where"> = (node, [condition, a, b], shapeOf) => {
  const [output] = node.outputs;
  const shape = shapeOf(output);
  const [toC, toA, toB] = [condition, a, b].map((own) => broadcastPlaces(own.shape, shape));
  return [
    filled(output.dtype, shape, (i) =>
      numberAt(condition, toC[i]) ? numberAt(a, toA[i]) : numberAt(b, toB[i]),
    ),
  ];
};

const transpose: Kernel<"transpose"> = (node, [x], shapeOf) => {
  const { order } = node.attributes;
  const shape = shapeOf(node.outputs[0]);
  const [from, to] = [stridesOf(x.shape), stridesOf(shape)];
  const place = (i: number): number =>
    order.reduce((sum, axis, d) => sum + from[axis] * (Math.floor(i / to[d]) % shape[d]), 0);
  return [filled(x.dtype, shape, (i) => numberAt(x, place(i)))];
};

const concat: Kernel<"concat"> = (node, inputs, shapeOf) => {
  const shape = shapeOf(node.outputs[0]);
  const axis = axisOf(node.attributes.axis, shape.length);
  const [, length, inner] = aroundAxis(shape, axis);
  const lengths = inputs.map((x) => x.shape[axis]);
  const value = (i: number): number => {
    const outer = Math.floor(i / (length * inner));
    let at = Math.floor(i / inner) % length;
    let part = 0;
    while (at >= lengths[part]) at -= lengths[part++];
    return numberAt(inputs[part], (outer * lengths[part] + at) * inner + (i % inner));
  };
  return [filled(inputs[0].dtype, shape, value)];
};

/** Elements from `start` on along an axis, as many as the given shape has. */
function sliced(x: Values, axis: number, start: number, shape: readonly number[]): Values {
  const [, length, inner] = aroundAxis(shape, axis);
  const whole = x.shape[axis];
  const value = (i: number): number => {
    const [outer, at] = [Math.floor(i / (length * inner)), Math.floor(i / inner) % length];
    return numberAt(x, (outer * whole + start + at) * inner + (i % inner));
  };
  return filled(x.dtype, shape, value);
}

const slice: Kernel<"slice"> = (node, [x], shapeOf) => {
  const { axis, start } = node.attributes;
  return [sliced(x, axisOf(axis, x.shape.length), start, shapeOf(node.outputs[0]))];
};

const split: Kernel<"split"> = (node, [x], shapeOf) => {
  const axis = axisOf(node.attributes.axis, x.shape.length);
  let start = 0;
  return node.outputs.map((output) => {
    const shape = shapeOf(output);
    const part = sliced(x, axis, start, shape);
    start += shape[axis];
    return part;
  });
};

const cumulativeSum: Kernel<"cumulativeSum"> = (node, [x]) => {
  const { axis, reverse } = node.attributes;
  const [, length, inner] = aroundAxis(x.shape, axisOf(axis, x.shape.length));
  const value = (i: number): number => {
    const at = Math.floor(i / inner) % length;
    let sum = 0;
    if (reverse) for (let j = at; j < length; j++) sum += numberAt(x, i + (j - at) * inner);
    else for (let j = 0; j <= at; j++) sum += numberAt(x, i + (j - at) * inner);
    return sum;
  };
  return [filled(x.dtype, x.shape, value)];
};

/** An index into a row of `length`; a negative one counts from the end. @throws RangeError if it is outside. */
function indexWithin(indices: Values, i: number, length: number): number {
  const index = numberAt(indices, i);
  const place = index < 0 ? index + length : index;
  if (place >= 0 && place < length) return place;
  throw new RangeError(`index ${index} is outside of ${length} rows`);
}

const gatherRows: Kernel<"gatherRows"> = (node, [table, indices], shapeOf) => {
  const width = elementCount(table.shape.slice(1));
  const value = (i: number): number =>
    numberAt(table, indexWithin(indices, Math.floor(i / width), table.shape[0]) * width + (i % width));
  return [filled(table.dtype, shapeOf(node.outputs[0]), value)];
};

const scatterAddRows: Kernel<"scatterAddRows"> = (_node, [base, indices, rows]) => {
  const width = elementCount(base.shape.slice(1));
  const sums = Float64Array.from({ length: base.data.length }, (_, i) => numberAt(base, i));
  for (let i = 0; i < rows.data.length; i++)
    sums[indexWithin(indices, Math.floor(i / width), base.shape[0]) * width + (i % width)] += numberAt(
      rows,
      i,
    );
  return [filled(base.dtype, base.shape, (i) => sums[i])];
};

const pick: Kernel<"pick"> = (_node, [x, indices]) => {
  const n = x.shape[x.shape.length - 1];
  return [filled(x.dtype, indices.shape, (i) => numberAt(x, i * n + indexWithin(indices, i, n)))];
};

const scatterAddPicked: Kernel<"scatterAddPicked"> = (_node, [base, indices, values]) => {
  const n = base.shape[base.shape.length - 1];
  const sums = Float64Array.from({ length: base.data.length }, (_, i) => numberAt(base, i));
  for (let i = 0; i < values.data.length; i++)
    sums[i * n + indexWithin(indices, i, n)] += numberAt(values, i);
  return [filled(base.dtype, base.shape, (i) => sums[i])];
};

const tokenLogProbs: Kernel<"tokenLogProbs"> = (_node, [logits, ids]) => {
  const n = logits.shape[logits.shape.length - 1];
  const row = (i: number) => Float64Array.from({ length: n }, (_, j) => numberAt(logits, i * n + j));
  return [filled("f32", ids.shape, (i) => logSoftmaxOf(row(i))[indexWithin(ids, i, n)])];
};

const sum: Kernel<"sum"> = (node, [x], shapeOf) => {
  const axes = node.attributes.axes.map((axis) => axisOf(axis, x.shape.length));
  const sums = reduced(x, axes, 0, (a, b) => a + b);
  return [filled(x.dtype, shapeOf(node.outputs[0]), (i) => sums[i])];
};

const reduceMax: Kernel<"reduceMax"> = (node, [x], shapeOf) => {
  const axis = axisOf(node.attributes.axis, x.shape.length);
  const most = reduced(x, [axis], Number.NEGATIVE_INFINITY, Math.max);
  return [filled(x.dtype, shapeOf(node.outputs[0]), (i) => most[i])];
};

const argmax: Kernel<"argmax"> = (node, [x], shapeOf) => {
  const n = x.shape[x.shape.length - 1];
  const first = (row: number): number => {
    let best = 0;
    for (let j = 1; j < n; j++) if (numberAt(x, row * n + j) > numberAt(x, row * n + best)) best = j;
    return best;
  };
  return [filled("i64", shapeOf(node.outputs[0]), first)];
};

/** Norms over the last axis: the values, and the statistics that their gradients need. */
const rmsNorm: Kernel<"rmsNorm"> = (node, [x, weight], shapeOf) => {
  const n = x.shape[x.shape.length - 1];
  const scales = Float64Array.from({ length: x.data.length / n }, (_, r) => {
    let squares = 0;
    for (let i = 0; i < n; i++) squares += numberAt(x, r * n + i) ** 2;
    return 1 / Math.sqrt(squares / n + node.attributes.eps);
  });
  return [
    filled("f32", x.shape, (i) => numberAt(x, i) * scales[Math.floor(i / n)] * numberAt(weight, i % n)),
    filled("f32", shapeOf(node.outputs[1]), (r) => scales[r]),
  ];
};

const layerNorm: Kernel<"layerNorm"> = (node, [x, weight, bias], shapeOf) => {
  const n = x.shape[x.shape.length - 1];
  const rows = x.data.length / n;
  const [means, scales] = [new Float64Array(rows), new Float64Array(rows)];
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < n; i++) means[r] += numberAt(x, r * n + i) / n;
    let variance = 0;
    for (let i = 0; i < n; i++) variance += (numberAt(x, r * n + i) - means[r]) ** 2 / n;
    scales[r] = 1 / Math.sqrt(variance + node.attributes.eps);
  }
  const value = (i: number): number => {
    const r = Math.floor(i / n);
    return (numberAt(x, i) - means[r]) * scales[r] * numberAt(weight, i % n) + numberAt(bias, i % n);
  };
  return [
    filled("f32", x.shape, value),
    filled("f32", shapeOf(node.outputs[1]), (r) => means[r]),
    filled("f32", shapeOf(node.outputs[2]), (r) => scales[r]),
  ];
};

const clip: Kernel<"clip"> = (node, [x]) => {
  const { low, high } = node.attributes;
  return [filled(x.dtype, x.shape, (i) => Math.min(high, Math.max(low, numberAt(x, i))))];
};

/** Operations that compute their outputs; inputs come from the run. */
type ComputedOp = Exclude<OpName, "input">;

export const isComputed = (node: Node): node is Node<ComputedOp> => node.op.name !== "input";

/** Computes a node's outputs with its operation's entry in the table. */
export function computed<N extends ComputedOp>(
  node: Node<N>,
  inputs: readonly Values[],
  shapeOf: ShapeOf,
): Values[] {
  const kernel: Kernel<N> = KERNELS[node.op.name];
  return kernel(node, inputs, shapeOf);
}

const KERNELS: { readonly [N in ComputedOp]: Kernel<N> } = {
  constant: (node, _inputs, shapeOf) => [
    {
      dtype: node.outputs[0].dtype,
      shape: shapeOf(node.outputs[0]),
      data: node.attributes.data,
    },
  ],
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  less: binary((a, b) => Number(a < b)),
  lessOrEqual: binary((a, b) => Number(a <= b)),
  equal: binary((a, b) => Number(a === b)),
  and: binary((a, b) => Number(a !== 0 && b !== 0)),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  reciprocal: unary((x) => 1 / x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  sigmoid: unary(sigmoid),
  tanh: unary(Math.tanh),
  softplus: unary(softplus),
  erf: unary(erf),
  silu: unary((x) => x * sigmoid(x)),
  gelu: unary(gelu),
  geluTanh: unary(geluTanh),
  clip,
  cast,
  where,
  fillLike: (node, [x]) => [filled("f32", x.shape, () => node.attributes.value)],
  expand: (node, [x], shapeOf) => {
    const shape = shapeOf(node.outputs[0]);
    const places = broadcastPlaces(x.shape, shape);
    return [filled(x.dtype, shape, (i) => numberAt(x, places[i]))];
  },
  reshape: reshaped,
  transpose,
  concat,
  slice,
  split,
  sum,
  reduceMax,
  cumulativeSum,
  argmax,
  softmax: byRow((row) => logSoftmaxOf(row).map(Math.exp)),
  logSoftmax: byRow(logSoftmaxOf),
  rmsNorm,
  layerNorm,
  matmul,
  int8Matmul,
  int8Expectation,
  gatherRows,
  scatterAddRows,
  pick,
  scatterAddPicked,
  tokenLogProbs,
  rotary,
  cachedAttention,
  stopGradient: same,
  withRowGradient: same,
  recomputed: same,
  controlDependency: same,
  sequenced: (_node, [y, x]) => [y, x],
};
