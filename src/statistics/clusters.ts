/** Clusters of values that are not independent of each other, such as those of one prompt. */

/**
 * Groups values by key, in the order in which the keys first appear. @param keys the key of each value. @throws
 * RangeError when there are not as many keys as values.
 */
export function clustersOf<Value>(values: readonly Value[], keys: readonly unknown[]): Value[][] {
  if (values.length !== keys.length) throw new RangeError(`${values.length} values with ${keys.length} keys`);
  const lists = new Map<unknown, Value[]>();
  for (const [i, value] of values.entries()) {
    const list = lists.get(keys[i]);
    if (list === undefined) lists.set(keys[i], [value]);
    else list.push(value);
  }
  return [...lists.values()];
}

/** @throws RangeError when the samples differ in length. */
export function checkPaired(a: ArrayLike<unknown>, b: ArrayLike<unknown>): void {
  if (a.length !== b.length) throw new RangeError(`paired samples of ${a.length} and ${b.length} values`);
}
