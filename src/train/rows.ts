import type { LoadOptions } from "../data/index.js";

/** The rows of several files, one file after another. */
export async function loadAll<Row>(
  paths: readonly string[],
  load: (path: string, options: LoadOptions) => Promise<Row[]>,
  limit: number | undefined,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const path of paths) rows.push(...(await load(path, limit === undefined ? {} : { limit })));
  return rows;
}

/** `count` items spread evenly over a list, and the others; the same list and count always give the same split. */
export function spread<T>(items: readonly T[], count: number): { picked: T[]; others: T[] } {
  const chosen = new Set(Array.from({ length: count }, (_, j) => Math.floor((j * items.length) / count)));
  return { picked: items.filter((_, i) => chosen.has(i)), others: items.filter((_, i) => !chosen.has(i)) };
}
