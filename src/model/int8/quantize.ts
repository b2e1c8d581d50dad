/** A matrix in 8 bits: column j is `values[:, j] * scales[j]`. */
interface Int8Columns {
  /** [rows, columns], row-major, in -127..127. */
  values: Int8Array<ArrayBuffer>;
  /** [columns]. */
  scales: Float32Array<ArrayBuffer>;
}

const INT8_MAX = 127;

/**
 * Quantises a matrix to 8 bits, to the nearest, with one scale per column: its largest magnitude / 127.
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

/** Quantises a table to 8 bits with one scale per row. @param table [rows, columns]. */
export function quantizeRows(
  table: Float32Array,
  columns: number,
): { values: Int8Array<ArrayBuffer>; scales: Float32Array<ArrayBuffer> } {
  const rows = table.length / columns;
  const values = new Int8Array(new ArrayBuffer(table.length));
  const scales = new Float32Array(new ArrayBuffer(4 * rows));
  for (let i = 0; i < rows; i++) {
    const row = table.subarray(i * columns, (i + 1) * columns);
    let largest = 0;
    for (const value of row) largest = Math.max(largest, Math.abs(value));
    scales[i] = largest / INT8_MAX;
    const inverse = largest === 0 ? 0 : INT8_MAX / largest;
    for (let j = 0; j < columns; j++) values[i * columns + j] = Math.round(row[j] * inverse);
  }
  return { values, scales };
}

/** The transpose of a [rows, columns] matrix: [columns, rows]. */
export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  turn(matrix, out, rows, columns, 0, columns);
  return out;
}

/** The transpose of a matrix of 8-bit integers, in memory of its own. */
export function turned(matrix: Int8Array, rows: number, columns: number): Int8Array<ArrayBuffer> {
  const out = new Int8Array(new ArrayBuffer(matrix.length));
  turn(matrix, out, rows, columns, 0, columns);
  return out;
}

/** About how many elements of a transposed matrix are computed at a time. */
const PIECE_ELEMENTS = 2 ** 20;

/** The transpose of a [rows, columns] matrix, a few rows at a time; each piece overwrites the one before. */
export function* turnedPieces(
  matrix: Int8Array,
  rows: number,
  columns: number,
  pieceElements = PIECE_ELEMENTS,
): Generator<Int8Array> {
  const size = Math.min(columns, Math.max(1, Math.floor(pieceElements / rows)));
  const piece = new Int8Array(size * rows);
  for (let from = 0; from < columns; from += size) {
    const to = Math.min(columns, from + size);
    turn(matrix, piece, rows, columns, from, to);
    yield piece.subarray(0, (to - from) * rows);
  }
}

/**
 * Writes columns [from, to) of a [rows, columns] matrix to `out` as rows, block by block, so that both sides stay in
 * the cache.
 */
function turn<A extends Float32Array | Int8Array>(
  matrix: A,
  out: A,
  rows: number,
  columns: number,
  from: number,
  to: number,
): void {
  const BLOCK = 32;
  for (let i0 = 0; i0 < rows; i0 += BLOCK)
    for (let j0 = from; j0 < to; j0 += BLOCK) {
      const [iEnd, jEnd] = [Math.min(rows, i0 + BLOCK), Math.min(to, j0 + BLOCK)];
      for (let i = i0; i < iEnd; i++)
        for (let j = j0; j < jEnd; j++) out[(j - from) * rows + i] = matrix[i * columns + j];
    }
}
