/** Runs a traced function once on given numbers, and compares numbers: for tests. */
import type { HostArray, Runtime } from "../src/runtime/runtime.js";
import { type DType, type Tensor, trace } from "../src/tensor/index.js";

export interface Given {
  shape: readonly number[];
  data: HostArray;
}

const DTYPES: [abstract new (...args: never[]) => HostArray, DType][] = [
  [Float32Array, "f32"],
  [Int32Array, "i32"],
  [BigInt64Array, "i64"],
  [Uint8Array, "bool"],
  [Int8Array, "i8"],
];
export const dtypeOf = (data: HostArray): DType =>
  (DTYPES.find(([type]) => data instanceof type) as [unknown, DType])[1];

export const f32 = (shape: readonly number[], data: ArrayLike<number>): Given => ({
  shape,
  data: Float32Array.from(data),
});
export const i64 = (shape: readonly number[], data: readonly number[]): Given => ({
  shape,
  data: BigInt64Array.from(data, BigInt),
});
export const i32 = (shape: readonly number[], data: readonly number[]): Given => ({
  shape,
  data: Int32Array.from(data),
});
export const i8 = (shape: readonly number[], data: readonly number[]): Given => ({
  shape,
  data: Int8Array.from(data),
});
export const bool = (shape: readonly number[], data: readonly boolean[]): Given => ({
  shape,
  data: Uint8Array.from(data, Number),
});

/** A function of some inputs as a runnable thing; call it with arrays of the same sizes again and again. */
export function compiled<K extends string>(
  runtime: Runtime,
  given: Readonly<Record<K, Given>>,
  build: (x: Record<K, Tensor>) => Readonly<Record<string, Tensor>>,
): (changes?: Partial<Record<K, HostArray>>) => Promise<Record<string, HostArray>> {
  const entries = Object.entries(given) as [K, Given][];
  const specs = Object.fromEntries(entries.map(([k, g]) => [k, { shape: g.shape, dtype: dtypeOf(g.data) }]));
  const executable = runtime.compile(trace("test", specs, (x) => build(x as Record<K, Tensor>)));
  const data = Object.fromEntries(entries.map(([k, g]) => [k, g.data]));
  return (changes = {}) => executable.run({ ...data, ...(changes as Record<string, HostArray>) });
}

export const evaluate = <K extends string>(
  runtime: Runtime,
  given: Readonly<Record<K, Given>>,
  build: (x: Record<K, Tensor>) => Readonly<Record<string, Tensor>>,
): Promise<Record<string, HostArray>> => compiled(runtime, given, build)();

/** Largest difference, relative to the largest magnitude expected. */
export function relativeError(actual: ArrayLike<number | bigint>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(Number(actual[i]) - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
    if (Number.isNaN(Number(actual[i])) !== Number.isNaN(expected[i])) return Number.NaN;
  }
  return scale > 0 ? difference / scale : difference;
}

/** The fixtures' checksums. */
export const probe = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((total, value, i) => total + value * Math.sin(0.7 * i + 1), 0);
export const norm = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((total, value) => total + value * value, 0));

export const sizeOfShape = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
