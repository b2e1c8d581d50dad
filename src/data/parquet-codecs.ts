/** The compressions of Parquet's pages beside Snappy, none of which allocates more than a page may have. */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { decompress } from "fzstd";
import type { Compressors } from "hyparquet";
import { decompressLz4, decompressLz4Raw } from "hyparquet-compressors";

/** Most bytes of a page once it is decompressed; writers make pages of about a megabyte. */
export const MAX_PAGE_BYTES = 512 * 2 ** 20;
/** LZ4 makes at most 255 bytes of one. */
const LZ4_MOST = 255;

/** @throws Error if a page is damaged, or claims more than its compression can hold. */
export const CODECS: Compressors = {
  GZIP: (input, bytes) => gunzipSync(input, { maxOutputLength: checked(bytes) }),
  BROTLI: (input, bytes) => brotliDecompressSync(input, { maxOutputLength: checked(bytes) }),
  ZSTD: (input, bytes) => decompress(input, new Uint8Array(checked(bytes))),
  LZ4: (input, bytes) => decompressLz4(input, checked(bytes, LZ4_MOST * (input.length + 1))),
  LZ4_RAW: (input, bytes) => decompressLz4Raw(input, checked(bytes, LZ4_MOST * (input.length + 1))),
};

function checked(bytes: number, most = MAX_PAGE_BYTES): number {
  if (Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= Math.min(most, MAX_PAGE_BYTES))
    return Math.max(bytes, 1);
  throw new Error(`a page claims ${bytes} bytes, more than it can hold`);
}
