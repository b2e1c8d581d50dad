/** Values as JSON that also supports infinite numbers, because open intervals have infinite ends. */
import { readFile, writeFile } from "node:fs/promises";

const INFINITE = "$infinite";

/** Encodes a JSON value, which may contain infinite numbers, as one line. */
export const encoded = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner === Number.POSITIVE_INFINITY || inner === Number.NEGATIVE_INFINITY
      ? { [INFINITE]: Math.sign(inner as number) }
      : inner,
  );

/**
 * Decodes a line that `encoded` wrote. Its type is not checked: the stage's key guarantees that this code wrote it, and
 * the manifest that it is unchanged.
 */
export const decoded = <T>(line: string): T =>
  JSON.parse(line, (_, inner: unknown) => {
    const sign = (inner as Record<string, unknown> | null)?.[INFINITE];
    return typeof sign === "number" ? sign * Number.POSITIVE_INFINITY : inner;
  }) as T;

export const writeValue = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${encoded(value)}\n`);

export const readValue = async <T>(path: string): Promise<T> => decoded<T>(await readFile(path, "utf8"));
