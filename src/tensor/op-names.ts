/** All operations. A runtime has an entry for each; the compiler reports those that are missing. */
const OPS = [
  // Inputs and constants of a program.
  ...(["input", "constant"] as const),
  // Elementwise.
  ...(["add", "sub", "mul", "div", "maximum", "minimum", "less", "lessOrEqual", "equal", "and"] as const),
  ...(["neg", "exp", "log", "sqrt", "reciprocal", "abs", "sign", "sigmoid", "tanh", "softplus"] as const),
  ...(["erf", "silu", "gelu", "geluTanh", "clip", "cast", "where", "fillLike"] as const),
  // Shapes.
  ...(["expand", "reshape", "transpose", "concat", "slice", "split"] as const),
  // Along axes.
  ...(["sum", "reduceMax", "cumulativeSum", "argmax", "softmax", "logSoftmax"] as const),
  ...(["rmsNorm", "layerNorm"] as const),
  // Products, rows and elements of rows, attention.
  ...(["matmul", "int8Matmul", "int8Expectation"] as const),
  ...(["gatherRows", "scatterAddRows", "pick", "scatterAddPicked", "tokenLogProbs"] as const),
  ...(["rotary", "cachedAttention"] as const),
  // Control of gradients and of the order of execution: these compute nothing.
  ...(["stopGradient", "withRowGradient", "recomputed", "controlDependency", "sequenced"] as const),
] as const;

/** Name of an operation; a runtime has an implementation of each. */
export type OpName = (typeof OPS)[number];
