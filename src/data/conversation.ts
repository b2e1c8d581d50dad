import type { TextOrMessages } from "./messages.js";
import type { Demonstration } from "./rows.js";

/**
 * What tells conversations apart: the prompt's text, or its messages up to the first of the user. Rows of one key (several answers to one
 * prompt, comparisons of several turns of one conversation) are not independent of each other, and count as one cluster.
 *
 * @param answer what takes the prompt's place where that is empty.
 */
export function conversationKey(prompt: TextOrMessages, answer: TextOrMessages = ""): string {
  if (prompt.length === 0) return JSON.stringify(answer);
  if (typeof prompt === "string") return JSON.stringify(prompt);
  const first = prompt.findIndex(({ role }) => role === "user");
  return JSON.stringify(prompt.slice(0, first < 0 ? prompt.length : first + 1));
}

/** The same of a demonstration. */
export function demonstrationKey(row: Demonstration): string {
  if (row.kind === "text") return conversationKey(row.text);
  return row.kind === "messages"
    ? conversationKey(row.messages)
    : conversationKey(row.prompt, row.completion);
}
