/** Anything that JSON can hold without loss. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An interval of too few values has no ends: they are infinite, and JSON has null for them. */
const isOpenEnd = (key: string, value: unknown): boolean =>
  (key === "low" && value === Number.NEGATIVE_INFINITY) ||
  (key === "high" && value === Number.POSITIVE_INFINITY);

/**
 * The path of the first number that JSON cannot hold (NaN or infinite), or undefined when there is none. The open ends of an
 * interval (`low` and `high`) are written as null.
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
