import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from "hyparquet";
import { messageOf, PlumbError } from "../base/errors.js";
import type { LocatedRow } from "../base/location.js";
import { CODECS } from "./parquet-codecs.js";
import { checkedFile } from "./read-lines.js";

/** Rows decoded at a time, so that memory does not grow with the file. */
const BATCH_ROWS = 4096;

/**
 * Rows of a Parquet file (uncompressed, Snappy, gzip, Brotli, Zstandard or LZ4). 64-bit integers become numbers where
 * they fit exactly, and text with their digits otherwise, as in JSON.
 */
export async function* readParquet(path: string): AsyncGenerator<LocatedRow> {
  const file = withoutLooseEnds(await asyncBufferFromFile(await checkedFile(path)));
  const metadata = await parquet(path, () => parquetMetadataAsync(file));
  const count = rowCount(path, metadata);
  for (let rowStart = 0; rowStart < count; rowStart += BATCH_ROWS) {
    const rowEnd = Math.min(count, rowStart + BATCH_ROWS);
    const rows = await parquet(path, () =>
      parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors: CODECS }),
    );
    if (rows.length !== rowEnd - rowStart) {
      throw new PlumbError(`${path} is damaged: it has ${rows.length} of rows ${rowStart + 1} to ${rowEnd}`);
    }
    for (let i = 0; i < rows.length; i++) {
      const value = plainNumbers(rows[i]) as Record<string, unknown>;
      yield { value, where: { file: path, unit: "row", number: rowStart + i + 1 }, untyped: false };
    }
  }
}

/**
 * The library decodes columns concurrently. In a damaged file one may fail before the library awaits all of them; the
 * failures of the others would then be unhandled rejections and end the process.
 */
const withoutLooseEnds = (file: AsyncBuffer): AsyncBuffer => ({
  byteLength: file.byteLength,
  slice: (start, end) => observed(Promise.resolve(file.slice(start, end))),
});

/**
 * The promise, with rejections marked as handled here and in everything chained to it. A caller that awaits it still
 * receives the error.
 */
function observed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  const then = promise.then.bind(promise);
  const chain: Promise<T>["then"] = (onValue, onError) => observed(then(onValue, onError));
  // biome-ignore lint/suspicious/noThenProperty: it is a promise, and this is what chaining to it does
  return Object.defineProperty(promise, "then", { value: chain });
}

function rowCount(path: string, metadata: FileMetaData): number {
  const count = Number(metadata.num_rows);
  const inGroups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (!Number.isSafeInteger(count) || count < 0 || count !== inGroups) {
    throw new PlumbError(
      `${path} is damaged: its footer declares ${count} rows, its row groups hold ${inGroups}`,
    );
  }
  return count;
}

/** Runs a step of the reader; any error it throws is reported as a fault of the file. */
async function parquet<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const reason = messageOf(error);
    const hint = /unsupported compression|compression codec/.test(reason)
      ? "Write it again with Zstandard, Snappy or without compression."
      : undefined;
    throw new PlumbError(`cannot read ${path} as Parquet: ${reason}`, { hint, cause: error });
  }
}

/** Converts BigInts to numbers where exact, otherwise to text, and drops nulls, at every depth. */
function plainNumbers(value: unknown): unknown {
  if (typeof value === "bigint") {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  }
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== null)
        .map(([key, inner]) => [key, plainNumbers(inner)]),
    );
  }
  return value;
}
