/** Files that a recipe names. */

const FILE_ENDING = /\.(gguf|safetensors|jsonl|ndjson|json|csv|tsv|parquet|ya?ml)(\.gz)?$/;
/** Settings that name what a command writes. */
const OUTPUTS = ["out", "name", "root", "runs"];

/** Values that look like paths of one file or folder, by their dotted keys. */
export function filesOf(value: unknown, key = ""): { key: string; path: string }[] {
  if (typeof value === "string") {
    const isPath = (value.includes("/") || FILE_ENDING.test(value)) && !/[\s:*?[]/.test(value);
    return isPath && !OUTPUTS.includes(key) ? [{ key, path: value }] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((inner) => filesOf(inner, key));
  return Object.entries(value).flatMap(([name, inner]) =>
    filesOf(inner, key === "" ? name : `${key}.${name}`),
  );
}
