/** Copies of matrices in another order. */
import { allocateF32 } from "../formats/weights.js";

/** The transpose of a [rows, columns] matrix. */
export function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = allocateF32(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c];
  return out;
}

/** Reorders blocks of rows from the order [A, B] to the order [B, A]. */
export function swapped(data: Float32Array, a: number, b: number): Float32Array {
  const out = allocateF32(data.length);
  const block = data.length / (a * b);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const from = (i * b + j) * block;
      out.set(data.subarray(from, from + block), (j * a + i) * block);
    }
  }
  return out;
}
