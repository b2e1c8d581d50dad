import type { ActivationBits, DType, Node, PlainOpName, Tensor } from "../../tensor/index.js";
import { type Dim, EXPECTATION_STEP, normalizeAxis, type Shape, ShapeError } from "../../tensor/index.js";
import type { OpName } from "../../tensor/op-names.js";

/** One ONNX node before encoding. Attributes: a floating-point number is given as {float: x}. */
export interface OnnxNode {
  opType: string;
  inputs: string[];
  outputs: string[];
  attributes?: Record<string, number | number[] | { float: number }>;
  domain?: string;
}

/** The encoder's interface to lowering: names of values, new nodes and small constants. */
export interface Emitter {
  nameOf(tensor: Tensor): string;
  emit(node: OnnxNode): void;
  int64(values: readonly number[], isScalar?: boolean): string;
  /**
   * Like `int64`, but hides the shape of what is computed with it from ONNX Runtime until the program runs. For known
   * shapes, it plans buffers that tensors of one shape use in turn and nothing else may use in between: memory is then
   * the sum over shapes of the peak of each, instead of the peak of the whole.
   */
  hidden(values: readonly number[]): string;
  float(value: number): string;
  floats(values: readonly number[]): string;
  /** A u8 scalar. */
  byte(value: number): string;
  temporary(): string;
}

export const ONNX_TYPE: Record<DType, number> = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9 };
const MICROSOFT = "com.microsoft";

type Lowering<N extends OpName> = (node: Node<N>, inputs: string[], outputs: string[], e: Emitter) => void;

/** Lowers to an ONNX operation with the same inputs and no attributes. */
const direct =
  (opType: string): Lowering<PlainOpName> =>
  (_node, inputs, outputs, e) =>
    e.emit({ opType, inputs, outputs });

/** A shape for ONNX's Reshape: at most one symbolic dimension, written -1. */
function reshapeTarget(shape: Shape): number[] {
  if (shape.filter((dim) => typeof dim === "string").length > 1) {
    throw new ShapeError("reshape", "at most one dimension may be symbolic", [shape]);
  }
  return shape.map((dim) => (typeof dim === "number" ? dim : -1));
}

/**
 * A reshape of x to its own shape, with the empty shapes of the others joined in: ONNX Runtime neither copies for it
 * nor drops it, and runs it after the others.
 */
function reshapedAfter(type: Tensor, x: string, others: string[], output: string, e: Emitter): void {
  const parts = others.map((other) => {
    const none = e.temporary();
    e.emit({ opType: "Shape", inputs: [other], outputs: [none], attributes: { start: 0, end: 0 } });
    return none;
  });
  const shape = e.temporary();
  const inputs = [e.int64(numeric("after", type.shape)), ...parts];
  e.emit({ opType: "Concat", inputs, outputs: [shape], attributes: { axis: 0 } });
  e.emit({ opType: "Reshape", inputs: [x, shape], outputs: [output] });
}

function numeric(op: string, shape: readonly Dim[]): number[] {
  if (shape.some((dim) => typeof dim !== "number")) throw new ShapeError(op, "needs a static shape", [shape]);
  return shape as number[];
}

/** Adds a last axis of length 1 to a value. */
function unsqueezeLast(value: string, e: Emitter): string {
  const column = e.temporary();
  e.emit({ opType: "Unsqueeze", inputs: [value, e.int64([-1])], outputs: [column] });
  return column;
}

function pickFrom(rows: string, indices: string, output: string, e: Emitter): void {
  const picked = e.temporary();
  e.emit({
    opType: "GatherElements",
    inputs: [rows, unsqueezeLast(indices, e)],
    outputs: [picked],
    attributes: { axis: -1 },
  });
  e.emit({ opType: "Squeeze", inputs: [picked, e.int64([-1])], outputs: [output] });
}

/** Operations that affect only gradients: their value is their first input. */
const ALIASES = ["stopGradient", "withRowGradient", "recomputed"] as const satisfies readonly OpName[];
const LEAVES = ["input", "constant"] as const satisfies readonly OpName[];
const NOT_LOWERED: ReadonlySet<OpName> = new Set<OpName>([...LEAVES, ...ALIASES]);
/** Operations that are lowered to nodes. */
type LoweredOp = Exclude<OpName, (typeof LEAVES | typeof ALIASES)[number]>;

