/**
 * Decides which of m hypotheses to reject (Holm 1979, "A simple sequentially rejective multiple test procedure"): in
 * order of p, the i-th, counted from 0, is rejected while p <= alpha / (m - i). The probability that any true
 * hypothesis is rejected is at most alpha, for any dependence between the tests.
 *
 * @param p p-values, [m], in [0, 1]. @returns whether each hypothesis is rejected, [m].
 */
export function holm(p: readonly number[], alpha: number): boolean[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a] - p[b] || a - b);
  const falls = p.map(() => false);
  for (const [i, at] of order.entries()) {
    if (p[at] > alpha / (p.length - i)) break;
    falls[at] = true;
  }
  return falls;
}
