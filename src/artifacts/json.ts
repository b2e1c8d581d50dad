/** Anything that JSON can hold without loss. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Intervals from too few values have infinite ends, which JSON writes as null. */
const isOpenEnd = (key: string, value: unknown): boolean =>
  (key === "low" && value === Number.NEGATIVE_INFINITY) ||
  (key === "high" && value === Number.POSITIVE_INFINITY);

/**
 * The path of the first number that JSON cannot hold (NaN or infinite), or undefined if there is none. The infinite
 * ends of an interval (`low` and `high`) do not count: they are written as null.
 */
export function findNonFinite(value: unknown, path = ""): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : path;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (isOpenEnd(key, inner)) continue;
    const found = findNonFinite(inner, path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
