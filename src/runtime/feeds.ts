/** The inputs of a run: host arrays by type, and the values that these give to the symbols of a program's shapes. */
import { elementCount } from "../base/element-count.js";
import { type DType, evaluateDim, type Program, type Tensor } from "../tensor/index.js";
import type { DeviceBuffer, Feed, HostArray, Stretches } from "./runtime.js";

/** The host's typed array for each type. */
export const HOST_ARRAYS = {
  f32: Float32Array,
  i32: Int32Array,
  i64: BigInt64Array,
  u8: Uint8Array,
  i8: Int8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** The separate stretches of a copy, in order. */
export const partOf = ({
  from,
  to,
  length,
  stride,
  count,
}: Stretches): Pick<Stretches, "from" | "to" | "length">[] =>
  Array.from({ length: count }, (_, i) => ({ from: from + i * stride, to: to + i * stride, length }));

/**
 * Writes arrays one after another into a new buffer's array. @throws Error if they have another type or do not fill it.
 */
export function fill(
  label: string,
  dtype: DType,
  shape: readonly number[],
  into: HostArray,
  parts: readonly HostArray[],
): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const wrong = parts.find((part) => !(part instanceof HOST_ARRAYS[dtype]));
  if (wrong || length !== elementCount(shape)) {
    const found = `${(wrong ?? into).constructor.name} of ${length}`;
    throw new Error(`${label}: ${found} does not fill ${dtype}[${shape.join(", ")}]`);
  }
  let at = 0;
  for (const part of parts) {
    into.set(part as never, at);
    at += part.length;
  }
}

const typeOf = (tensor: Tensor): string => `${tensor.dtype}[${tensor.shape.join(", ")}]`;

/**
 * Checks a buffer against the tensor it is bound to; its shape gives the symbols their values. @throws Error, which
 * names both types, if they do not match.
 */
export function matchShape(
  program: string,
  key: string,
  tensor: Tensor,
  buffer: Pick<DeviceBuffer, "dtype" | "shape">,
  symbols: Map<string, number>,
): void {
  let fits = tensor.dtype === buffer.dtype && tensor.rank === buffer.shape.length;
  for (let i = 0; fits && i < tensor.rank; i++) {
    const dim = tensor.shape[i];
    const actual = buffer.shape[i];
    if (typeof dim === "number") fits = dim === actual;
    else if (dim.includes("*")) fits = evaluateDim(dim, symbols) === actual;
    else if (symbols.has(dim)) fits = symbols.get(dim) === actual;
    else symbols.set(dim, actual);
  }
  if (!fits) {
    throw new Error(
      `program ${program}: "${key}" must be ${typeOf(tensor)}, got ${buffer.dtype}[${buffer.shape.join(", ")}]`,
    );
  }
}

/**
 * Finds symbols from host arrays, which carry no shape: if exactly one symbol of an array is unknown, its length gives
 * it.
 */
export function solveSymbols(
  program: Program,
  feeds: Readonly<Record<string, Feed>>,
  symbols: Map<string, number>,
): void {
  for (const [key, tensor] of program.inputs) {
    const feed = feeds[key];
    if (program.frozen.has(key) || !ArrayBuffer.isView(feed)) continue;
    if (tensor.shape.every((dim) => typeof dim === "number" || symbols.has(dim))) continue;
    const unknown = tensor.shape.filter((dim) => typeof dim === "string" && !symbols.has(dim)) as string[];
    if (unknown.length !== 1 || unknown[0].includes("*")) continue;
    const rest = tensor.shape.filter((dim) => dim !== unknown[0]).map((dim) => evaluateDim(dim, symbols));
    const value = feed.length / elementCount(rest);
    if (!Number.isInteger(value)) {
      throw new Error(
        `program ${program.name}: "${key}" must be ${typeOf(tensor)}, got ${feed.length} values`,
      );
    }
    symbols.set(unknown[0], value);
  }
}
