import type { ChatMessage } from "../../data/messages.js";
import type { ItemContent } from "../tasks/index.js";

/** A prompt or a completion as training reads it: text, or turns of a conversation. */
export type PromptText = string | ChatMessage[];

export const promptOf = (prompt: ItemContent["prompt"]): PromptText => prompt;

/** A response in the form of its prompt: for a conversation, an assistant's turn. */
export const completionOf = (prompt: ItemContent["prompt"], text: string): PromptText =>
  typeof prompt === "string" ? text : [{ role: "assistant", content: text }];
