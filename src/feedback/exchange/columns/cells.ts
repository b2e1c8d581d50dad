/** What the cells of a column hold: text, turns of a conversation, or a list of texts; in CSV, lists are text. */
import { parseExactJson } from "../../../data/exact-json.js";
import { isTranscript, parsePromptTranscript } from "../../../data/hh-transcript.js";
import { message, messages } from "../../../data/message-schema.js";
import type { ChatMessage, TextOrMessages } from "../../../data/messages.js";
import { parsePythonLiteral } from "../../../data/python-literal.js";

/**
 * `object`: one with a text; `texts`: a list of texts; `objects`: one of objects with a text; `other`: numbers, truth
 * values and the rest.
 */
export type CellKind = "text" | "chat" | "object" | "texts" | "objects" | "other";

const LIST_OF_OBJECTS = /^\s*\[\s*\{/;
const LIST = /^\s*\[/;
/** Keys under which an object of a list has its text, the likeliest first. */
const TEXTS = ["text", "response", "content", "answer", "output", "completion", "generation", "body"];

/**
 * The value of a cell: a list that stands there as text, in JSON or as Python prints it, is that list. @param untyped
 * whether the file has no types; in others a text is only taken for a list of objects.
 */
export function cellValue(cell: unknown, untyped: boolean): unknown {
  if (typeof cell !== "string" || !(untyped ? LIST : LIST_OF_OBJECTS).test(cell)) return cell;
  const list = jsonIn(cell) ?? pythonIn(cell);
  return Array.isArray(list) ? list : cell;
}

function jsonIn(cell: string): unknown {
  try {
    return parseExactJson(cell);
  } catch {
    return undefined;
  }
}

function pythonIn(cell: string): unknown {
  try {
    return parsePythonLiteral(cell);
  } catch {
    return undefined;
  }
}

export function kindOf(value: unknown): CellKind {
  if (typeof value === "string") return "text";
  if (turnsIn(value) !== undefined) return "chat";
  if (!Array.isArray(value)) return textIn(value) === undefined ? "other" : "object";
  if (value.length === 0) return "other";
  if (value.every((one) => typeof one === "string" || one === null)) return "texts";
  return value.every((one) => textIn(one) !== undefined) ? "objects" : "other";
}

/** The text of an element of a list of responses. */
export function textIn(element: unknown): string | undefined {
  if (typeof element === "string") return element;
  if (typeof element !== "object" || element === null) return undefined;
  const fields = element as Record<string, unknown>;
  return TEXTS.map((name) => fields[name]).find((cell) => typeof cell === "string") as string | undefined;
}

const isTurn = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "role" in value && message.safeParse(value).success;

/** The turns in a value, a single one too; undefined if it is none. */
export function turnsIn(value: unknown): ChatMessage[] | undefined {
  if (typeof value === "string") return undefined;
  return messages.safeParse(isTurn(value) ? [value] : value).data;
}

/** The key of what turns hold beside text, which raters are not shown. */
export const unshownIn = (turns: readonly ChatMessage[]): string | undefined =>
  turns.some(({ tool_calls }) => tool_calls !== undefined)
    ? "tool_calls"
    : turns.some(({ reasoning_content }) => reasoning_content !== undefined)
      ? "reasoning_content"
      : undefined;

/** A prompt as text or turns; a transcript of Anthropic's is turns. Undefined if it is neither. */
export function promptIn(value: unknown): TextOrMessages | undefined {
  if (typeof value !== "string") return turnsIn(value);
  return isTranscript(value) ? parsePromptTranscript(value) : value;
}

/** Whether a cell holds nothing. */
export const isEmpty = (cell: unknown): boolean => cell === null || cell === undefined || cell === "";
