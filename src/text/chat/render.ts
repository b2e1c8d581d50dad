/** Conversations as text, through the chat template that comes with a model's tokenizer. */
import { messageOf, PlumbError } from "../../base/errors.js";
import { compileTemplate } from "../template/compile.js";
import type { CompiledTemplate } from "../template/compiled-template.js";
import { TemplateInterpreter } from "../template/interpreter.js";
import { DEFAULT_TEMPLATE_DATE, templateGlobals } from "../template/variables.js";
import type { Tokenizer } from "../tokenizer.js";
import { type ChatMessage, templateMessages } from "./messages.js";

/** How a conversation is rendered as text. */
export interface RenderOptions {
  /** Whether the opening of the assistant's answer follows. */
  addGenerationPrompt: boolean;
  /** Functions that the model may call, as JSON schemas in OpenAI's form. */
  tools?: readonly object[] | undefined;
}

const compiled = new WeakMap<Tokenizer, Map<string, CompiledTemplate>>();

/**
 * The conversation as text, as transformers' apply_chat_template renders it with the tokenizer's own template and
 * variables.
 *
 * Arguments of a tool's call that are JSON text are given as what they say, as inference servers give them; as text
 * where the template can take nothing else.
 *
 * @throws PlumbError if the tokenizer has no template, the template refuses the conversation or is broken, or it never
 * writes the tools or calls that it was given.
 */
export function renderChat(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: RenderOptions,
): string {
  const source = sourceOf(tokenizer, options);
  const template = templateOf(tokenizer, source);
  checkWritten(source, messages, options);
  const { parsed, asWritten } = templateMessages(messages);
  if (asWritten === undefined) return run(tokenizer, template, parsed, options);
  try {
    return run(tokenizer, template, parsed, options);
  } catch {
    return run(tokenizer, template, asWritten, options);
  }
}

function run(
  tokenizer: Tokenizer,
  template: CompiledTemplate,
  messages: readonly object[],
  { addGenerationPrompt, tools }: RenderOptions,
): string {
  const { variables = {}, date = DEFAULT_TEMPLATE_DATE } = tokenizer.chat ?? {};
  const given = {
    ...templateGlobals(date),
    ...tokenizer.namedTokens,
    ...variables,
    messages,
    tools: tools ?? null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
  };
  try {
    return new TemplateInterpreter().render(template, given);
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    throw new PlumbError(`The chat template cannot be run: ${messageOf(error)}`, { cause: error });
  }
}

/** Words by which a template uses what a message may have beside its text. */
const USES = {
  tool_calls: { word: /\btool_calls\b/, what: "the assistant's tool calls" },
  tools: { word: /\btools\b/, what: "the list of tools" },
} as const;

/** @throws PlumbError if the conversation has something that the template never mentions. */
function checkWritten(source: string, messages: readonly ChatMessage[], { tools }: RenderOptions): void {
  const has = {
    tool_calls: messages.some(({ tool_calls: calls }) => calls !== undefined && calls.length > 0),
    tools: tools !== undefined && tools.length > 0,
  };
  for (const key of ["tool_calls", "tools"] as const) {
    const { word, what } = USES[key];
    if (!has[key] || word.test(source)) continue;
    throw new PlumbError(`The model's chat template does not write ${what}, so they would be lost.`, {
      hint: "Use a model whose template knows tools, or data without them.",
    });
  }
}

/**
 * The template's text: where there are tools, the one for them, if the model has one. @throws PlumbError if it has none
 */
function sourceOf({ chatTemplate, toolTemplate }: Tokenizer, { tools }: RenderOptions): string {
  const source = tools === undefined ? chatTemplate : (toolTemplate ?? chatTemplate);
  if (source === undefined) {
    throw new PlumbError("The model has no chat template, so it cannot take a list of messages.", {
      hint: "Use a chat (instruct) model, or data with plain text prompts.",
    });
  }
  return source;
}

function templateOf(tokenizer: Tokenizer, source: string): CompiledTemplate {
  const known = compiled.get(tokenizer) ?? new Map<string, CompiledTemplate>();
  compiled.set(tokenizer, known);
  const template = known.get(source) ?? compileTemplate(source);
  known.set(source, template);
  return template;
}
