import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { nearestName, PlumbError } from "../base/errors.js";
import { type RowLocation, rowError } from "../base/location.js";
import { systemCause } from "../base/system-error.js";
import { asUtf8, utf8Text } from "./text-encoding.js";
import { unzstd } from "./unzstd.js";

/** Longest line of a text file, in bytes; a conversation of a million tokens fits. */
export const MAX_LINE_BYTES = 16 * 2 ** 20;
/** Most bytes of text read from one file, after decompression: a guard against gzip bombs. */
const MAX_TEXT_BYTES = 16 * 2 ** 30;

export interface Line {
  text: string;
  where: RowLocation;
}

/**
 * A text file's decompressed bytes, in UTF-8 also where it is UTF-16 with a byte order mark; `-` is stdin.
 *
 * @throws PlumbError if it is missing, a folder, too large, invalid gzip or Zstandard, or invalid UTF-16.
 */
export async function* readBytes(path: string, maxBytes = MAX_TEXT_BYTES): AsyncGenerator<Buffer> {
  yield* asUtf8(fileBytes(path, maxBytes), displayName(path));
}

async function* fileBytes(path: string, maxBytes: number): AsyncGenerator<Buffer> {
  const source =
    path === "-" ? process.stdin : createReadStream(await checkedFile(path), { highWaterMark: 2 ** 18 });
  const bytes: Readable = path.endsWith(".gz")
    ? gunzip(source)
    : path.endsWith(".zst")
      ? unzstd(source)
      : source;
  let total = 0;
  try {
    for await (const chunk of bytes) {
      total += (chunk as Buffer).length;
      if (total > maxBytes)
        throw new PlumbError(`${path} holds more than ${maxBytes} bytes`, { hint: "Split it." });
      yield chunk as Buffer;
    }
  } catch (error) {
    throw readError(path, error);
  } finally {
    if (source !== process.stdin) source.destroy();
  }
}

/** The lines of a text file (UTF-8, or UTF-16 with a BOM; LF or CRLF), each with its number. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  const file = displayName(path);
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 0;
  const line = (bytes: Buffer): Line => {
    number++;
    const where = { file, unit: "line", number } as const;
    return { text: decode(bytes, where), where };
  };
  for await (const chunk of readBytes(path)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      rest.push(chunk.subarray(start, end));
      yield line(rest.length === 1 ? rest[0] : Buffer.concat(rest));
      rest = [];
      restBytes = 0;
      start = end + 1;
    }
    rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    if (restBytes > MAX_LINE_BYTES) {
      throw rowError(
        { file, unit: "line", number: number + 1 },
        `longer than ${MAX_LINE_BYTES} bytes`,
        "A JSONL file has one row on each line; is this one JSON document?",
      );
    }
  }
  const last = Buffer.concat(rest);
  if (last.length > 0) yield line(last);
}

/** A file's name for messages. */
export function displayName(path: string): string {
  return path === "-" ? "stdin" : path;
}

/**
 * Returns the path if it is a file. @throws PlumbError if it is missing, with a similar name as a hint, or a folder.
 */
export async function checkedFile(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    if (found.code !== "ENOENT") throw readError(path, found);
    const siblings = await readdir(dirname(path), { withFileTypes: true }).catch(() => []);
    const files = siblings.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
    const near = nearestName(basename(path), files);
    throw new PlumbError(`there is no file ${path}`, {
      hint: near && `Did you mean ${near}, in the same folder?`,
    });
  }
  if (found.isDirectory()) throw new PlumbError(`${path} is a folder; expected a file of rows`);
  return path;
}

function gunzip(source: Readable): Readable {
  const unzipped = createGunzip();
  source.on("error", (error) => unzipped.destroy(error));
  return source.pipe(unzipped);
}

/** The text of one line, without BOM and carriage return. @throws PlumbError if it is not UTF-8. */
function decode(bytes: Buffer, where: RowLocation): string {
  const text = utf8Text(bytes);
  if (typeof text !== "string") throw rowError(where, ...text);
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

function readError(path: string, error: unknown): unknown {
  if (error instanceof PlumbError || !(error instanceof Error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code === "Z_BUF_ERROR")
    return new PlumbError(`${path} is truncated: its gzip data ends early`, { cause: error });
  if (error.message.startsWith("zstd: "))
    return new PlumbError(`${path} is not valid Zstandard: ${error.message.slice("zstd: ".length)}`, {
      cause: error,
    });
  if (code.startsWith("Z_"))
    return new PlumbError(`${path} is not valid gzip: ${error.message}`, { cause: error });
  const known = systemCause(error, path);
  return new PlumbError(`cannot read ${displayName(path)}: ${known?.why ?? error.message}`, {
    ...(known && { hint: known.hint }),
    cause: error,
  });
}