/** Lowers a node with its operation's entry in the table. */
export function lower<N extends LoweredOp>(
  node: Node<N>,
  inputs: string[],
  outputs: string[],
  e: Emitter,
): void {
  const lowering: Lowering<N> = LOWERINGS[node.op.name];
  lowering(node, inputs, outputs, e);
}

/** Whether an operation is lowered to nodes: not an input, a constant or an alias of its input. */
export const isLowered = (node: Node): node is Node<LoweredOp> => !NOT_LOWERED.has(node.op.name);

/** Lowers each operation of src/tensor to ONNX nodes (ai.onnx opset 21, and com.microsoft's fused operations). */
export const LOWERINGS: { readonly [N in LoweredOp]: Lowering<N> } = {
  add: direct("Add"),
  sub: direct("Sub"),
  mul: direct("Mul"),
  div: direct("Div"),
  maximum: direct("Max"),
  minimum: direct("Min"),
  less: direct("Less"),
  lessOrEqual: direct("LessOrEqual"),
  equal: direct("Equal"),
  and: direct("And"),
  neg: direct("Neg"),
  exp: direct("Exp"),
  log: direct("Log"),
  sqrt: direct("Sqrt"),
  reciprocal: direct("Reciprocal"),
  abs: direct("Abs"),
  sign: direct("Sign"),
  sigmoid: direct("Sigmoid"),
  tanh: direct("Tanh"),
  softplus: direct("Softplus"),
  erf: direct("Erf"),
  where: direct("Where"),
  silu: (_node, inputs, outputs, e) =>
    e.emit({ opType: "QuickGelu", domain: MICROSOFT, inputs, outputs, attributes: { alpha: { float: 1 } } }),
  gelu: (_node, inputs, outputs, e) => e.emit({ opType: "Gelu", domain: MICROSOFT, inputs, outputs }),
  geluTanh: (_node, inputs, outputs, e) => e.emit({ opType: "FastGelu", domain: MICROSOFT, inputs, outputs }),
  clip: (node, [x], outputs, e) => {
    const { low, high } = node.attributes;
    e.emit({ opType: "Clip", inputs: [x, e.float(low), e.float(high)], outputs });
  },
  cast: (node, inputs, outputs, e) =>
    e.emit({ opType: "Cast", inputs, outputs, attributes: { to: ONNX_TYPE[node.attributes.dtype] } }),
  fillLike: (node, [x], outputs, e) => {
    const shape = e.temporary();
    const value = e.float(node.attributes.value);
    const dims = node.outputs[0].shape;
    if (dims.every((dim) => typeof dim === "number")) {
      e.emit({ opType: "Expand", inputs: [value, e.int64(dims as number[])], outputs });
    } else {
      e.emit({ opType: "Shape", inputs: [x], outputs: [shape] });
      e.emit({ opType: "Expand", inputs: [value, shape], outputs });
    }
  },
  expand: (node, [x], outputs, e) =>
    e.emit({ opType: "Expand", inputs: [x, e.int64(numeric("expand", node.outputs[0].shape))], outputs }),
  reshape: (node, [x], outputs, e) =>
    e.emit({ opType: "Reshape", inputs: [x, e.hidden(reshapeTarget(node.outputs[0].shape))], outputs }),
  controlDependency: (node, [x, ...others], [output], e) =>
    reshapedAfter(node.outputs[0], x, others, output, e),
  sequenced: (node, [y, x], outputs, e) => {
    reshapedAfter(node.outputs[0], y, [], outputs[0], e);
    reshapedAfter(node.outputs[1], x, [y], outputs[1], e);
  },
  transpose: (node, inputs, outputs, e) =>
    e.emit({ opType: "Transpose", inputs, outputs, attributes: { perm: [...node.attributes.order] } }),
  concat: (node, inputs, outputs, e) =>
    e.emit({ opType: "Concat", inputs, outputs, attributes: { axis: node.attributes.axis } }),
  slice: (node, [x], outputs, e) => {
    const { axis, start, end } = node.attributes;
    e.emit({ opType: "Slice", inputs: [x, e.int64([start]), e.hidden([end]), e.int64([axis])], outputs });
  },
  split: (node, [x], outputs, e) => {
    const { axis, sizes } = node.attributes;
    e.emit({ opType: "Split", inputs: [x, e.int64(sizes)], outputs, attributes: { axis } });
  },
  sum: (node, [x], outputs, e) => {
    const { axes, keep } = node.attributes;
    e.emit({
      opType: "ReduceSum",
      inputs: [x, e.int64(axes)],
      outputs,
      attributes: { keepdims: keep ? 1 : 0 },
    });
  },
  reduceMax: (node, [x], outputs, e) =>
    e.emit({
      opType: "ReduceMax",
      inputs: [x, e.int64([normalizeAxis("reduceMax", node.attributes.axis, node.inputs[0].shape)])],
      outputs,
      attributes: { keepdims: 1 },
    }),
  cumulativeSum: (node, [x], outputs, e) => {
    const { axis, reverse } = node.attributes;
    e.emit({
      opType: "CumSum",
      inputs: [x, e.int64([axis], true)],
      outputs,
      attributes: { reverse: reverse ? 1 : 0 },
    });
  },
  argmax: (_node, inputs, outputs, e) =>
    e.emit({ opType: "ArgMax", inputs, outputs, attributes: { axis: -1, keepdims: 0 } }),
  matmul: (node, inputs, outputs, e) => {
    const [a, b] = node.inputs;
    const { transA, transB, alpha } = node.attributes;
    const attributes = { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: { float: alpha } };
    if (a.rank === 2 && b.rank === 2) e.emit({ opType: "Gemm", inputs, outputs, attributes });
    else if (!transA && !transB && alpha === 1) e.emit({ opType: "MatMul", inputs, outputs });
    else e.emit({ opType: "FusedMatMul", domain: MICROSOFT, inputs, outputs, attributes });
  },
  int8Matmul: (node, inputs, [output], e) =>
    int8Product(inputs, output, node.attributes.bits, node.outputs[0].shape[0], e),
  int8Expectation: (_node, [q, values, scales], outputs, e) => {
    const bytes = e.temporary();
    const step = e.float(EXPECTATION_STEP);
    e.emit({ opType: "QuantizeLinear", inputs: [q, step, e.byte(0)], outputs: [bytes] });
    const inputs = [bytes, values, step, scales, e.byte(0)];
    e.emit({ opType: "MatMulIntegerToFloat", domain: MICROSOFT, inputs, outputs });
  },
  gatherRows: (_node, inputs, outputs, e) =>
    e.emit({ opType: "Gather", inputs, outputs, attributes: { axis: 0 } }),
  // Not ScatterND: if an index occurs twice, its threads add to the same row at the same time, and some sums are lost.
  scatterAddRows: (node, [base, indices, rows], outputs, e) => {
    const [wide, column, shape, everywhere] = [e.temporary(), e.temporary(), e.temporary(), e.temporary()];
    const axes = Array.from({ length: node.inputs[2].rank - 1 }, (_, i) => i + 1);
    e.emit({ opType: "Cast", inputs: [indices], outputs: [wide], attributes: { to: ONNX_TYPE.i64 } });
    e.emit({ opType: "Unsqueeze", inputs: [wide, e.int64(axes)], outputs: [column] });
    e.emit({ opType: "Shape", inputs: [rows], outputs: [shape] });
    e.emit({ opType: "Expand", inputs: [column, shape], outputs: [everywhere] });
    e.emit({
      opType: "ScatterElementsAdd",
      inputs: [base, everywhere, rows],
      outputs,
      attributes: { axis: 0 },
    });
  },
  pick: (_node, [x, indices], [output], e) => pickFrom(x, indices, output, e),
  scatterAddPicked: (_node, [base, indices, values], outputs, e) =>
    e.emit({
      opType: "ScatterElementsAdd",
      inputs: [base, unsqueezeLast(indices, e), unsqueezeLast(values, e)],
      outputs,
      attributes: { axis: -1 },
    }),
  softmax: (_node, inputs, outputs, e) =>
    e.emit({ opType: "Softmax", inputs, outputs, attributes: { axis: -1 } }),
  logSoftmax: (_node, inputs, outputs, e) =>
    e.emit({ opType: "LogSoftmax", inputs, outputs, attributes: { axis: -1 } }),
  tokenLogProbs: (_node, [logits, ids], [output], e) => {
    const logProbs = e.temporary();
    e.emit({ opType: "LogSoftmax", inputs: [logits], outputs: [logProbs], attributes: { axis: -1 } });
    pickFrom(logProbs, ids, output, e);
  },
  rmsNorm: (node, inputs, outputs, e) =>
    e.emit({
      opType: "SimplifiedLayerNormalization",
      inputs,
      outputs,
      attributes: { axis: -1, epsilon: { float: node.attributes.eps }, stash_type: 1 },
    }),
  layerNorm: (node, inputs, outputs, e) =>
    e.emit({
      opType: "LayerNormalization",
      inputs,
      outputs,
      attributes: { axis: -1, epsilon: { float: node.attributes.eps }, stash_type: 1 },
    }),
  rotary: (node, inputs, outputs, e) => {
    const [, heads, , size] = node.inputs[0].shape;
    const attributes = partialRotation(node.inputs[2], numeric("rotary", [heads, size]));
    e.emit({ opType: "RotaryEmbedding", domain: MICROSOFT, inputs, outputs, attributes });
  },
  cachedAttention: (node, inputs, outputs, e) => {
    const { heads, kvHeads, slidingWindow, softCap } = node.attributes;
    const size = node.inputs[3].shape[3] as number;
    const { scale = 1 / Math.sqrt(size) } = node.attributes;
    if (size % 8 !== 0) {
      const shapes = [node.inputs[0].shape, node.inputs[3].shape];
      throw new ShapeError("cachedAttention", `the size of a head, ${size}, must be a multiple of 8`, shapes);
    }
    // The fused kernel itself rotates heads of 16, 32, ... elements, or that part of larger heads; other heads are
    // rotated before it.
    const own = node.attributes.sinks ? inputs[inputs.length - 1] : undefined;
    const others = own === undefined ? inputs : inputs.slice(0, -1);
    const rotated = others.length > 7;
    const fused = rotated && size % 16 === 0 && (node.inputs[7].shape[1] as number) % 8 === 0;
    const turned = !rotated || fused ? others : rotateNew(node, others, e);
    const isStep = node.inputs[0].shape[1] === 1;
    const scaledInputs = isStep ? [scaled(turned[0], scale, e), ...turned.slice(1)] : turned;
    const sinks = own ?? (isStep ? absorbingNothing(heads, e) : undefined);
    e.emit({
      opType: "GroupQueryAttention",
      domain: MICROSOFT,
      inputs: sinks === undefined ? scaledInputs : withSinks(scaledInputs, sinks),
      outputs,
      attributes: {
        num_heads: heads,
        kv_num_heads: kvHeads,
        do_rotary: fused ? 1 : 0,
        local_window_size: slidingWindow,
        scale: { float: isStep ? 1 : scale },
        ...(softCap !== undefined && { softcap: { float: softCap } }),
      },
    });
  },
};

