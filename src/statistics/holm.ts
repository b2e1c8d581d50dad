/**
 * Which of many hypotheses fall (Holm 1979, "A simple sequentially rejective multiple test procedure"): in order of p, the i-th
 * falls while p <= alpha / (m - i). The chance that any true one falls is at most alpha, however the tests depend on each other.
 *
 * @param p [m], in [0, 1]. @returns [m].
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
