/** Numbers formatted for people. */

/**
 * Integers in full; other numbers with 3 decimals below 10, 2 below 100 and 1 above. Fractions below 0.001 or above a
 * million take an exponent: 1.23e-5. Thousands are not grouped.
 */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3);
}

/** A count of parameters or tokens: 134.5M, 12.3K, 960. */
export function formatCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)}B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)}M`;
  return count >= 1e4 ? `${(count / 1e3).toFixed(1)}K` : String(count);
}

/** A number of bytes: 1.5 GB, 12 MB, 95 KB. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.round(bytes / 1e3)} KB`;
}

/** A share as a percentage: 12%, or with one digit 12.3%. */
export const formatPercent = (share: number, digits = 0): string => `${(100 * share).toFixed(digits)}%`;

/** A number with its noun: "1 row", "2 rows". */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
