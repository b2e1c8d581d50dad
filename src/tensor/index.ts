/**
 * Tensor programs: a TypeScript function is traced once into a dataflow graph with checked shapes, differentiated in
 * reverse mode, and passed to a runtime. No numbers are computed here.
 */
export { gradients } from "./gradient.js";
export * from "./graph.js";
export type {
  ActivationBits,
  Attributed,
  ConstantData,
  Int8Matrix,
  OpAttributes,
  PlainOpName,
} from "./op-attributes.js";
export type { OpName } from "./op-names.js";
export * from "./ops/attention.js";
export * from "./ops/elementwise.js";
export * from "./ops/index-ops.js";
export * from "./ops/int8.js";
export * from "./ops/layout.js";
export * from "./ops/matmul.js";
export * from "./ops/normalize.js";
export * from "./ops/reduce.js";
export * from "./ops/row-gradient.js";
export { controlDependency, recomputed, sequenced } from "./recompute.js";
export { type Scope, scoped } from "./scope.js";
export * from "./shape.js";
