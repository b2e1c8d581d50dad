/** Every operation there is: a runtime has an entry for each, and the compiler says which it lacks. */
const OPS = [
  // What a program is given, and what it holds.
  ...(["input", "constant"] as const),
  // Element by element.
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
  // What says something about gradients or order, and computes nothing.
  ...(["stopGradient", "withRowGradient", "recomputed", "controlDependency", "sequenced"] as const),
] as const;

export type OpName = (typeof OPS)[number];
