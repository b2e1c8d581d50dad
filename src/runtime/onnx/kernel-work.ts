import { elementCount } from "../../base/element-count.js";
import type { KernelWork } from "../profile.js";

/** Type and shape of a value, as ONNX Runtime's profile gives them: {"float": [1024, 576]}. */
export type ProfiledValue = Readonly<Record<string, readonly number[]>>;

const BYTES: Readonly<Record<string, number>> = {
  float: 4,
  double: 8,
  float16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
};

const PRODUCTS: ReadonlySet<string> = new Set([
  "Gemm",
  "MatMul",
  "FusedGemm",
  "FusedMatMul",
  "MatMulInteger",
  "MatMulIntegerToFloat",
  "DynamicQuantizeMatMul",
]);

/** Products whose second factor is in 8 bits. */
const WHOLE_NUMBERS: ReadonlySet<string> = new Set([
  "MatMulInteger",
  "MatMulIntegerToFloat",
  "DynamicQuantizeMatMul",
]);

/** Operations that copy nothing, and those that read only a part of an input, which shapes do not show. */
const WITHOUT_BYTES: ReadonlySet<string> = new Set([
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Shape",
  "Flatten",
  "GroupQueryAttention",
]);
/** Operations that read as much as they write, from a larger table. */
const TAKES_PART: ReadonlySet<string> = new Set(["Gather", "GatherElements", "GatherND", "Slice"]);

const bytesOf = (values: readonly ProfiledValue[]): number =>
  values
    .flatMap((value) => Object.entries(value))
    .reduce((sum, [type, shape]) => sum + (BYTES[type] ?? 0) * elementCount(shape), 0);
const shapeOf = (value: ProfiledValue | undefined): readonly number[] =>
  value ? (Object.values(value)[0] ?? []) : [];

/**
 * The work of an operation, from the shapes of its inputs and outputs. Packed weights may be missing from the inputs,
 * so a product's inner dimension is computed from its first factor, transposed or not.
 */
export function kernelWork(
  op: string,
  inputs: readonly ProfiledValue[],
  outputs: readonly ProfiledValue[],
): KernelWork {
  const [first, output] = [shapeOf(inputs[0]), shapeOf(outputs[0])];
  if (!PRODUCTS.has(op) || first.length === 0 || output.length < 2) {
    if (WITHOUT_BYTES.has(op)) return { flops: 0, bytes: 0, size: "" };
    const read = TAKES_PART.has(op) ? bytesOf(outputs) : bytesOf(inputs);
    return { flops: 0, bytes: read + bytesOf(outputs), size: "" };
  }
  const columns = output[output.length - 1];
  // A factor with two axes may have an output with more: all axes before the last are then rows.
  const perProduct = first.length > 2 ? elementCount(first.slice(-2)) : elementCount(first);
  const rows = op === "MatMul" || op === "MatMulInteger" ? first.at(-2) : output.at(-2);
  const inner = perProduct / (rows ?? 1);
  const batch = elementCount(output) / ((rows ?? 1) * columns);
  const size = `${rows}x${inner}x${columns}`;
  const factors = bytesOf(inputs.slice(0, 1)) + batch * inner * columns * (WHOLE_NUMBERS.has(op) ? 1 : 4);
  return {
    flops: 2 * elementCount(output) * inner,
    bytes: factors + bytesOf(outputs),
    size: batch > 1 ? `${batch} of ${size}` : size,
  };
}
