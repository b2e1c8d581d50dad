import { apply, type Op, type Tensor } from "../graph.js";
import { ShapeError } from "../shape.js";

/** A frozen matrix in 8 bits: column j is `values[:, j] * scales[j]`. */
export interface Int8Matrix {
  /** i8 [in, out], in -127..127. */
  readonly values: Tensor;
  /** f32 [out]. */
  readonly scales: Tensor;
}

/** Bits to which a product rounds its left factor. */
export type ActivationBits = 8 | 16;

const int8MatmulOp: Op = {
  name: "int8Matmul",
  types: ([x, values, scales]) => {
    const [N, K] = x.shape;
    const [rows, columns] = values.shape;
    const fits = x.rank === 2 && values.rank === 2 && K === rows && scales.shape.join() === `${columns}`;
    if (!fits || x.dtype !== "f32" || values.dtype !== "i8" || scales.dtype !== "f32") {
      const shapes = [x.shape, values.shape, scales.shape];
      throw new ShapeError("int8Matmul", "needs x f32 [N, K], values i8 [K, M] and scales f32 [M]", shapes);
    }
    return [{ shape: [N, columns], dtype: "f32" }];
  },
  gradient: (node, [dy]) => {
    const [, values, scales] = node.inputs;
    const adjoint = node.attributes.adjoint as Int8Matrix | undefined;
    if (!dy) return [];
    if (!adjoint)
      throw new Error("int8Matmul: no adjoint was given, so the product cannot be differentiated");
    return [int8Matmul(dy, adjoint, { bits: 8, adjoint: { values, scales } }), undefined, undefined];
  },
};

/**
 * x W with W in 8 bits. Each row of x is brought to whole numbers by its own largest magnitude, and the product is one of
 * whole numbers (vector-wise quantisation, Dettmers et al. 2022, LLM.int8). With 16 bits x is two digits of 8 bits, and the
 * product is two. The gradient of x is the same kind of product with the adjoint: rounding counts as the identity.
 *
 * @param x [N, K]. @param weight [K, M]. @param options.adjoint the transpose, [M, K], with a scale for each of its columns;
 *   needed where x is differentiated. @returns [N, M].
 */
export function int8Matmul(
  x: Tensor,
  weight: Int8Matrix,
  { bits = 8, adjoint }: { bits?: ActivationBits; adjoint?: Int8Matrix } = {},
): Tensor {
  return apply(int8MatmulOp, [x, weight.values, weight.scales], { bits, adjoint })[0];
}
