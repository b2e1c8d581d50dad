/**
 * Distinct n-grams over all n-grams of a set of texts (Li et al. 2016, "A diversity-promoting objective function"):
 * 1 when no n-gram occurs twice, near 0 when all texts say the same. It falls with the amount of text: compare sets of
 * about the same size.
 *
 * @param texts tokens or words. @returns 0 when no text has n tokens.
 */
export function distinctN(texts: readonly (readonly (string | number)[])[], n: number): number {
  const seen = new Set<string>();
  let total = 0;
  for (const text of texts) {
    for (let i = 0; i + n <= text.length; i++, total++) seen.add(JSON.stringify(text.slice(i, i + n)));
  }
  return total === 0 ? 0 : seen.size / total;
}
