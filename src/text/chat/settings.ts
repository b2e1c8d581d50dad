/** What a tokenizer's chat template is told beside the conversation. */
import { PlumbError } from "../../base/errors.js";
import type { ChatSettings, Tokenizer } from "../tokenizer.js";

/** Variables that every rendering sets itself. */
const GIVEN = new Set([
  "messages",
  "tools",
  "documents",
  "add_generation_prompt",
  "bos_token",
  "eos_token",
  "pad_token",
]);

/**
 * The tokenizer with settings for its template.
 *
 * @param source the model, for messages.
 * @throws PlumbError for a variable that the template does not have, or that is set by what is rendered.
 */
export function withChatSettings(tokenizer: Tokenizer, settings: ChatSettings, source: string): Tokenizer {
  for (const name of Object.keys(settings.variables ?? {})) {
    if (GIVEN.has(name)) throw new PlumbError(`The template variable "${name}" is set by what is rendered.`);
    if (names(tokenizer.chatTemplate).has(name) || names(tokenizer.toolTemplate).has(name)) continue;
    throw new PlumbError(
      tokenizer.chatTemplate === undefined
        ? `${source} has no chat template, so "${name}" cannot be set`
        : `the chat template of ${source} has no variable "${name}"`,
      { hint: "Look into its chat_template.jinja for the names it reads." },
    );
  }
  return { ...tokenizer, chat: settings };
}

const names = (template = ""): Set<string> => new Set(template.match(/[A-Za-z_]\w*/g));