/** A score whose exponential is 0 relative to any other. */
const NO_SINK = -1e30;

/**
 * Sinks that absorb nothing. They change no value but select another kernel: with sinks, ONNX Runtime (1.30) processes
 * all rows at once; without, it starts and awaits its threads again for each row with one query.
 */
const absorbingNothing = (heads: number, e: Emitter): string =>
  e.floats(Array.from({ length: heads }, () => NO_SINK));

/** Inputs of GroupQueryAttention with sinks. */
function withSinks(inputs: string[], sinks: string): string[] {
  const HEAD_SINK = 11;
  const absent = Array.from({ length: HEAD_SINK - inputs.length }, () => "");
  return [...inputs, ...absent, sinks];
}

/**
 * Queries times the scale, so that the kernel multiplies by 1: with any other factor for a single query, ONNX Runtime
 * (1.30) first copies all keys into another order.
 */
function scaled(q: string, scale: number, e: Emitter): string {
  const scaledQ = e.temporary();
  e.emit({ opType: "Mul", inputs: [q, e.float(scale)], outputs: [scaledQ] });
  return scaledQ;
}

/**
 * Attributes for tables that cover only a part of each head; without them, RotaryEmbedding expects tables for whole
 * heads.
 */
function partialRotation(table: Tensor, [heads, size]: number[]): OnnxNode["attributes"] {
  const turned = 2 * (table.shape[1] as number);
  return turned === size ? {} : { num_heads: heads, rotary_embedding_dim: turned };
}

