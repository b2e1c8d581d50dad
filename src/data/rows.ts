import type { RowLocation } from "../base/location.js";
import type { ChatMessage, TextOrMessages, Tool } from "./messages.js";

/**
 * An example to imitate. `text`: all of it; `messages`: every assistant turn; `completion`: what follows the prompt. Turns with
 * `train: false` are not learned.
 */
export type Demonstration =
  | { kind: "text"; text: string; where: RowLocation }
  | ({ kind: "messages"; messages: ChatMessage[]; where: RowLocation } & Offered)
  | ({ kind: "completion"; where: RowLocation } & PromptCompletion & Offered);

/** Functions that the assistant may call. Where there are any, all texts are messages. */
export interface Offered {
  tools?: Tool[];
}

/** A prompt and its completion: both text, or both messages (the completion then begins with the assistant's turn). */
export type PromptCompletion =
  | { prompt: string; completion: string }
  | { prompt: ChatMessage[]; completion: ChatMessage[] };

/** A prompt to answer. */
export interface PromptRow extends Offered {
  prompt: TextOrMessages;
  /** Fields of the row that are not part of any format, such as a category. */
  meta?: Record<string, unknown>;
  where: RowLocation;
}

/** Two completions of one prompt, the first judged better. All three are text, or all three are messages. */
export type PreferenceRow = PreferenceTexts & PreferenceExtras;

/** The texts of a preference: all three as plain text, or all three as messages of a chat. */
export type PreferenceTexts =
  | { prompt: string; chosen: string; rejected: string }
  | { prompt: ChatMessage[]; chosen: ChatMessage[]; rejected: ChatMessage[] };

/** What a preference may say beside its texts, and where it stands in the file. */
export interface PreferenceExtras extends Offered {
  /** How much better the chosen one is, in reward; the reward model's loss asks for at least this difference. */
  margin?: number;
  /** Probability in [0, 0.5) that the label is wrong. */
  noise?: number;
  /** Non-negative weight of the row in the loss. */
  weight?: number;
  /** Fields of the row that are not part of any format. */
  meta?: Record<string, unknown>;
  where: RowLocation;
}

/** One completion, judged good or bad by itself (KTO). */
export type UnpairedRow = PromptCompletion &
  Offered & {
    label: boolean;
    /** Non-negative weight of the row in the loss, from a preference that has one. */
    weight?: number;
    meta?: Record<string, unknown>;
    where: RowLocation;
  };
