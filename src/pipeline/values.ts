/** Values as JSON, with the infinite numbers that JSON lacks: open intervals have infinite ends. */
import { readFile, writeFile } from "node:fs/promises";

const INFINITE = "$infinite";

/** A value of JSON's kinds and infinite numbers as one line. */
export const encoded = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner === Number.POSITIVE_INFINITY || inner === Number.NEGATIVE_INFINITY
      ? { [INFINITE]: Math.sign(inner as number) }
      : inner,
  );

/** The value of a line that `encoded` wrote: this code did, as a stage's key says, and it is unchanged, as its manifest says. */
export const decoded = <T>(line: string): T =>
  JSON.parse(line, (_, inner: unknown) => {
    const sign = (inner as Record<string, unknown> | null)?.[INFINITE];
    return typeof sign === "number" ? sign * Number.POSITIVE_INFINITY : inner;
  }) as T;

export const writeValue = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${encoded(value)}\n`);

export const readValue = async <T>(path: string): Promise<T> => decoded<T>(await readFile(path, "utf8"));