/** Inputs of cachedAttention with q and k rotated by their positions, and without tables. */
function rotateNew(node: Node<"cachedAttention">, inputs: string[], e: Emitter): string[] {
  const [q, k, v, pastKey, pastValue, lastIndex, longest, cos, sin] = inputs;
  const wide = (value: string): string => {
    const cast = e.temporary();
    e.emit({ opType: "Cast", inputs: [value], outputs: [cast], attributes: { to: ONNX_TYPE.i64 } });
    return cast;
  };
  let positions: string;
  if (node.inputs[0].shape[1] === 1) positions = unsqueezeLast(wide(lastIndex), e);
  else {
    // One position for all rows, that of their first new token: the end of the longest row minus the number of new
    // tokens.
    const columns = e.temporary();
    positions = e.temporary();
    e.emit({ opType: "Shape", inputs: [q], outputs: [columns], attributes: { start: 1, end: 2 } });
    e.emit({ opType: "Sub", inputs: [wide(longest), columns], outputs: [positions] });
  }
  const { heads, kvHeads } = node.attributes;
  const size = node.inputs[3].shape[3] as number;
  const turn = (x: string, count: number): string => {
    const turned = e.temporary();
    e.emit({
      opType: "RotaryEmbedding",
      domain: MICROSOFT,
      inputs: [x, positions, cos, sin],
      outputs: [turned],
      attributes: partialRotation(node.inputs[7], [count, size]),
    });
    return turned;
  };
  const [turnedQ, turnedK] = [turn(q, heads), turn(k, kvHeads)];
  return [turnedQ, turnedK, v, pastKey, pastValue, lastIndex, longest];
}

