/** Arrays of the reference runtime: row-major values with their shape. */
import { elementCount } from "../../base/element-count.js";
import type { DType, Tensor } from "../../tensor/index.js";
import { HOST_ARRAYS } from "../feeds.js";
import type { HostArray } from "../runtime.js";

/** A tensor's numbers in row-major order, with their type and shape. */
export interface Values {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: HostArray;
}

/**
 * Values of a type and shape, from a function of the index in row-major order; values of integer types are truncated.
 */
export function filled(dtype: DType, shape: readonly number[], at: (i: number) => number): Values {
  const size = elementCount(shape);
  if (dtype === "i64")
    return { dtype, shape, data: BigInt64Array.from({ length: size }, (_, i) => BigInt(Math.trunc(at(i)))) };
  const data = new HOST_ARRAYS[dtype](size);
  for (let i = 0; i < size; i++) data[i] = at(i);
  return { dtype, shape, data };
}

/** The value at a flat index as a number. */
export const numberAt = ({ data }: Values, i: number): number => Number(data[i]);

/** Distances between neighbours along each axis, in row-major order. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/**
 * For each index of `shape`, the index in an array that is broadcast to it: axes of length 1 and absent ones repeat.
 */
export function broadcastPlaces(from: readonly number[], shape: readonly number[]): Int32Array {
  const own = stridesOf(from);
  const missing = shape.length - from.length;
  const steps = shape.map((_, axis) => {
    const length = axis < missing ? 1 : from[axis - missing];
    return length === 1 ? 0 : own[axis - missing];
  });
  const strides = stridesOf(shape);
  return Int32Array.from({ length: elementCount(shape) }, (_, i) =>
    steps.reduce((place, step, axis) => place + step * (Math.floor(i / strides[axis]) % shape[axis]), 0),
  );
}

/** The axis counted from the first; a negative one counts from the last. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** The dimensions of an array around an axis: [outer, length, inner]. */
export function aroundAxis(
  shape: readonly number[],
  axis: number,
): [outer: number, length: number, inner: number] {
  return [elementCount(shape.slice(0, axis)), shape[axis], elementCount(shape.slice(axis + 1))];
}

/** The shape of a program's tensor once its symbols are known. */
export type ShapeOf = (tensor: Tensor) => number[];
