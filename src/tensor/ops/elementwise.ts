import { apply, applyWith, type DType, type Op, type Tensor } from "../graph.js";
import type { ConstantData, PlainOpName } from "../op-attributes.js";
import { broadcastShapes, type Shape, ShapeError, sameShape, sizeOf } from "../shape.js";
import { sumTo } from "./reduce.js";

/** A tensor, or a number that becomes an f32 scalar constant. */
export type Operand = Tensor | number;

const constantOp: Op<"constant"> = {
  name: "constant",
  types: (_inputs, { shape, dtype }) => [{ shape, dtype }],
  gradient: () => [],
};

/** A constant that is stored in the program. @throws ShapeError if the number of values does not fit the shape. */
export function constant(data: ConstantData, shape: readonly number[], dtype: DType = "f32"): Tensor {
  if (sizeOf(shape) !== data.length) {
    throw new ShapeError("constant", `${data.length} values do not fill the shape`, [shape]);
  }
  return applyWith(constantOp, [], { data, shape, dtype })[0];
}

/** An f32 scalar constant, shape []. */
export const scalar = (value: number): Tensor => constant(Float32Array.of(value), []);

const operand = (value: Operand): Tensor => (typeof value === "number" ? scalar(value) : value);

const fillLikeOp: Op<"fillLike"> = {
  name: "fillLike",
  types: ([x]) => [{ shape: x.shape, dtype: "f32" }],
  gradient: () => [undefined],
};

/** A tensor of x's shape with one value everywhere. */
export function fillLike(x: Tensor, value: number): Tensor {
  if (x.rank === 0) return scalar(value);
  return applyWith(fillLikeOp, [x], { value })[0];
}
export const zerosLike = (x: Tensor): Tensor => fillLike(x, 0);
export const onesLike = (x: Tensor): Tensor => fillLike(x, 1);

function binary(
  name: PlainOpName,
  gradient: (a: Tensor, b: Tensor, dy: Tensor, y: Tensor) => [Tensor | undefined, Tensor | undefined],
  result?: DType,
): (a: Operand, b: Operand) => Tensor {
  const op: Op<PlainOpName> = {
    name,
    types: ([a, b]) => {
      if (a.dtype !== b.dtype)
        throw new ShapeError(name, `types differ: ${a.dtype}, ${b.dtype}`, [a.shape, b.shape]);
      return [{ shape: broadcastShapes(name, a.shape, b.shape), dtype: result ?? a.dtype }];
    },
    gradient: (node, [dy]) => {
      if (!dy) return [undefined, undefined];
      const [a, b] = node.inputs;
      const [da, db] = gradient(a, b, dy, node.outputs[0]);
      return [da && sumTo(da, a.shape), db && sumTo(db, b.shape)];
    },
  };
  return (a, b) => apply(op, [operand(a), operand(b)])[0];
}

function unary(
  name: PlainOpName,
  gradient: (x: Tensor, dy: Tensor, y: Tensor) => Tensor,
): (x: Tensor) => Tensor {
  const op: Op<PlainOpName> = {
    name,
    types: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
    gradient: (node, [dy]) => [dy && gradient(node.inputs[0], dy, node.outputs[0])],
  };
  return (x) => apply(op, [x])[0];
}

/** a + b, broadcast. */
export const add = binary("add", (_a, _b, dy) => [dy, dy]);
/** a - b, broadcast. */
export const sub = binary("sub", (_a, _b, dy) => [dy, neg(dy)]);
/** a b, broadcast. */
export const mul = binary("mul", (a, b, dy) => [mul(dy, b), mul(dy, a)]);
/** a / b, broadcast. */
export const div = binary("div", (_a, b, dy, y) => [div(dy, b), neg(div(mul(dy, y), b))]);
/** max(a, b), broadcast; at a tie the gradient goes to a. */
export const maximum = binary("maximum", (a, b, dy) => {
  const toB = cast(less(a, b), "f32");
  return [mul(dy, sub(1, toB)), mul(dy, toB)];
});
/** min(a, b), broadcast; at a tie the gradient goes to a. */
export const minimum = binary("minimum", (a, b, dy) => {
  const toB = cast(less(b, a), "f32");
  return [mul(dy, sub(1, toB)), mul(dy, toB)];
});

const noGradient = (): [undefined, undefined] => [undefined, undefined];
/** a < b as bool, broadcast. */
export const less = binary("less", noGradient, "bool");
/** a <= b as bool, broadcast. */
export const lessOrEqual = binary("lessOrEqual", noGradient, "bool");
/** a = b as bool, broadcast. */
export const equal = binary("equal", noGradient, "bool");
/** a and b for bools, broadcast. */
export const and = binary("and", noGradient, "bool");

