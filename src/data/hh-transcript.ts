import type { ChatMessage } from "./messages.js";

/**
 * Anthropic's HH-RLHF transcripts: "\n\nHuman: ...\n\nAssistant: ...", in one string.
 * Bai et al. 2022, "Training a helpful and harmless assistant with RLHF".
 */
const TURN = /(?:^|\n\n)(Human|Assistant):/g;

/** Whether a text is such a transcript: it opens with a speaker, and both speak or it is a bare prompt. */
export function isTranscript(text: string): boolean {
  return /^\s{0,8}(?:Human|Assistant):/.test(text) && text.includes("\n\nAssistant:");
}

/** The turns of a transcript, trimmed of the space that surrounds each. The last may be an empty assistant's turn. */
export function parseTranscript(text: string): ChatMessage[] {
  const trimmed = `\n\n${text.trimStart()}`;
  const turns = [...trimmed.matchAll(TURN)];
  return turns.map((turn, i) => ({
    role: turn[1] === "Human" ? ("user" as const) : ("assistant" as const),
    content: trimmed.slice(turn.index + turn[0].length, turns[i + 1]?.index).trim(),
  }));
}

/** The messages of a transcript that is a prompt: an empty assistant's turn at its end is where the answer goes. */
export function parsePromptTranscript(text: string): ChatMessage[] {
  const messages = parseTranscript(text);
  const last = messages.at(-1);
  return last?.role === "assistant" && last.content === "" ? messages.slice(0, -1) : messages;
}
