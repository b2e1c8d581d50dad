import { apply, applyWith, type Op, type Tensor, type TensorType } from "../graph.js";
import { ShapeError } from "../shape.js";
import { add, exp, mul, neg, sub } from "./elementwise.js";
import { pick, scatterAddPicked } from "./index-ops.js";
import { reshape } from "./layout.js";
import { mean, sum, sumTo } from "./reduce.js";

/** The output type of an operation along the last axis that keeps the shape. */
function alongLastAxis(op: string, x: Tensor): TensorType[] {
  if (x.rank < 1 || x.dtype !== "f32")
    throw new ShapeError(op, `needs an axis and f32, got ${x.dtype}`, [x.shape]);
  return [{ shape: x.shape, dtype: "f32" }];
}

const softmaxOp: Op<"softmax"> = {
  name: "softmax",
  types: ([x]) => alongLastAxis("softmax", x),
  gradient: (node, [dy]) => {
    const [y] = node.outputs;
    return [dy && mul(y, sub(dy, sum(mul(dy, y), [-1], true)))];
  },
};
/** Softmax over the last axis; dx = y (dy - sum(dy y)). */
export const softmax = (x: Tensor): Tensor => apply(softmaxOp, [x])[0];

const logSoftmaxOp: Op<"logSoftmax"> = {
  name: "logSoftmax",
  types: ([x]) => alongLastAxis("logSoftmax", x),
  gradient: (node, [dy]) => [dy && sub(dy, mul(exp(node.outputs[0]), sum(dy, [-1], true)))],
};
/** Logarithm of the softmax over the last axis; dx = dy - softmax(x) sum(dy). */
export const logSoftmax = (x: Tensor): Tensor => apply(logSoftmaxOp, [x])[0];

const tokenLogProbsOp: Op<"tokenLogProbs"> = {
  name: "tokenLogProbs",
  types: ([logits, ids]) => {
    alongLastAxis("tokenLogProbs", logits);
    if (logits.shape.slice(0, -1).join() !== ids.shape.join() || !ids.dtype.startsWith("i")) {
      const detail = `there must be one integer token per row, got ${ids.dtype}`;
      throw new ShapeError("tokenLogProbs", detail, [logits.shape, ids.shape]);
    }
    return [{ shape: ids.shape, dtype: "f32" }];
  },
  // Log-softmax and pick in one: dlogits = onehot dy - softmax dy, two passes fewer than one after the other.
  gradient: (node, [dy]) => {
    const [logits, ids] = node.inputs;
    if (!dy) return [];
    const column = reshape(neg(dy), [...dy.shape, 1]);
    return [scatterAddPicked(mul(exp(logSoftmax(logits)), column), ids, dy), undefined];
  },
};

/** log softmax(logits)[id] for each row: logits [..., V], ids [...] to [...]. */
export const tokenLogProbs = (logits: Tensor, ids: Tensor): Tensor =>
  apply(tokenLogProbsOp, [logits, ids])[0];

/** `tokenLogProbs` for log-probabilities that are already computed. */
export const pickLogProbs = (logProbs: Tensor, ids: Tensor): Tensor => pick(logProbs, ids);

const rmsNormOp: Op<"rmsNorm"> = {
  name: "rmsNorm",
  types: ([x, weight]) => {
    alongLastAxis("rmsNorm", x);
    if (weight.rank !== 1 || weight.shape[0] !== x.shape[x.rank - 1]) {
      throw new ShapeError("rmsNorm", "the weight must have the length of the last axis", [
        x.shape,
        weight.shape,
      ]);
    }
    return [
      { shape: x.shape, dtype: "f32" },
      { shape: [...x.shape.slice(0, -1), 1], dtype: "f32" },
    ];
  },
  // y = x r w with r = (mean(x^2) + eps)^-1/2: dx = r (g - x r^2 mean(g x)) with g = dy w; dw = sum(dy x r).
  gradient: (node, [dy]) => {
    const [x, weight] = node.inputs;
    const [, r] = node.outputs;
    if (!dy) return [];
    const normal = mul(x, r);
    const g = mul(dy, weight);
    const dx = mul(sub(g, mul(normal, mean(mul(g, normal), [-1], true))), r);
    return [dx, sumTo(mul(dy, normal), weight.shape)];
  },
};
/** Root-mean-square norm over the last axis: x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich 2019). */
export const rmsNorm = (x: Tensor, weight: Tensor, eps: number): Tensor =>
  applyWith(rmsNormOp, [x, weight], { eps })[0];

const layerNormOp: Op<"layerNorm"> = {
  name: "layerNorm",
  types: ([x, weight, bias]) => {
    alongLastAxis("layerNorm", x);
    if ([weight, bias].some((v) => v.rank !== 1 || v.shape[0] !== x.shape[x.rank - 1])) {
      throw new ShapeError("layerNorm", "weight and bias must have the length of the last axis", [
        x.shape,
        weight.shape,
        bias.shape,
      ]);
    }
    const one = { shape: [...x.shape.slice(0, -1), 1], dtype: "f32" } as const;
    return [{ shape: x.shape, dtype: "f32" }, one, one];
  },
  // y = n w + b with n = (x - m) r, r = (variance + eps)^-1/2: dx = r (g - mean(g) - n mean(g n)) with g = dy w;
  // dw = sum(dy n), db = sum(dy).
  gradient: (node, [dy]) => {
    const [x, weight, bias] = node.inputs;
    const [, m, r] = node.outputs;
    if (!dy) return [];
    const normal = mul(sub(x, m), r);
    const g = mul(dy, weight);
    const along = add(mean(g, [-1], true), mul(normal, mean(mul(g, normal), [-1], true)));
    return [mul(sub(g, along), r), sumTo(mul(dy, normal), weight.shape), sumTo(dy, bias.shape)];
  },
};
/** Layer norm over the last axis: (x - mean) / sqrt(variance + eps) * weight + bias (Ba et al. 2016). */
export const layerNorm = (x: Tensor, weight: Tensor, bias: Tensor, eps: number): Tensor =>
  applyWith(layerNormOp, [x, weight, bias], { eps })[0];
