import { apply, type Op, type Tensor } from "../graph.js";
import { ShapeError } from "../shape.js";
import { mul } from "./elementwise.js";
import { reshape } from "./layout.js";

const withRowGradientOp: Op<"withRowGradient"> = {
  name: "withRowGradient",
  types: ([y, x, gradient]) => {
    const alike = x.rank === 2 && x.shape.join() === gradient.shape.join() && x.dtype === gradient.dtype;
    if (!alike || y.shape.join() !== `${x.shape[0]}` || y.dtype !== "f32") {
      const shapes = [y.shape, x.shape, gradient.shape];
      throw new ShapeError("withRowGradient", "needs y [N], x [N, D] and a gradient [N, D]", shapes);
    }
    return [{ shape: y.shape, dtype: "f32" }];
  },
  gradient: (node, [dy]) => {
    const [, x, gradient] = node.inputs;
    return dy ? [undefined, mul(gradient, reshape(dy, [x.shape[0], 1]))] : [];
  },
};

/**
 * y as a function of x whose gradient is already known: row i of `gradient` is dy[i]/dx[i], and y[i] depends on no
 * other row. The computation of y is not differentiated, so its tensors need not be kept.
 *
 * @param y [N]. @param x, gradient [N, D].
 */
export const withRowGradient = (y: Tensor, x: Tensor, gradient: Tensor): Tensor =>
  apply(withRowGradientOp, [y, x, gradient])[0];
