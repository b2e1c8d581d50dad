/**
 * The prompt of a row, wherever its format has it: one column, or an instruction with its input; and what stands before
 * it.
 */
import { rowError } from "../base/location.js";
import type { CheckedRow, FieldsOf } from "./formats.js";
import { isTranscript, parsePromptTranscript } from "./hh-transcript.js";
import { type ChatMessage, sameMessage, type TextOrMessages, type Tool } from "./messages.js";
import { isNothing } from "./unread-keys.js";

type Columns = Partial<FieldsOf["preference"] & FieldsOf["prompt-completion"]>;

export interface FoundPrompt {
  /** Undefined if no column holds a prompt. */
  prompt: TextOrMessages | undefined;
  /** The prompt without system text and earlier rounds, where it is a conversation. */
  bare: ChatMessage[];
  tools?: Tool[];
}

/**
 * The prompt of a row's columns, with system text and history before it. Text stays text where nothing stands before it
 * in any row of the file; instructions and questions are turns of a user.
 *
 * @throws RowError if two columns could be the prompt, or the system text stands twice.
 */
export function promptOfColumns(row: CheckedRow): FoundPrompt {
  const columns = row.fields as Columns;
  const found = sourceOf(row, columns);
  const start = typeof found === "string" && isTranscript(found) ? parsePromptTranscript(found) : found;
  const before = beginning(row, columns, Array.isArray(start) ? start : []);
  const tools = columns.tools === undefined || columns.tools.length === 0 ? undefined : columns.tools;
  const asChat = row.chat === true || before.length > 0 || tools !== undefined;
  if (start === undefined || (typeof start === "string" && !asChat))
    return { prompt: start, bare: [], ...(tools && { tools }) };
  const bare: ChatMessage[] = typeof start === "string" ? [{ role: "user", content: start }] : start;
  return { prompt: withBeginning(before, bare), bare, ...(tools && { tools }) };
}

/**
 * Turns that stand before a conversation: the system text and earlier rounds. @throws RowError if it has a system text
 * of its own.
 */
export function beginning(
  row: CheckedRow,
  { system, history = [] }: Pick<Columns, "system" | "history">,
  messages: readonly ChatMessage[],
): ChatMessage[] {
  const turns = history.flatMap(([said, answered]): ChatMessage[] => [
    { role: "user", content: said },
    { role: "assistant", content: answered },
  ]);
  if (system === undefined || system === "") return turns;
  const first: ChatMessage = { role: "system", content: system };
  if (messages[0]?.role !== "system") return [first, ...turns];
  if (sameMessage(messages[0], first)) return turns;
  throw rowError(
    row.where,
    'the conversation begins with a system message that differs from the field "system"',
    "Keep one of them.",
  );
}

/** A conversation with turns before it, after its own system message. */
export function withBeginning(
  before: readonly ChatMessage[],
  messages: readonly ChatMessage[],
): ChatMessage[] {
  return messages[0]?.role === "system"
    ? [messages[0], ...before, ...messages.slice(1)]
    : [...before, ...messages];
}

/**
 * LLaMA-Factory puts instruction and input on lines of their own; Alpaca, of whom nothing is asked but these, in
 * paragraphs.
 */
export function instructionTurn(
  task: string,
  input: string | undefined,
  between: "\n" | "\n\n",
): ChatMessage[] {
  const parts = [task, input ?? ""].filter((part) => part !== "");
  return [{ role: "user", content: parts.join(between) }];
}

function sourceOf(row: CheckedRow, columns: Columns): TextOrMessages | undefined {
  const user = (text: string | undefined): ChatMessage[] | undefined =>
    text === undefined ? undefined : [{ role: "user", content: text }];
  const { instruction, input } = columns;
  const all: Record<string, TextOrMessages | undefined> = {
    prompt: columns.prompt,
    conversations: columns.conversations,
    messages: columns.messages,
    instruction: instruction === undefined ? undefined : instructionTurn(instruction, input, "\n"),
    question: user(columns.question),
    ...(instruction === undefined && { input: user(input) }),
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined && !isNothing(value));
  if (given.length === 0) return columns.prompt;
  const [[name, prompt], ...others] = given as [string, TextOrMessages][];
  // Beside the prompt, the whole conversation up to the chosen answer may stand once more (UltraFeedback, binarized).
  const read = new Set([prompt, columns.chosen, columns.completion].flatMap((part) => contents(part)));
  for (const [other, value] of others) {
    if (!contents(value).every((text) => read.has(text)))
      throw rowError(
        row.where,
        `fields "${name}" and "${other}" could both be the prompt`,
        "Keep the one that is, or put both into it.",
      );
    if (!row.unread.includes(other)) row.unread.push(other);
  }
  return prompt;
}

const contents = (value: TextOrMessages | undefined): string[] =>
  value === undefined
    ? []
    : typeof value === "string"
      ? [value.trim()]
      : value.map(({ content = "" }) => content.trim());
