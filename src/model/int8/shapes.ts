import { int8Names } from "../../nn/index.js";
import type { DeviceBuffer } from "../../runtime/runtime.js";
import type { ModelConfig } from "../config.js";
import { headName } from "../decoder.js";
import { DITHER_ROWS } from "./dither.js";
import { EMBEDDING, type StoredInt8, storedTensors, weightOf } from "./stored.js";

type Shape = Pick<DeviceBuffer, "dtype" | "shape">;

/** The arrays of a stored base in 8 bits as training has them in memory, with what gradients need; nothing is read. */
export function int8Shapes(
  config: ModelConfig,
  { activations_16_bit }: Pick<StoredInt8, "activations_16_bit">,
): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  const matrix = (names: { values: string; scales: string }, shape: number[], scales: number): void => {
    shapes.set(names.values, { dtype: "i8", shape });
    shapes.set(names.scales, { dtype: "f32", shape: [scales] });
  };
  const tensors = storedTensors(config);
  for (const [stored, { dtype, shape }] of tensors) {
    const weight = weightOf(config, stored);
    const { rows: table, w8a8, w8a16, adjoint } = int8Names(weight);
    const [rows, columns] = shape;
    if (stored === EMBEDDING) matrix(table, [rows, columns], rows);
    else if (dtype === "I8") {
      matrix(activations_16_bit.includes(weight) ? w8a16 : w8a8, [columns, rows], rows);
      matrix(adjoint, [rows, columns], columns);
    } else if (tensors.get(stored.replace(/_scale$/, ""))?.dtype !== "I8")
      shapes.set(stored, { dtype: "f32", shape });
  }
  if (config.head === "score") return shapes;
  const { inputRotation, dither } = int8Names(headName(config));
  shapes.set(inputRotation, { dtype: "f32", shape: [config.hiddenSize, config.hiddenSize] });
  shapes.set(dither, { dtype: "f32", shape: [DITHER_ROWS, config.vocabSize] });
  return shapes;
}
