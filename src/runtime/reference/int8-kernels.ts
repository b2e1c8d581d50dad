/** Products with a matrix in 8 bits, as defined in src/tensor/ops/int8.ts. */
import type { Node } from "../../tensor/index.js";
import { filled, numberAt, type Values } from "./array.js";

/** Steps of a byte on either side of 0, and steps of a probability. */
const [BYTE, PROBABILITY] = [127, 255];

/** The nearest whole number; of two equally near, the even one, as processors round. */
function roundToEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/**
 * Rounds each row of x to whole steps, of which its largest magnitude has 127; with 16 bits, also the remainder, in
 * steps of 1/254.
 */
export function int8Matmul(node: Node<"int8Matmul">, [x, values, scales]: readonly Values[]): Values[] {
  const [N, K] = x.shape;
  const M = values.shape[1];
  const rounded = new Float64Array(N * K);
  for (let row = 0; row < N; row++) {
    let largest = 0;
    for (let k = 0; k < K; k++) largest = Math.max(largest, Math.abs(numberAt(x, row * K + k)));
    const step = largest / BYTE;
    if (step === 0) continue;
    for (let k = 0; k < K; k++) {
      const exact = numberAt(x, row * K + k) / step;
      const coarse = roundToEven(exact);
      const fine = node.attributes.bits === 16 ? roundToEven((exact - coarse) * 2 * BYTE) / (2 * BYTE) : 0;
      rounded[row * K + k] = (coarse + fine) * step;
    }
  }
  return [product(rounded, N, K, M, values, scales)];
}

/** Rounds q, to which the random draws are already added, to whole steps between 0 and 1. */
export function int8Expectation(_node: Node, [q, values, scales]: readonly Values[]): Values[] {
  const [N, V] = q.shape;
  const rounded = Float64Array.from(
    { length: N * V },
    (_, i) => Math.min(PROBABILITY, Math.max(0, roundToEven(numberAt(q, i) * PROBABILITY))) / PROBABILITY,
  );
  return [product(rounded, N, V, values.shape[1], values, scales)];
}

function product(x: Float64Array, N: number, K: number, M: number, values: Values, scales: Values): Values {
  return filled("f32", [N, M], (i) => {
    const [row, column] = [Math.floor(i / M), i % M];
    let sum = 0;
    for (let k = 0; k < K; k++) sum += x[row * K + k] * numberAt(values, k * M + column);
    return sum * numberAt(scales, column);
  });
}
