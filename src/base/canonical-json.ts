/**
 * JSON in one canonical form (the JSON Canonicalization Scheme, RFC 8785): keys sorted by UTF-16 code units, no spaces,
 * numbers as JavaScript writes them. Equal values give equal bytes, so they can be hashed. Properties that are
 * undefined are left out.
 *
 * @throws TypeError for a value that JSON cannot represent.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`${value} is not a number of JSON`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`${typeof value} is not a value of JSON`);
  let text = "";
  for (const key of Object.keys(value).sort()) {
    const inner = (value as Record<string, unknown>)[key];
    if (inner !== undefined) text += `${text && ","}${JSON.stringify(key)}:${canonicalJson(inner)}`;
  }
  return `{${text}}`;
}
