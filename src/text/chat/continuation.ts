/** Tokens of a text that follows another. */
import type { Tokenizer } from "../tokenizer.js";

/** Texts to set before a continuation, so that a tokenizer does not take it for the beginning of a text. */
const ANCHORS = ["\n", "x", "."];

/**
 * The token ids of `text` after `before`, whose ids are given: the rest of both encoded together, as a model sees them.
 * If a token would reach over the boundary, `text` is encoded within a text but apart, as the given ids stay as they
 * are: they are what the model was asked with.
 */
export function encodeAfter(
  tokenizer: Tokenizer,
  before: string,
  ids: readonly number[],
  text: string,
): number[] {
  if (text === "") return [];
  const whole = tokenizer.encode(before + text);
  if (startsWith(whole, ids)) return whole.slice(ids.length);
  for (const anchor of ANCHORS) {
    const start = tokenizer.encode(anchor);
    const both = tokenizer.encode(anchor + text);
    if (startsWith(both, start)) return both.slice(start.length);
  }
  return tokenizer.encode(text);
}

export const startsWith = (ids: readonly number[], start: readonly number[]): boolean =>
  start.length <= ids.length && start.every((id, i) => ids[i] === id);
