/** One turn of a conversation. `src/text` renders lists of these with the model's own chat template. */
export interface ChatMessage {
  role: Role;
  content: string;
}

export const ROLES = ["system", "user", "assistant", "tool"] as const;
/** Who speaks in a message of a chat. */
export type Role = (typeof ROLES)[number];

/** A prompt or a completion: plain text, or turns of a conversation. */
export type TextOrMessages = string | ChatMessage[];

/** Whether two messages have the same role and content. */
export function sameMessage(a: ChatMessage, b: ChatMessage): boolean {
  return a.role === b.role && a.content === b.content;
}

/** Splits off the assistant's final answer: the assistant's messages at the end, after the last other turn. */
export function splitFinalAnswer(messages: readonly ChatMessage[]): {
  prompt: ChatMessage[];
  answer: ChatMessage[];
} {
  let start = messages.length;
  while (start > 0 && messages[start - 1].role === "assistant") start--;
  return { prompt: messages.slice(0, start), answer: messages.slice(start) };
}
