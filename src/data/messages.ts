/** One turn of a conversation. `src/text` renders lists of these with the model's own chat template. */
export interface ChatMessage {
  role: Role;
  /** Absent where the assistant gives only calls or a thought: a template may ask whether it is there. */
  content?: string | undefined;
  /** Functions that the assistant calls in this turn. */
  tool_calls?: ToolCall[];
  /** Of a tool's turn: the call that it answers. */
  tool_call_id?: string;
  /** Who speaks; of a tool's turn: the function. */
  name?: string;
  /** What the assistant thought before the content, where its template has a place for it. */
  reasoning_content?: string;
  /** False: the loss does not read this turn of the assistant. */
  train?: boolean;
}

/** A call of a function, in OpenAI's form. */
export interface ToolCall {
  id?: string;
  type: "function";
  /** Arguments as an object, or as text in JSON. */
  function: { name: string; arguments: string | Record<string, unknown> };
}

/** A function that the assistant may call: `{ type: "function", function: { name, description, parameters } }`. */
export type Tool = Record<string, unknown>;

export const ROLES = ["system", "user", "assistant", "tool"] as const;
/** Who speaks in a message of a chat. */
export type Role = (typeof ROLES)[number];

/** A prompt or a completion: plain text, or turns of a conversation. */
export type TextOrMessages = string | ChatMessage[];

/** Whether two messages say the same: everything but whether the loss reads them. */
export function sameMessage(a: ChatMessage, b: ChatMessage): boolean {
  return a.role === b.role && (a.content ?? "") === (b.content ?? "") && rest(a) === rest(b);
}

const rest = ({ tool_calls, tool_call_id, name, reasoning_content }: ChatMessage): string =>
  JSON.stringify([tool_calls, tool_call_id, name, reasoning_content]);

/** Splits off the assistant's final answer: the assistant's messages at the end, after the last other turn. */
export function splitFinalAnswer(messages: readonly ChatMessage[]): {
  prompt: ChatMessage[];
  answer: ChatMessage[];
} {
  let start = messages.length;
  while (start > 0 && messages[start - 1].role === "assistant") start--;
  return { prompt: messages.slice(0, start), answer: messages.slice(start) };
}
