import { type ChatMessage, sameMessage } from "./messages.js";
import type { PreferenceTexts } from "./rows.js";

/**
 * Splits two texts that both begin with the prompt, as TRL's `extract_prompt` does: the prompt is their longest common
 * prefix, without a final space. For identical texts, both completions are empty, or that space.
 */
export function splitCommonText(
  chosen: string,
  rejected: string,
): { prompt: string; chosen: string; rejected: string } {
  let end = 0;
  while (end < chosen.length && end < rejected.length && chosen[end] === rejected[end]) end++;
  if (end > 0 && isHighSurrogate(chosen.charCodeAt(end - 1))) end--;
  if (end > 0 && chosen[end - 1] === " ") end--;
  return { prompt: chosen.slice(0, end), chosen: chosen.slice(end), rejected: rejected.slice(end) };
}

/**
 * Splits two conversations with a common beginning: the prompt is the longest run of common turns that leaves each side
 * at least one turn and lets both completions begin with the assistant's. Undefined if there is none.
 */
export function splitCommonMessages(
  chosen: ChatMessage[],
  rejected: ChatMessage[],
): Extract<PreferenceTexts, { prompt: ChatMessage[] }> | undefined {
  let end = 0;
  const most = Math.min(chosen.length, rejected.length) - 1;
  while (end < most && sameMessage(chosen[end], rejected[end])) end++;
  while (end > 0 && !(chosen[end].role === "assistant" && rejected[end].role === "assistant")) end--;
  if (end === 0) return undefined;
  return { prompt: chosen.slice(0, end), chosen: chosen.slice(end), rejected: rejected.slice(end) };
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
