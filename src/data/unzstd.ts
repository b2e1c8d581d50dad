/** Zstandard's decompression as a stream; Node has one of its own only from version 22 on. */
import { type Readable, Transform } from "node:stream";
import { Decompress } from "fzstd";

/** Largest window that a file may ask for: what the zstd program reads without a special flag. */
const MAX_WINDOW = 2 ** 27;
const MAGIC = 0xfd2fb528;
/** Bytes of the longest frame header. */
const HEADER = 18;
/** Bytes given at once, each of which may become some 30,000. */
const PIECE = 4096;

/**
 * The decompressed bytes of a stream. It fails with an Error whose message begins with "zstd: " if these are no
 * Zstandard data.
 */
export function unzstd(source: Readable): Readable {
  let start: Buffer | undefined = Buffer.alloc(0);
  let out: Transform;
  const decompressor = new Decompress((bytes) => out.push(Buffer.from(bytes)));
  const feed = (bytes: Buffer, last: boolean): void => {
    for (let at = 0; at < bytes.length; at += PIECE) decompressor.push(bytes.subarray(at, at + PIECE));
    if (last) decompressor.push(new Uint8Array(0), true);
  };
  const attempt = (step: () => void, done: (error?: Error) => void): void => {
    try {
      step();
      done();
    } catch (error) {
      done(new Error(`zstd: ${(error as Error).message}`));
    }
  };
  const begin = (last: boolean): void => {
    if (start === undefined) return;
    const bytes = start;
    checkWindow(bytes);
    start = undefined;
    feed(bytes, last);
  };
  out = new Transform({
    transform(chunk: Buffer, _, done) {
      attempt(() => {
        if (start === undefined) return feed(chunk, false);
        start = Buffer.concat([start, chunk]);
        if (start.length >= HEADER) begin(false);
      }, done);
    },
    flush(done) {
      attempt(() => (start === undefined ? feed(Buffer.alloc(0), true) : begin(true)), done);
    },
  });
  source.on("error", (error) => out.destroy(error));
  return source.pipe(out);
}

/** The header of the first frame: RFC 8878, 3.1.1.1. @throws Error if its window is too large, or it is none. */
function checkWindow(bytes: Buffer): void {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== MAGIC)
    throw new Error("not valid: it does not begin with a frame");
  const single = (bytes[4] & 0x20) !== 0;
  if (single) {
    checkSingle(bytes);
    return;
  }
  const exponent = bytes[5] >> 3;
  const base = 2 ** (10 + exponent);
  const window = base + (base / 8) * (bytes[5] & 7);
  if (window > MAX_WINDOW) throw new Error(`a window of ${window} bytes; at most ${MAX_WINDOW} are read`);
}

/** A frame without a window holds all of its content at once. */
function checkSingle(bytes: Buffer): void {
  const dictionary = [0, 1, 2, 4][bytes[4] & 3];
  const width = [1, 2, 4, 8][bytes[4] >> 6];
  const at = 5 + dictionary;
  if (bytes.length < at + width) throw new Error("cut within its header");
  const content =
    width === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, width) + (width === 2 ? 256 : 0);
  if (content > MAX_WINDOW)
    throw new Error(`a frame of ${content} bytes at once; at most ${MAX_WINDOW} are read`);
}
