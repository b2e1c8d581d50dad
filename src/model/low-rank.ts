/** What adapters other than plain LoRA make of a weight W [out, in] and an update s B A; sums in double precision. */
import { allocateF32 } from "./formats/weights.js";
import type { TensorData } from "./save/index.js";

/** W + scale B A of one module; with DoRA its rows are then scaled to the lengths of `magnitude`. */
export interface LowRank {
  r: number;
  scale: number;
  /** [r, in] */
  a: Float32Array;
  /** [out, r]; of experts transposed, [experts r, out]. */
  b: Float32Array;
  /** It is the update of so many experts' layers, whose matrices lie one below the other: A [experts r, in]. */
  experts?: number;
  /** [out]; of an embedding [width], lengths of its columns. */
  magnitude?: Float32Array;
  /** [out]: scale times it is added to the layer's bias. */
  bias?: Float32Array;
}

/** Row o of W + s B A. */
function rowSum(
  { shape: [, input], data }: TensorData,
  { r, scale, a, b }: LowRank,
  o: number,
  row: Float64Array,
) {
  for (let i = 0; i < input; i++) row[i] = data[o * input + i];
  for (let k = 0; k < r; k++) {
    const factor = scale * b[o * r + k];
    for (let i = 0; i < input; i++) row[i] += factor * a[k * input + i];
  }
}

/** W + s B A. */
export function plusProduct(weight: TensorData, update: LowRank): TensorData {
  const [out, input] = weight.shape;
  const data = allocateF32(out * input);
  const row = new Float64Array(input);
  for (let o = 0; o < out; o++) {
    rowSum(weight, update, o, row);
    data.set(row, o * input);
  }
  return { shape: [out, input], data };
}

/**
 * DoRA's weight, m (W + s B A) / |W + s B A|, with the lengths of rows (Liu et al. 2024, equation 5), or of columns for
 * an embedding, as peft has them.
 */
export function dorized(
  weight: TensorData,
  update: LowRank,
  magnitude: Float32Array,
  byColumn: boolean,
): TensorData {
  const [out, input] = weight.shape;
  const sum = plusProduct(weight, update);
  const squares = new Float64Array(magnitude.length);
  const at = (o: number, i: number): number => (byColumn ? i : o);
  for (let o = 0; o < out; o++)
    for (let i = 0; i < input; i++) squares[at(o, i)] += sum.data[o * input + i] ** 2;
  const factors = squares.map((square, n) => magnitude[n] / Math.sqrt(square));
  for (let o = 0; o < out; o++) for (let i = 0; i < input; i++) sum.data[o * input + i] *= factors[at(o, i)];
  return sum;
}

/**
 * What OLoRA leaves of W: W - s Q_r R_r, with Q R = W (Büyükakyüz 2024). The first r columns of Q come from those of W
 * by Gram and Schmidt, done twice; R_r = Q_r^T W.
 */
export function lessOlora(weight: TensorData, { r, scale }: LowRank): TensorData {
  const [out, input] = weight.shape;
  const residual = Float64Array.from(weight.data);
  const found: Float64Array[] = [];
  for (let k = 0; k < Math.min(r, input, out); k++) {
    const q = Float64Array.from({ length: out }, (_, o) => weight.data[o * input + k]);
    for (const _ of [1, 2]) {
      for (const other of found) {
        const shared = q.reduce((sum, value, o) => sum + value * other[o], 0);
        for (let o = 0; o < out; o++) q[o] -= shared * other[o];
      }
    }
    const length = Math.sqrt(q.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let o = 0; o < out; o++) q[o] /= length;
    found.push(q);
    const row = new Float64Array(input);
    for (let o = 0; o < out; o++) for (let i = 0; i < input; i++) row[i] += q[o] * weight.data[o * input + i];
    for (let o = 0; o < out; o++)
      for (let i = 0; i < input; i++) residual[o * input + i] -= scale * q[o] * row[i];
  }
  const data = allocateF32(out * input);
  data.set(residual);
  return { shape: [out, input], data };
}
