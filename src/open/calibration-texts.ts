/** Text to calibrate an 8-bit base on: the ranges of its activations are measured on it. */
import { checkRows, readDataset } from "../data/load.js";
import { toDemonstrations, toPrompt } from "../data/normalise.js";
import type { RequestLines } from "../data/request-lines.js";
import { encodeDemonstration, encodePromptRow } from "../data/tokenize.js";
import { CALIBRATION_TOKENS } from "../model/int8/build.js";
import type { Tokenizer } from "../text/index.js";

/** Requests read at a time. */
const CHUNK = 16;

/** Whole texts of dataset files in any format; only the prompts of rows without answers. @throws PlumbError */
export async function textsOfFiles(
  paths: readonly string[],
  tokenizer: Tokenizer,
  limit: number | undefined,
): Promise<number[][]> {
  const texts: number[][] = [];
  for (const path of paths) {
    const { format, rows } = checkRows((await readDataset(path, { limit })).rows);
    for (const row of rows) {
      if (format === "prompt-only") texts.push(encodePromptRow(tokenizer, toPrompt(row)));
      else for (const one of toDemonstrations(row)) texts.push(encodeDemonstration(tokenizer, one).ids);
    }
  }
  return texts;
}

/** As many texts of a file of requests as calibration uses; none of a stream, which can be read only once. */
export async function textsOfRequests<R>(
  requests: RequestLines<R>,
  ids: (request: R) => readonly (readonly number[])[],
): Promise<(readonly number[])[]> {
  const texts: (readonly number[])[] = [];
  if (requests.total === undefined) return texts;
  let tokens = 0;
  for await (const chunk of requests.chunks(CHUNK)) {
    for (const text of chunk.flatMap(ids)) {
      texts.push(text);
      tokens += text.length;
    }
    if (tokens >= CALIBRATION_TOKENS) break;
  }
  return texts;
}
