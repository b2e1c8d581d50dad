/** Messages as a model's chat template takes them, without the flags that concern only the loss. */
import { PlumbError } from "../base/errors.js";
import { renderChat, type Tokenizer } from "../text/index.js";
import type { ChatMessage } from "./messages.js";

/**
 * The messages without `train`.
 *
 * @throws PlumbError naming a turn with the name of its speaker, where the template writes the same without it. The name of a tool's
 * function and the id of a call only connect turns, and may be left out by a template.
 */
export function forTemplate(tokenizer: Tokenizer, messages: readonly ChatMessage[]): ChatMessage[] {
  const plain = messages.map(({ train: _, ...message }) => message);
  for (const [i, message] of plain.entries()) {
    if (message.name === undefined || message.role === "tool") continue;
    const { name: _, ...without } = message;
    const render = (last: ChatMessage) =>
      renderChat(tokenizer, [...plain.slice(0, i), last], { addGenerationPrompt: false });
    if (render(message) !== render(without)) continue;
    throw new PlumbError(`the chat template has no place for "name" of turn ${i + 1}: it would be left out`, {
      hint: "Remove the names, or write them into the content.",
    });
  }
  return plain;
}
