/** Turns of a conversation, and what a template is given for each. */

/** One turn. Fields beside `role` and `content` are those of OpenAI's and transformers' chat formats. */
export interface ChatMessage {
  role: string;
  /** Absent where the assistant gives only calls or a thought. */
  content?: string | undefined;
  /** Calls of tools by the assistant. */
  tool_calls?: readonly object[] | undefined;
  /** Which call a tool's result answers. */
  tool_call_id?: string | undefined;
  /** Of a tool, or of a speaker. */
  name?: string | undefined;
  /** What the assistant thought before its content. */
  reasoning_content?: string | undefined;
}

/** Messages for a template. */
interface TemplateMessages {
  parsed: object[];
  /** With arguments of calls as the text that they came as; absent if none came as text. */
  asWritten?: object[];
}

/**
 * Messages as transformers gives them to a template: fields without a value are left out, and what the assistant
 * thought is given under the names `reasoning_content` and `thinking`.
 */
export function templateMessages(messages: readonly ChatMessage[]): TemplateMessages {
  const asWritten = messages.map((message) => {
    const fields = Object.entries(message).filter(([, value]) => value !== undefined && value !== null);
    const { reasoning_content: thinking } = message;
    return { ...(thinking !== undefined && { thinking }), ...Object.fromEntries(fields) };
  });
  const parsed = asWritten.map((message) =>
    "tool_calls" in message
      ? { ...message, tool_calls: (message.tool_calls as object[]).map(parsedCall) }
      : message,
  );
  const same = JSON.stringify(parsed) === JSON.stringify(asWritten);
  return same ? { parsed } : { parsed, asWritten };
}

/** A call with its arguments as the object that they say, if they are text. */
function parsedCall(call: object): object {
  if (!("function" in call) || typeof call.function !== "object" || call.function === null) return call;
  const called = call.function as { arguments?: unknown };
  if (typeof called.arguments !== "string") return call;
  try {
    const value: unknown = JSON.parse(called.arguments);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return call;
    return { ...call, function: { ...called, arguments: value } };
  } catch {
    return call;
  }
}
