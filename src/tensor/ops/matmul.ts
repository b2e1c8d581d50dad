import { applyWith, type Op, type Tensor } from "../graph.js";
import type { OpAttributes } from "../op-attributes.js";
import { broadcastShapes, type Dim, ShapeError } from "../shape.js";
import { sumTo } from "./reduce.js";

const matmulOp: Op<"matmul"> = {
  name: "matmul",
  types: ([a, b], { transA, transB }) => {
    if (a.rank < 2 || b.rank < 2)
      throw new ShapeError("matmul", "both factors need two axes", [a.shape, b.shape]);
    if (a.dtype !== "f32" || b.dtype !== "f32") {
      throw new ShapeError("matmul", `needs f32, got ${a.dtype} and ${b.dtype}`, [a.shape, b.shape]);
    }
    const [m, k] = lastTwo(a, transA);
    const [k2, n] = lastTwo(b, transB);
    if (k !== k2) {
      const how = `a${transA ? "ᵀ" : ""} has ${k} columns, b${transB ? "ᵀ" : ""} has ${k2} rows`;
      throw new ShapeError("matmul", how, [a.shape, b.shape]);
    }
    return [
      {
        shape: [...broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n],
        dtype: "f32",
      },
    ];
  },
  // With A' = op(A), B' = op(B): dA' = alpha dY B'^T and dB' = alpha A'^T dY; the flags take care of the transposes.
  gradient: (node, [dy]) => {
    if (!dy) return [];
    const [a, b] = node.inputs;
    const { transA, transB, alpha } = node.attributes;
    const da = transA
      ? matmul(b, dy, { transA: transB, transB: true, alpha })
      : matmul(dy, b, { transB: !transB, alpha });
    const db = transB
      ? matmul(dy, a, { transA: true, transB: transA, alpha })
      : matmul(a, dy, { transA: !transA, alpha });
    return [sumTo(da, a.shape), sumTo(db, b.shape)];
  },
};

function lastTwo(x: Tensor, transposed: boolean): [Dim, Dim] {
  const [rows, columns] = x.shape.slice(-2);
  return transposed ? [columns, rows] : [rows, columns];
}

/**
 * alpha op(A) op(B) over the last two axes, with leading axes broadcast; op transposes the last two axes if its flag is
 * set. [..., m, k] x [..., k, n] -> [..., m, n].
 */
export function matmul(a: Tensor, b: Tensor, options: Partial<OpAttributes["matmul"]> = {}): Tensor {
  return applyWith(matmulOp, [a, b], { transA: false, transB: false, alpha: 1, ...options })[0];
}