/** Largest magnitude of a signed byte; -128 is not used, so that the range is symmetric. */
const INT8_MAX = 127;
/** The value of 0 in the unsigned bytes of activations: processors multiply unsigned by signed bytes fastest. */
const ZERO_POINT = 128;
/** Rounding leaves at most half a step, which becomes 127 in the second byte. */
const FINE_STEP = 1 / (2 * INT8_MAX);

/**
 * Rounds rows of x to bytes, each with its own scale; multiplies them with the signed bytes of W in whole numbers; and
 * scales back to f32 by the column's scale, then by the row's. With 16 bits, the remainder of the rounding is a second
 * byte, in steps of 1/254. ONNX Runtime merges nodes that several products of one x share.
 */
function int8Product(
  [x, values, scales]: string[],
  output: string,
  bits: ActivationBits,
  rows: Dim,
  e: Emitter,
): void {
  const one = (opType: string, inputs: string[], attributes = {}, domain = ""): string => {
    const result = e.temporary();
    e.emit({ opType, inputs, outputs: [result], attributes, domain });
    return result;
  };
  const product = (bytes: string, step: number): string =>
    one("MatMulIntegerToFloat", [bytes, values, e.float(step), scales, e.byte(ZERO_POINT)], {}, MICROSOFT);
  // A row of zeros has 0: its bytes are 0 / 0, whatever that gives, and are multiplied by 0.
  const largest = one("ReduceMax", [one("Abs", [x]), e.int64([-1])], { keepdims: 1 }); // [N, 1]

  // Programs for any number of rows, which decode, use as few nodes as possible: rows are first divided by their
  // magnitudes. With many rows, another pass over them would cost more than the nodes.
  if (typeof rows === "string") {
    const [step, zero] = [1 / INT8_MAX, e.byte(ZERO_POINT)];
    const scaled = one("Div", [x, largest]);
    const bytes = one("QuantizeLinear", [scaled, e.float(step), zero]);
    let sum = product(bytes, step);
    if (bits === 16) {
      const rest = one("Sub", [scaled, one("DequantizeLinear", [bytes, e.float(step), zero])]);
      const fine = one("QuantizeLinear", [rest, e.float(step * FINE_STEP), zero]);
      sum = one("Add", [sum, product(fine, step * FINE_STEP)]);
    }
    e.emit({ opType: "Mul", inputs: [sum, largest], outputs: [output] });
    return;
  }

  const axis = { axis: 0 };
  const column = one("Mul", [largest, e.float(1 / INT8_MAX)]); // [N, 1]
  const step = one("Squeeze", [column, e.int64([-1])]); // [N]
  const zero = one("Expand", [e.byte(ZERO_POINT), one("Shape", [step])]); // [N]
  const bytes = one("QuantizeLinear", [x, step, zero], axis);
  let sum = product(bytes, 1);
  if (bits === 16) {
    const rest = one("Sub", [x, one("DequantizeLinear", [bytes, step, zero], axis)]);
    const fine = one("Mul", [step, e.float(FINE_STEP)]);
    sum = one("Add", [sum, product(one("QuantizeLinear", [rest, fine, zero], axis), FINE_STEP)]);
  }
  e.emit({ opType: "Mul", inputs: [sum, column], outputs: [output] });
}
