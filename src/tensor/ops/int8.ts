import { apply, applyWith, type Op, type Tensor, type TensorType } from "../graph.js";
import type { ActivationBits, Int8Matrix } from "../op-attributes.js";
import { ShapeError } from "../shape.js";
import { add, constant } from "./elementwise.js";
import { gatherRows } from "./index-ops.js";
import { reshape, slice } from "./layout.js";

/**
 * The output types of a product of f32 [N, K] with i8 [K, M] and scales f32 [M]. @param needs the text of the error.
 */
const productTypes =
  (name: "int8Matmul" | "int8Expectation", needs: string) =>
  ([x, values, scales]: readonly Tensor[]): TensorType[] => {
    const [N, K] = x.shape;
    const [rows, columns] = values.shape;
    const fits = x.rank === 2 && values.rank === 2 && K === rows && scales.shape.join() === `${columns}`;
    if (!fits || x.dtype !== "f32" || values.dtype !== "i8" || scales.dtype !== "f32")
      throw new ShapeError(name, needs, [x.shape, values.shape, scales.shape]);
    return [{ shape: [N, columns], dtype: "f32" }];
  };

const int8MatmulOp: Op<"int8Matmul"> = {
  name: "int8Matmul",
  types: productTypes("int8Matmul", "needs x f32 [N, K], values i8 [K, M] and scales f32 [M]"),
  gradient: (node, [dy]) => {
    const [, values, scales] = node.inputs;
    const adjoint = node.attributes.adjoint;
    if (!dy) return [];
    if (!adjoint)
      throw new Error("int8Matmul: no adjoint was given, so the product cannot be differentiated");
    return [int8Matmul(dy, adjoint, { bits: 8, adjoint: { values, scales } }), undefined, undefined];
  },
};

/**
 * x W with W in 8 bits. Each row of x is scaled by its largest magnitude and rounded, and the product is one of whole
 * numbers (vector-wise quantisation, Dettmers et al. 2022, LLM.int8). With 16 bits, x is split into two digits of 8
 * bits, which makes two products. The gradient of x is the same kind of product with the adjoint: rounding is
 * differentiated as the identity.
 *
 * @param x [N, K]. @param weight [K, M]. @param options.adjoint the transpose, [M, K], with a scale for each of its
 * columns; needed if x is differentiated. @returns [N, M].
 */
export function int8Matmul(
  x: Tensor,
  weight: Int8Matrix,
  { bits = 8, adjoint }: { bits?: ActivationBits; adjoint?: Int8Matrix } = {},
): Tensor {
  return applyWith(int8MatmulOp, [x, weight.values, weight.scales], { bits, adjoint })[0];
}

/** The step to which `int8Expectation` rounds probabilities: 255 of them make 1. */
export const EXPECTATION_STEP = 1 / 255;

const int8ExpectationOp: Op<"int8Expectation"> = {
  name: "int8Expectation",
  types: productTypes("int8Expectation", "needs q f32 [N, V], values i8 [V, D] and scales f32 [D]"),
};

/**
 * q W, the expectation of W's rows under each distribution, with W in 8 bits, as a product of whole numbers. Rounded to
 * the nearest step, a distribution over tens of thousands of tokens would lose its tail. So each probability is rounded
 * up or down at random, with fixed draws and in proportion to how near it is to either (stochastic rounding, Gupta et
 * al. 2015): this is right on average, and adds noise of about a sixteenth of a row's length. It has no gradient.
 *
 * @param q [N, V], 0 to 1, N static. @param table [V, D]. @param dither [R, V], uniform within +- half an
 * `EXPECTATION_STEP`; row i of q takes row i mod R. @returns [N, D].
 */
export function int8Expectation(q: Tensor, table: Int8Matrix, dither: Tensor): Tensor {
  const [N, V] = q.shape as [number, number];
  const R = dither.shape[0] as number;
  const dithered = (): Tensor => {
    if (N <= R) return add(q, slice(dither, 0, 0, N));
    if (N % R === 0) return reshape(add(reshape(q, [N / R, R, V]), dither), [N, V]);
    const row = BigInt64Array.from({ length: N }, (_, i) => BigInt(i % R));
    return add(q, gatherRows(dither, constant(row, [N], "i64")));
  };
  return apply(int8ExpectationOp, [dithered(), table.values, table.scales])[0];
}
