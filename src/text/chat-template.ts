/**
 * Turns conversations into text and token ids through a model's own chat template, and marks the assistant's tokens.
 *
 * Templates return no spans, so the assistant's are found by rendering prefixes of the conversation. Text is encoded in
 * pieces, cut at the spans' boundaries: the ids before an answer are then exactly those from which generation starts.
 */
import { Environment, Interpreter, Template } from "@huggingface/jinja";
import { PlumbError } from "../base/errors.js";
import type { Tokenizer } from "./tokenizer.js";

export interface ChatMessage {
  role: string;
  content: string;
}

export interface EncodedChat {
  ids: number[];
  /** For each id, whether the assistant must produce it: its content and the token that ends its turn. */
  assistantMask: boolean[];
}

/** Longer templates are refused; the longest in use have about 20,000 characters. */
export const MAX_TEMPLATE_CHARACTERS = 256 * 1024;
/** Longest list that a template's `range` may return. */
export const MAX_TEMPLATE_RANGE = 10_000;

const compiled = new WeakMap<Tokenizer, Template>();

/**
 * The conversation as text, with the opening of the assistant's answer appended if `addGenerationPrompt` is set.
 *
 * @throws PlumbError if the tokenizer has no template, or the template refuses the conversation or is broken.
 */
export function renderChat(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: { addGenerationPrompt: boolean },
): string {
  const template = templateOf(tokenizer);
  const variables = {
    ...TEMPLATE_GLOBALS,
    messages: messages.map(({ role, content }) => ({ role, content })),
    add_generation_prompt: options.addGenerationPrompt,
    bos_token: textOf(tokenizer, tokenizer.bosId),
    eos_token: textOf(tokenizer, tokenizer.eosId),
    pad_token: textOf(tokenizer, tokenizer.padId),
  };
  try {
    const environment = new Environment();
    for (const [name, value] of Object.entries(variables)) environment.set(name, value);
    const rendered: { value: string } = new Interpreter(environment).run(template.parsed);
    return rendered.value;
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    throw new PlumbError(`The chat template cannot be run: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * The conversation as token ids, with the assistant's tokens marked.
 *
 * @throws PlumbError as `renderChat`, and if the template renders earlier turns differently once later ones follow.
 */
export function encodeChat(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options?: { addGenerationPrompt?: boolean },
): EncodedChat {
  const full = renderChat(tokenizer, messages, {
    addGenerationPrompt: options?.addGenerationPrompt ?? false,
  });
  const encoded: EncodedChat = { ids: [], assistantMask: [] };
  const append = (ids: number[], assistant: boolean) => {
    for (const id of ids) {
      encoded.ids.push(id);
      encoded.assistantMask.push(assistant);
    }
  };
  let position = 0;
  messages.forEach((message, turn) => {
    if (message.role !== "assistant") return;
    const opening = renderChat(tokenizer, messages.slice(0, turn), { addGenerationPrompt: true });
    const through = renderChat(tokenizer, messages.slice(0, turn + 1), { addGenerationPrompt: false });
    if (!through.startsWith(opening) || !full.startsWith(through) || opening.length < position) {
      throw new PlumbError(`The chat template renders turn ${turn + 1} differently once others follow.`, {
        hint: "The assistant's tokens cannot be found; use conversations with a single answer.",
      });
    }
    append(tokenizer.encode(full.slice(position, opening.length)), false);
    const answer = tokenizer.encode(full.slice(opening.length, through.length));
    const end = endOfTurn(tokenizer, answer);
    append(answer.slice(0, end), true);
    append(answer.slice(end), false);
    position = through.length;
  });
  append(tokenizer.encode(full.slice(position)), false);
  return encoded;
}

/**
 * Variables that every template may use, as in transformers (utils/chat_template_utils.py), with `range` bounded.
 * `strftime_now` is left out: templates that test for it (Llama 3.2) then write a fixed date, so that a run can be
 * repeated on another day.
 */
const TEMPLATE_GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  tools: null,
  documents: null,
  range: boundedRange,
  raise_exception: (message: unknown) => {
    throw new PlumbError(`The chat template refuses this conversation: ${String(message)}`);
  },
};

/**
 * Length of an answer's ids up to and including its last special token: text that a template adds after it is never
 * sampled.
 */
function endOfTurn(tokenizer: Tokenizer, answer: number[]): number {
  const last = answer.findLastIndex((id) => tokenizer.isSpecial(id));
  return last < 0 ? answer.length : last + 1;
}

function templateOf(tokenizer: Tokenizer): Template {
  const known = compiled.get(tokenizer);
  if (known !== undefined) return known;
  const source = tokenizer.chatTemplate;
  if (source === undefined) {
    throw new PlumbError("The model has no chat template, so it cannot take a list of messages.", {
      hint: "Use a chat (instruct) model, or data with plain text prompts.",
    });
  }
  if (source.length > MAX_TEMPLATE_CHARACTERS) {
    throw new PlumbError(
      `The chat template has ${source.length} characters; at most ${MAX_TEMPLATE_CHARACTERS} are read.`,
    );
  }
  try {
    const template = new Template(source);
    compiled.set(tokenizer, template);
    return template;
  } catch (error) {
    throw new PlumbError(`The model's chat template is not valid: ${messageOf(error)}`, { cause: error });
  }
}

/** Jinja's range(stop) and range(start, stop, step), bounded, because templates come with untrusted models. */
function boundedRange(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MAX_TEMPLATE_RANGE)) {
    throw new PlumbError(
      `The chat template asks for a range of ${length}; at most ${MAX_TEMPLATE_RANGE} is allowed.`,
    );
  }
  return Array.from({ length }, (_, i) => from + i * step);
}

function textOf(tokenizer: Tokenizer, id: number | undefined): string {
  return id === undefined ? "" : (tokenizer.tokenOf(id) ?? "");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
