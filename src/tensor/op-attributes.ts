/** Types of the attributes of each operation's nodes: the arguments that are not tensors. */
import type { DType, Tensor, TensorType } from "./graph.js";
import type { OpName } from "./op-names.js";
import type { Dim } from "./shape.js";

/** Numbers of a constant in the array of its type; booleans are bytes of 0 and 1. */
export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array | Int8Array;

/** A frozen matrix in 8 bits: column j is `values[:, j] * scales[j]`. */
export interface Int8Matrix {
  /** i8 [in, out], in -127..127. */
  readonly values: Tensor;
  /** f32 [out]. */
  readonly scales: Tensor;
}

/** Bits to which a product rounds its left factor, the activations. */
export type ActivationBits = 8 | 16;

/** Attributes of the operations that have some. A negative axis counts from the last. */
export interface Attributed {
  input: { readonly name: string; readonly type: TensorType };
  constant: { readonly data: ConstantData; readonly shape: readonly Dim[]; readonly dtype: DType };
  clip: { readonly low: number; readonly high: number };
  cast: { readonly dtype: DType };
  fillLike: { readonly value: number };
  expand: { readonly shape: readonly Dim[] };
  reshape: { readonly shape: readonly Dim[] };
  transpose: { readonly order: readonly number[] };
  concat: { readonly axis: number };
  slice: { readonly axis: number; readonly start: number; readonly end: number };
  split: { readonly axis: number; readonly sizes: readonly number[] };
  sum: { readonly axes: readonly number[]; readonly keep: boolean };
  reduceMax: { readonly axis: number };
  cumulativeSum: { readonly axis: number; readonly reverse: boolean };
  rmsNorm: { readonly eps: number };
  layerNorm: { readonly eps: number };
  matmul: { readonly transA: boolean; readonly transB: boolean; readonly alpha: number };
  int8Matmul: { readonly bits: ActivationBits; readonly adjoint: Int8Matrix | undefined };
  cachedAttention: {
    readonly heads: number;
    readonly kvHeads: number;
    /** -1: no window. */
    readonly slidingWindow: number;
    readonly scale: number | undefined;
    readonly softCap: number | undefined;
    /** Whether the last input is the heads' sinks. */
    readonly sinks: boolean;
  };
}

/** Attributes of an operation's nodes, by its name; most operations have none. */
export type OpAttributes = {
  readonly [N in OpName]: N extends keyof Attributed ? Attributed[N] : Readonly<Record<string, never>>;
};

/** Operations without attributes. */
export type PlainOpName = Exclude<OpName, keyof Attributed>;
