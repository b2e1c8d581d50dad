export const sumOf = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

/** Mean of a list; NaN when it is empty. */
export const meanOf = (values: ArrayLike<number>): number => sumOf(values) / values.length;

/** Mean, unbiased variance and count over all entries of all rows. The variance of a single entry is 0. */
export function moments(rows: readonly ArrayLike<number>[]): {
  mean: number;
  variance: number;
  count: number;
} {
  let count = 0;
  let total = 0;
  for (const row of rows) for (let t = 0; t < row.length; t++, count++) total += row[t];
  const mean = total / count;
  let squares = 0;
  for (const row of rows) for (let t = 0; t < row.length; t++) squares += (row[t] - mean) ** 2;
  return { mean, variance: squares / Math.max(1, count - 1), count };
}

/** Sums over the parts of a batch, each of which reports the same named scalars. */
export class Sums<K extends string> {
  private readonly totals = new Map<string, number>();

  add(part: Readonly<Record<K, ArrayLike<number | bigint>>>): void {
    for (const [name, values] of Object.entries(part) as [K, ArrayLike<number | bigint>][])
      this.totals.set(name, this.of(name) + Number(values[0]));
  }

  of(name: K): number {
    return this.totals.get(name) ?? 0;
  }
}
