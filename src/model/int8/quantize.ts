/** A matrix in 8 bits: column j is `values[:, j] * scales[j]`. */
export interface Int8Columns {
  /** [rows, columns], row-major, in -127..127. */
  values: Int8Array<ArrayBuffer>;
  /** [columns]. */
  scales: Float32Array<ArrayBuffer>;
}

const INT8_MAX = 127;

/**
 * A matrix to 8 bits with one scale for each column: its largest magnitude / 127; rounded to the nearest.
 *
 * @param matrix [rows, columns], row-major.
 */
export function quantizeColumns(matrix: Float32Array, rows: number, columns: number): Int8Columns {
  const scales = new Float32Array(new ArrayBuffer(4 * columns));
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const magnitude = Math.abs(matrix[i * columns + j]);
      if (magnitude > scales[j]) scales[j] = magnitude;
    }
  const inverse = Float32Array.from(scales, (largest) => (largest === 0 ? 0 : INT8_MAX / largest));
  const values = new Int8Array(new ArrayBuffer(rows * columns));
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      values[i * columns + j] = Math.round(matrix[i * columns + j] * inverse[j]);
  for (let j = 0; j < columns; j++) scales[j] /= INT8_MAX;
  return { values, scales };
}

/** [rows, columns] to [columns, rows], block by block, so that both sides stay in the cache. */
export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const BLOCK = 32;
  const out = new Float32Array(matrix.length);
  for (let i0 = 0; i0 < rows; i0 += BLOCK)
    for (let j0 = 0; j0 < columns; j0 += BLOCK) {
      const [iEnd, jEnd] = [Math.min(rows, i0 + BLOCK), Math.min(columns, j0 + BLOCK)];
      for (let i = i0; i < iEnd; i++)
        for (let j = j0; j < jEnd; j++) out[j * rows + i] = matrix[i * columns + j];
    }
  return out;
}
