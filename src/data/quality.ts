/**
 * What is to be known about rows before they are trained on: doubled ones, pairs without a difference, empty or cut
 * answers.
 */
import type { ChatMessage, TextOrMessages } from "./messages.js";
import type { Demonstration, PreferenceRow, PromptRow, UnpairedRow } from "./rows.js";

/** Numbers of rows, each only where there are any. */
export interface Quality {
  rows: number;
  /** Rows that say the same as an earlier one. */
  duplicates?: number;
  /** Prompts that stand in several rows, and are no duplicates as a whole. */
  samePrompt?: number;
  /** Pairs whose two sides are the same. */
  equalSides?: number;
  /** Rows of which an answer is empty. */
  emptyAnswers?: number;
  /** Rows with more tokens than training reads. */
  cut?: number;
}

type Row = Demonstration | PreferenceRow | PromptRow | UnpairedRow;

/** @param lengthOf a row's length in tokens. @param maxLength the most that training reads. */
export function qualityOf<R extends Row>(
  rows: readonly R[],
  { lengthOf, maxLength }: { lengthOf?: (row: R) => number; maxLength?: number } = {},
): Quality {
  const texts = new Set(rows.map(textOf));
  const prompts = rows.flatMap((row) => ("prompt" in row ? [JSON.stringify(row.prompt)] : []));
  const duplicates = rows.length - texts.size;
  const found = {
    duplicates,
    samePrompt: prompts.length - new Set(prompts).size - duplicates,
    equalSides: rows.filter(
      (row) => "chosen" in row && JSON.stringify(row.chosen) === JSON.stringify(row.rejected),
    ).length,
    emptyAnswers: rows.filter((row) => answersOf(row).some(isEmpty)).length,
    cut:
      lengthOf === undefined || maxLength === undefined
        ? 0
        : rows.filter((row) => lengthOf(row) > maxLength).length,
  };
  return { rows: rows.length, ...Object.fromEntries(Object.entries(found).filter(([, count]) => count > 0)) };
}

const textOf = ({ where: _, meta: __, ...row }: Row & { meta?: unknown }): string => JSON.stringify(row);

function answersOf(row: Row): TextOrMessages[] {
  if ("chosen" in row) return [row.chosen, row.rejected];
  if ("label" in row) return [row.completion];
  if (!("kind" in row)) return [];
  return row.kind === "text" ? [row.text] : [row.kind === "messages" ? row.messages : row.completion];
}

/** Whether an answer says nothing, or a conversation has an answer that does. */
const isEmpty = (answer: TextOrMessages): boolean =>
  typeof answer === "string" ? answer.trim() === "" : answer.some(isEmptyTurn);

const isEmptyTurn = ({ role, content = "", tool_calls, reasoning_content }: ChatMessage): boolean =>
  role === "assistant" && content.trim() === "" && !tool_calls && !reasoning_content;
