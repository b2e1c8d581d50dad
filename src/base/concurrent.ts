/**
 * Calls `f` for each item in order, at most `limit` calls at once, and returns the results in the order of the items.
 * After an error no further call starts; the first error is thrown once the calls in progress have ended.
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
