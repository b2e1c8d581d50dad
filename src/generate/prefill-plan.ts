import { paddedLength } from "../model/batch.js";
import { type KeyValueCache, sharedLength } from "./kv-cache.js";
import type { Request } from "./request.js";

/**
 * A beginning is copied if it saves this many tokens, or is the whole prompt: the rest of a prompt then runs alone,
 * over all weights, instead of together with others.
 */
const WORTH_COPYING = 32;

const worthCopying = (positions: number, of: number): boolean =>
  positions > 0 && (positions >= WORTH_COPYING || positions === of);

/**
 * The row from which to copy the beginning of a prompt, and its length: 0 if copying does not pay.
 * @param row the prompt's own. @param repeatable as in `DecodeEngine.begin`.
 */
export function cachedBeginning(
  cache: KeyValueCache,
  { prompt, prefill }: Request,
  row: number,
  repeatable: boolean,
): { row: number; positions: number } {
  const found = cache.longestPrefix(prompt, prefill, row, repeatable);
  return worthCopying(found.positions, prefill) ? found : { row, positions: 0 };
}

/** Whether a prompt should wait until another one is computed, and then copy its beginning. */
const followsFrom = ({ prompt, prefill }: Request, other: Request): boolean =>
  worthCopying(sharedLength(other.prompt, prompt, Math.min(prefill, other.prefill)), prefill);

/**
 * The order in which prompts are computed: short ones first, so that the prompts of one run are of similar length; then
 * those that begin like an earlier one.
 */
export function orderOfPrefill(requests: readonly Request[]): Request[] {
  const leaders: Request[] = [];
  const followers: Request[] = [];
  for (const request of requests)
    (leaders.some((other) => followsFrom(request, other)) ? followers : leaders).push(request);
  return [...leaders.sort((a, b) => a.prefill - b.prefill), ...followers];
}

/** Tokens of prompts that one run computes. */
export interface Piece {
  /** For each row, from the first joining one on, the tokens of its prompt from `start`. */
  parts: (readonly number[])[];
  start: number;
  /** Length to which the rows are padded; "any" for a single row, which is not padded. */
  columns: number | "any";
}

/**
 * What to compute next: the beginnings of several short prompts, or a piece of a long one.
 *
 * @param joining requests whose prompts are not computed yet, by row from `first`.
 * @param chunkTokens most tokens, at least 2: a single one would go through other routines, which round differently.
 */
export function nextPiece(
  cache: KeyValueCache,
  joining: readonly Request[],
  first: number,
  chunkTokens: number,
  repeatable: boolean,
): Piece {
  const { prompt, prefill } = joining[0];
  // If only one position is missing, the one before it is computed again.
  const start = Math.max(0, Math.min(cache.filled(first), prefill - 2));
  if (start > 0 || prefill > chunkTokens) {
    const end = Math.min(prefill, start + chunkTokens);
    return { parts: [prompt.slice(start, end)], start, columns: "any" };
  }
  const padded = (request: Request): number =>
    Math.min(paddedLength(request.prefill), cache.capacity, chunkTokens);
  let columns = padded(joining[0]);
  let count = 1;
  for (const request of joining.slice(1)) {
    const wider = Math.max(columns, padded(request));
    if (request.prefill === 0 || (count + 1) * wider > chunkTokens) break;
    if (joining.slice(0, count).some((other) => followsFrom(request, other))) break;
    if (cachedBeginning(cache, request, first + count, repeatable).positions > 0) break;
    columns = wider;
    count++;
  }
  return { parts: joining.slice(0, count).map((one) => one.prompt.slice(0, one.prefill)), start: 0, columns };
}
