import type { ChatMessage, TextOrMessages } from "./messages.js";
import type { Demonstration, PreferenceRow, UnpairedRow } from "./rows.js";

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

/**
 * Names of what a demonstration is about, of which rows on two sides of a split may share none: its conversation, its whole text, and
 * the row of the file that it was made of.
 */
export function demonstrationNames(row: Demonstration): string[] {
  const text =
    row.kind === "text"
      ? row.text
      : row.kind === "messages"
        ? row.messages
        : whole(row.prompt, row.completion);
  return [demonstrationKey(row), rowName(row), textName(text)];
}

/** The same of a preference, with the whole text of each side: of a ranking, all pairs go together. */
export function preferenceNames(row: PreferenceRow): string[] {
  const sides = [row.chosen, row.rejected].map((side) => textName(whole(row.prompt, side)));
  return [conversationKey(row.prompt, row.chosen), rowName(row), ...sides];
}

/** The same of a judged answer. */
export const unpairedNames = (row: UnpairedRow): string[] => [
  conversationKey(row.prompt, row.completion),
  rowName(row),
  textName(whole(row.prompt, row.completion)),
];

const whole = (prompt: TextOrMessages, answer: TextOrMessages): TextOrMessages =>
  typeof prompt === "string" ? `${prompt}${answer as string}` : [...prompt, ...(answer as ChatMessage[])];
const textName = (text: TextOrMessages): string => `text ${JSON.stringify(text)}`;
const rowName = ({ where }: Pick<PreferenceRow, "where">): string => `row ${where.number} of ${where.file}`;
