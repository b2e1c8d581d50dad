import type { ChatMessage } from "./messages.js";

/**
 * Anthropic's HH-RLHF transcripts: "\n\nHuman: ...\n\nAssistant: ...", in one string. Bai et al. 2022, "Training a
 * helpful and harmless assistant with RLHF".
 */
const TURN = /(?:^|\n\n)(Human|Assistant):/g;

/**
 * Whether a text is such a transcript: it begins with a speaker, and a turn of the assistant follows, perhaps empty.
 */
export function isTranscript(text: string): boolean {
  return /^\s{0,8}(?:Human|Assistant):/.test(text) && text.includes("\n\nAssistant:");
}

/** The turns of a transcript, each without surrounding space. The last may be an empty turn of the assistant. */
export function parseTranscript(text: string): ChatMessage[] {
  const trimmed = `\n\n${text.trimStart()}`;
  const turns = [...trimmed.matchAll(TURN)];
  return turns.map((turn, i) => ({
    role: turn[1] === "Human" ? ("user" as const) : ("assistant" as const),
    content: trimmed.slice(turn.index + turn[0].length, turns[i + 1]?.index).trim(),
  }));
}

/**
 * The messages of a transcript that is a prompt. An empty assistant's turn at its end, where the answer goes, is
 * dropped.
 */
export function parsePromptTranscript(text: string): ChatMessage[] {
  const messages = parseTranscript(text);
  const last = messages.at(-1);
  return last?.role === "assistant" && last.content === "" ? messages.slice(0, -1) : messages;
}
