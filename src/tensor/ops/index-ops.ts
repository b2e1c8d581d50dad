import { apply, type Op, type Tensor } from "../graph.js";
import { type Dim, multiplyDims, ShapeError } from "../shape.js";
import { zerosLike } from "./elementwise.js";
import { reshape } from "./layout.js";

function checkIndices(op: string, indices: Tensor): void {
  if (indices.dtype !== "i64" && indices.dtype !== "i32") {
    throw new ShapeError(op, `indices must be i32 or i64, not ${indices.dtype}`, [indices.shape]);
  }
}

const gatherRowsOp: Op<"gatherRows"> = {
  name: "gatherRows",
  types: ([table, indices]) => {
    checkIndices("gatherRows", indices);
    if (table.rank < 1) throw new ShapeError("gatherRows", "the table needs an axis", [table.shape]);
    return [{ shape: [...indices.shape, ...table.shape.slice(1)], dtype: table.dtype }];
  },
  gradient: (node, [dy]) => {
    const [table, indices] = node.inputs;
    if (!dy) return [];
    const count = multiplyDims(...indices.shape);
    const rows = reshape(dy, [count, ...table.shape.slice(1)]);
    return [scatterAddRows(zerosLike(table), reshape(indices, [count]), rows), undefined];
  },
};
/** Rows of a table: [V, ...] and indices [...s] to [...s, ...]. An index outside the table makes the run fail. */
export const gatherRows = (table: Tensor, indices: Tensor): Tensor =>
  apply(gatherRowsOp, [table, indices])[0];

const scatterAddRowsOp: Op<"scatterAddRows"> = {
  name: "scatterAddRows",
  types: ([base, indices, rows]) => {
    checkIndices("scatterAddRows", indices);
    const expected: Dim[] = [...indices.shape, ...base.shape.slice(1)];
    if (indices.rank !== 1 || expected.join() !== rows.shape.join() || rows.dtype !== base.dtype) {
      throw new ShapeError("scatterAddRows", "rows must be [n, ...] for n indices", [
        base.shape,
        indices.shape,
        rows.shape,
      ]);
    }
    return [{ shape: base.shape, dtype: base.dtype }];
  },
  gradient: (node, [dy]) => (dy ? [dy, undefined, gatherRows(dy, node.inputs[1])] : []),
};
/** base with rows added at indices; an index may occur several times. [V, ...], [n] and [n, ...] to [V, ...]. */
export const scatterAddRows = (base: Tensor, indices: Tensor, rows: Tensor): Tensor =>
  apply(scatterAddRowsOp, [base, indices, rows])[0];

const pickOp: Op<"pick"> = {
  name: "pick",
  types: ([x, indices]) => {
    checkIndices("pick", indices);
    if (x.rank < 1 || x.shape.slice(0, -1).join() !== indices.shape.join()) {
      throw new ShapeError("pick", "there must be one index per row", [x.shape, indices.shape]);
    }
    return [{ shape: indices.shape, dtype: x.dtype }];
  },
  gradient: (node, [dy]) =>
    dy ? [scatterAddPicked(zerosLike(node.inputs[0]), node.inputs[1], dy), undefined] : [],
};
/** One element of each row: x [..., n] and indices [...] to [...]. */
export const pick = (x: Tensor, indices: Tensor): Tensor => apply(pickOp, [x, indices])[0];

const scatterAddPickedOp: Op<"scatterAddPicked"> = {
  name: "scatterAddPicked",
  types: ([base, indices, values]) => {
    checkIndices("scatterAddPicked", indices);
    const rows = base.shape.slice(0, -1).join();
    if (
      base.rank < 1 ||
      rows !== indices.shape.join() ||
      rows !== values.shape.join() ||
      values.dtype !== base.dtype
    ) {
      const shapes = [base.shape, indices.shape, values.shape];
      throw new ShapeError("scatterAddPicked", "there must be one index and one value per row", shapes);
    }
    return [{ shape: base.shape, dtype: base.dtype }];
  },
  gradient: (node, [dy]) => (dy ? [dy, undefined, pick(dy, node.inputs[1])] : []),
};
/** base [..., n] with one value per row added at indices [...]: the adjoint of `pick`. */
export const scatterAddPicked = (base: Tensor, indices: Tensor, values: Tensor): Tensor =>
  apply(scatterAddPickedOp, [base, indices, values])[0];
