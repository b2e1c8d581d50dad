/**
 * Values for a traced function. One typed object gives the data of a run, the inputs of the program, and the types of
 * the tensors inside the function: a misspelt name does not compile.
 */
import type { HostArray } from "../runtime/runtime.js";
import type { DType, Tensor } from "../tensor/index.js";
import type { Batch } from "./batch.js";

/** Host data with its shape. */
export interface Value {
  readonly data: HostArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Arrays that a traced function reads, by name; one that is undefined is not fed. */
export type Values = Readonly<Record<string, Value | undefined>>;

/** The tensors of the same names inside a traced function; optional if the value is. */
export type Traced<V extends Values> = {
  readonly [K in keyof V]: V[K] extends Value ? Tensor : Tensor | undefined;
};

/** Values of the given names, for the types of functions that take them. */
export type Named<K extends string> = Readonly<Record<K, Value>>;

/** f32 [n]. */
export const vector = (data: Float32Array): Value => ({ data, shape: [data.length], dtype: "f32" });

/** A number of each item, and 0 in the places that are left. @returns [places] */
export function perItem<T>(items: readonly T[], places: number, of: (item: T) => number): Value {
  const values = new Float32Array(places);
  for (const [i, item] of items.entries()) values[i] = of(item);
  return vector(values);
}

/** f32 []. */
export const scalar = (value: number): Value => ({ data: Float32Array.of(value), shape: [], dtype: "f32" });

/** i64 of the given shape; default: [n]. */
export const integers = (data: BigInt64Array, shape: readonly number[] = [data.length]): Value => ({
  ...{ data, shape, dtype: "i64" },
});

/** A batch's tokens, [B, T], with the mask and positions of rows that hold several sequences. */
export type BatchTokens = Named<"ids"> & { readonly segmentEnd?: Value; readonly positions?: Value };

/**
 * A batch with the tokens read, [M]: the index of the hidden state that predicts each, the tokens, and 1 for each that
 * is not padding.
 */
export type TokensRead = BatchTokens & Named<"readFrom" | "targets" | "weights">;

/** A batch with the index of each sequence's last token: [sequences and padding]. */
export type LastTokens = BatchTokens & Named<"last">;

export function batchTokens({ rows, columns, ids, mask }: Batch): BatchTokens {
  const shape = [rows, columns];
  return {
    ids: integers(ids, shape),
    ...(mask && {
      segmentEnd: { data: mask.segmentEnd, shape, dtype: "i32" },
      positions: integers(mask.positions, shape),
    }),
  };
}

export const tokensRead = (batch: Batch): TokensRead => ({
  ...batchTokens(batch),
  readFrom: integers(batch.readFrom),
  targets: integers(batch.targets),
  weights: vector(batch.weights),
});

export const lastTokens = (batch: Batch): LastTokens => ({
  ...batchTokens(batch),
  last: integers(batch.last),
});

/** f32 [B T]: 1 for a token, 0 for padding. */
export function realTokens({ rows, columns, lengths }: Batch): Value {
  const real = new Float32Array(rows * columns);
  for (const [b, length] of lengths.entries()) real.fill(1, b * columns, b * columns + length);
  return vector(real);
}

/** One number per token read, [M], from a list for each sequence of the batch. */
export function perToken(batch: Batch, lists: readonly ArrayLike<number>[]): Value {
  const out = new Float32Array(batch.targets.length);
  for (const [i, list] of lists.entries()) out.set(list, batch.starts[i]);
  return vector(out);
}

/** i64 [M]: whose each token read is, by the sequences' order in the batch; 0 for padding. */
export function sequenceOfTokens(batch: Batch): Value {
  const out = new BigInt64Array(batch.targets.length);
  for (let i = 0; i + 1 < batch.starts.length; i++) out.fill(BigInt(i), batch.starts[i], batch.starts[i + 1]);
  return integers(out);
}

/** f32 [N]: how many tokens of each sequence of the batch are read, at least 1. */
export const tokensOfSequences = ({ starts }: Batch): Value =>
  vector(Float32Array.from(starts.slice(1), (end, i) => Math.max(1, end - starts[i])));
