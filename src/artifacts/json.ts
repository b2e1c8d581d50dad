/** Anything that JSON can hold without loss. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The path of the first number that JSON cannot hold (NaN or infinite), or undefined when there is none. */
export function findNonFinite(value: unknown, path = ""): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : path;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = findNonFinite(inner, path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
