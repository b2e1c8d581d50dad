/** The middle of a sample. */

/** Standard deviation of a normal distribution, in units of its median absolute deviation. */
export const NORMAL_MAD = 1.4826;

/** The median; of two middle values their mean; NaN for no values. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median as one of the values: of two middle ones the upper; 0 for no values. */
export function upperMedian(values: Float64Array): number {
  return values.length === 0 ? 0 : values.slice().sort()[values.length >> 1];
}
