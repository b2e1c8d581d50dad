/** The chat format of the built-in world's models: one token for each role, one that ends a turn. */

export const SPECIAL_TOKENS = {
  user: "<|user|>",
  assistant: "<|assistant|>",
  end: "<|end|>",
  pad: "<|pad|>",
} as const;

/** Ends every assistant turn, and every document of the corpus. */
export const EOS_TOKEN = SPECIAL_TOKENS.end;
/** Fills batches; never the same as the end of a turn. */
export const PAD_TOKEN = SPECIAL_TOKENS.pad;

/**
 * Jinja chat template. With add_generation_prompt the text ends in `<|assistant|>`, and the rendering of a
 * conversation without its answer is a prefix of the rendering with it.
 */
export const CHAT_TEMPLATE =
  "{%- for message in messages -%}" +
  "{{- '<|' + message['role'] + '|>' + message['content'] -}}" +
  "{%- if message['role'] == 'assistant' -%}{{- '<|end|>' -}}{%- endif -%}" +
  "{%- endfor -%}" +
  "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}";

/** What CHAT_TEMPLATE renders for one user message, with the generation prompt. */
export function formatPrompt(prompt: string): string {
  return `${SPECIAL_TOKENS.user}${prompt}${SPECIAL_TOKENS.assistant}`;
}
