import type { TextOrMessages } from "./messages.js";
import type { Demonstration } from "./rows.js";

/**
 * A key that identifies a conversation: the prompt's text, or its messages up to the user's first. Rows with the same
 * key (several answers to one prompt, comparisons at several turns of one conversation) are not independent, and count
 * as one cluster.
 *
 * @param answer takes the place of an empty prompt.
 */
export function conversationKey(prompt: TextOrMessages, answer: TextOrMessages = ""): string {
  if (prompt.length === 0) return JSON.stringify(answer);
  if (typeof prompt === "string") return JSON.stringify(prompt);
  const first = prompt.findIndex(({ role }) => role === "user");
  return JSON.stringify(prompt.slice(0, first < 0 ? prompt.length : first + 1));
}

/** The conversation key of a demonstration. */
export function demonstrationKey(row: Demonstration): string {
  if (row.kind === "text") return conversationKey(row.text);
  return row.kind === "messages"
    ? conversationKey(row.messages)
    : conversationKey(row.prompt, row.completion);
}
