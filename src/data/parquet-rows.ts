import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from "hyparquet";
import { messageOf, PlumbError } from "../base/errors.js";
import { CODECS } from "./parquet-codecs.js";
import { checkedFile } from "./read-lines.js";

export type ParquetRow = Record<string, unknown>;

/** Rows decoded first, as many readers want no more. */
const FIRST_ROWS = 4096;
/**
 * Uncompressed bytes decoded at a time, so that memory does not grow with the file. A row group is decoded whole where
 * it is no larger: of nested columns the library decodes all of a group's rows for any of them.
 */
const STEP_BYTES = 128 * 2 ** 20;

/**
 * Rows of a Parquet file (uncompressed, Snappy, gzip, Brotli, Zstandard or LZ4), some at a time, in order. 64-bit
 * integers become numbers where they fit exactly, and text with their digits otherwise, as in JSON.
 *
 * A damaged or hostile file may hold the caller up for ever, or take all memory: `readParquet` limits both.
 *
 * @throws PlumbError if the file is not what it declares.
 */
export async function* parquetRows(path: string): AsyncGenerator<ParquetRow[]> {
  const file = withoutLooseEnds(await asyncBufferFromFile(await checkedFile(path)));
  const metadata = await parquet(path, () => parquetMetadataAsync(file));
  for (const [rowStart, rowEnd] of steps(path, metadata)) {
    const rows = await parquet(path, () =>
      parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors: CODECS }),
    );
    if (rows.length !== rowEnd - rowStart) {
      throw new PlumbError(`${path} is damaged: it has ${rows.length} of rows ${rowStart + 1} to ${rowEnd}`);
    }
    yield rows.map((row) => plainNumbers(row) as ParquetRow);
  }
}

/** First row and the one after the last of each step, none of which reaches into another row group. */
function* steps(path: string, metadata: FileMetaData): Generator<[start: number, end: number]> {
  const count = rowCount(path, metadata);
  let start = 0;
  let groupStart = 0;
  for (const group of metadata.row_groups) {
    const groupRows = Number(group.num_rows);
    const groupEnd = groupStart + groupRows;
    const share = STEP_BYTES / Math.max(1, Number(group.total_byte_size));
    const atOnce = Math.max(FIRST_ROWS, Math.floor(share * groupRows));
    while (start < groupEnd) {
      const end = Math.min(groupEnd, count, start + (start === 0 ? FIRST_ROWS : atOnce));
      yield [start, end];
      start = end;
    }
    groupStart = groupEnd;
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
  const groups = metadata.row_groups.map((group) => Number(group.num_rows));
  const inGroups = groups.reduce((sum, rows) => sum + rows, 0);
  if (!Number.isSafeInteger(count) || groups.some((rows) => rows < 0) || count !== inGroups) {
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
