/**
 * Reads requests for commands that write one line for each. The whole of a file is checked before the first result is
 * written; stdin and pipes cannot be read twice, so they are checked and answered chunk by chunk.
 */
import { stat } from "node:fs/promises";
import { PlumbError } from "../base/errors.js";
import type { LocatedRow } from "../base/location.js";
import { displayName } from "./read-lines.js";
import { streamRows } from "./read-rows.js";

export interface RequestLines<R> {
  /** Number of requests; undefined for a stream. */
  total?: number;
  /** The requests in order, in lists of at most `size`. */
  chunks(size: number): AsyncGenerator<R[]>;
}

/**
 * Opens a file or stream of requests.
 *
 * @param input a dataset file, or `-` for JSON Lines on stdin.
 * @param parse checks one row; called twice for the rows of a file.
 * @throws PlumbError if a row of a file is invalid, or there is none.
 */
export async function openRequests<R>(
  input: string,
  parse: (row: LocatedRow) => R,
): Promise<RequestLines<R>> {
  const isFile = input !== "-" && (await stat(input).catch(() => undefined))?.isFile() !== false;
  const chunks = (size: number) => chunked(input, parse, size);
  if (!isFile) return { chunks };
  let total = 0;
  for await (const part of chunks(1)) total += part.length;
  return { total, chunks };
}

async function* chunked<R>(input: string, parse: (row: LocatedRow) => R, size: number): AsyncGenerator<R[]> {
  let part: R[] = [];
  let any = false;
  for await (const row of streamRows(input)) {
    any = true;
    part.push(parse(row));
    if (part.length < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
  if (any) return;
  throw new PlumbError(`${displayName(input)} holds no rows`, {
    hint: "Expected at least one line of JSON.",
  });
}