export const neg = unary("neg", (_x, dy) => neg(dy));
export const exp = unary("exp", (_x, dy, y) => mul(dy, y));
export const log = unary("log", (x, dy) => div(dy, x));
export const sqrt = unary("sqrt", (_x, dy, y) => div(mul(dy, 0.5), y));
export const reciprocal = unary("reciprocal", (_x, dy, y) => neg(mul(dy, mul(y, y))));
/** |x|, gradient sign(x). */
export const abs = unary("abs", (x, dy) => mul(dy, sign(x)));
export const sign = unary("sign", (x) => zerosLike(x));
/** 1 / (1 + e^-x), gradient y (1 - y). */
export const sigmoid = unary("sigmoid", (_x, dy, y) => mul(dy, mul(y, sub(1, y))));
export const tanh = unary("tanh", (_x, dy, y) => mul(dy, sub(1, mul(y, y))));
/** log(1 + e^x), stable for large |x|; gradient sigmoid(x). */
export const softplus = unary("softplus", (x, dy) => mul(dy, sigmoid(x)));
/** log sigmoid(x) = -softplus(-x). */
export const logSigmoid = (x: Tensor): Tensor => neg(softplus(neg(x)));
/** x^2. */
export const square = (x: Tensor): Tensor => mul(x, x);

/** x sigmoid(x); gradient s + y - s y, with s = sigmoid(x). */
export const silu = unary("silu", (x, dy, y) => {
  const s = sigmoid(x);
  return mul(dy, sub(add(s, y), mul(s, y)));
});

/** The error function 2 / sqrt(pi) int_0^x exp(-t^2) dt. */
export const erf = unary("erf", (x, dy) => mul(dy, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))));

/** x Phi(x), Phi the normal distribution (Hendrycks and Gimpel 2016); gradient Phi(x) + x phi(x). */
export const gelu = unary("gelu", (x, dy) => {
  const below = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
  const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return mul(dy, add(below, mul(x, density)));
});

/**
 * The tanh approximation of GELU: x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3) (Hendrycks and Gimpel
 * 2016); gradient (1 + tanh u) / 2 + x (1 - tanh^2 u) u' / 2.
 */
export const geluTanh = unary("geluTanh", (x, dy) => {
  const [c, a] = [Math.sqrt(2 / Math.PI), 0.044715];
  const squared = square(x);
  const t = tanh(mul(x, add(mul(squared, c * a), c)));
  const slope = add(mul(squared, 3 * c * a), c);
  return mul(dy, mul(add(add(t, 1), mul(mul(x, slope), sub(1, square(t)))), 0.5));
});

const castOp: Op<"cast"> = {
  name: "cast",
  types: ([x], { dtype }) => [{ shape: x.shape, dtype }],
  gradient: (node, [dy]) => [node.inputs[0].dtype === "f32" ? dy : undefined],
};
/** The same values as another type; bool becomes 0 and 1. Gradients pass between f32 only. */
export const cast = (x: Tensor, dtype: DType): Tensor => applyWith(castOp, [x], { dtype })[0];

const whereOp: Op<"where"> = {
  name: "where",
  types: ([condition, a, b]) => {
    if (condition.dtype !== "bool")
      throw new ShapeError("where", "the condition must be bool", [condition.shape]);
    if (a.dtype !== b.dtype)
      throw new ShapeError("where", `types differ: ${a.dtype}, ${b.dtype}`, [a.shape, b.shape]);
    const shape = broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape));
    return [{ shape, dtype: a.dtype }];
  },
  gradient: (node, [dy]) => {
    const [condition, a, b] = node.inputs;
    if (!dy) return [];
    return [undefined, sumTo(where(condition, dy, 0), a.shape), sumTo(where(condition, 0, dy), b.shape)];
  },
};
/** a where the condition holds, else b; broadcast. */
export const where = (condition: Tensor, a: Operand, b: Operand): Tensor =>
  apply(whereOp, [condition, operand(a), operand(b)])[0];

const clipOp: Op<"clip"> = {
  name: "clip",
  types: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  gradient: (node, [dy]) => {
    const [x] = node.inputs;
    const { low, high } = node.attributes;
    return [dy && where(and(lessOrEqual(scalar(low), x), lessOrEqual(x, scalar(high))), dy, 0)];
  },
};
/** x limited to [low, high]; the gradient is 0 outside. */
export const clip = (x: Tensor, low: number, high: number): Tensor =>
  applyWith(clipOp, [x], { low, high })[0];

const stopGradientOp: Op<"stopGradient"> = {
  name: "stopGradient",
  types: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  gradient: () => [undefined],
};
/** x, treated as a constant in differentiation. */
export const stopGradient = (x: Tensor): Tensor => apply(stopGradientOp, [x])[0];

const expandOp: Op<"expand"> = {
  name: "expand",
  types: ([x], { shape }) => {
    if (!sameShape(broadcastShapes("expand", x.shape, shape), shape)) {
      throw new ShapeError("expand", "the input does not stretch to the shape", [x.shape, shape]);
    }
    return [{ shape, dtype: x.dtype }];
  },
  gradient: (node, [dy]) => [dy && sumTo(dy, node.inputs[0].shape)],
};
/** x stretched to a static shape by broadcasting. */
export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : applyWith(expandOp, [x], { shape })[0];
}
