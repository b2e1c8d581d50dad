/**
 * Calls `f` for each item, at most `limit` calls at once and begun in the order of the items; results come in that order too. After
 * an error no further call begins, and the error is thrown once those under way have ended.
 */
export async function mapConcurrent<T, R>(
  limit: number,
  items: readonly T[],
  f: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failed: { error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (next < items.length && failed === undefined) {
      const index = next++;
      try {
        results[index] = await f(items[index], index);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failed) throw failed.error;
  return results;
}
