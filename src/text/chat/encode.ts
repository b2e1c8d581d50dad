/**
 * Conversations as token ids, with the tokens that the assistant must produce marked.
 *
 * What is learned follows what is asked at inference: the tokens before an answer are those of the conversation so far,
 * rendered with the opening of an answer. Templates that write an earlier turn differently once others follow (Qwen 3
 * leaves its thoughts out) give an example for each answer that cannot be learned together with the next.
 */
import { PlumbError } from "../../base/errors.js";
import type { Tokenizer } from "../tokenizer.js";
import { encodeAfter, startsWith } from "./continuation.js";
import type { ChatMessage } from "./messages.js";
import { type RenderOptions, renderChat } from "./render.js";
import { turnEndOf } from "./turn-end.js";

export interface EncodedChat {
  ids: number[];
  /** For each id, whether the assistant must produce it: its content and the token that ends its turn. */
  assistantMask: boolean[];
}

/** How a conversation to learn from is encoded. */
export type ChatOptions = Omit<RenderOptions, "addGenerationPrompt"> & {
  /** Which answers are learned, by their place among the messages; default: all of the assistant's. */
  learned?: ((turn: number) => boolean) | undefined;
};

/** An answer within a conversation's text. */
interface Answer {
  /** The conversation up to the answer, with its opening. */
  prompt: string;
  /** The answer with the token that ends it. */
  text: string;
  learned: boolean;
}

/**
 * A whole conversation as apply_chat_template encodes it, or a prompt with the opening of an answer.
 *
 * @throws PlumbError as `renderChat`.
 */
export const chatIds = (
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: RenderOptions,
): number[] => tokenizer.encode(renderChat(tokenizer, messages, options));

/**
 * A conversation as examples to learn from: one, or several where the template writes earlier turns differently later.
 * Each ends with the token that ends its last answer; what a template writes after that is never sampled.
 *
 * @throws PlumbError as `renderChat`; if an answer to be learned is not found in what the template writes.
 */
export function encodeChat(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): EncodedChat[] {
  const answers = messages.flatMap(({ role }, turn) =>
    role === "assistant" ? [answerAt(tokenizer, messages, turn, options)] : [],
  );
  const examples: EncodedChat[] = [];
  for (const answer of answers) addAnswer(tokenizer, examples, answer);
  return examples.filter(({ assistantMask }) => assistantMask.includes(true));
}

/**
 * A conversation up to its last answer, which alone is marked: for scores and for comparisons of answers.
 *
 * @throws PlumbError as `encodeChat`, and if there is no answer.
 */
export function encodeLastAnswer(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: Omit<ChatOptions, "learned"> = {},
): EncodedChat {
  const turn = messages.findLastIndex(({ role }) => role === "assistant");
  if (turn < 0) throw new PlumbError("the conversation has no answer from the assistant");
  const examples: EncodedChat[] = [];
  addAnswer(tokenizer, examples, answerAt(tokenizer, messages, turn, options));
  return examples[0];
}

/** Adds an answer to the last example if that begins as the model is asked for the answer; else as one of its own. */
function addAnswer(tokenizer: Tokenizer, examples: EncodedChat[], { prompt, text, learned }: Answer): void {
  const promptIds = tokenizer.encode(prompt);
  const answerIds = encodeAfter(tokenizer, prompt, promptIds, text);
  let example = examples.at(-1);
  if (example === undefined || !startsWith(promptIds, example.ids)) {
    example = { ids: [], assistantMask: [] };
    examples.push(example);
  }
  const between = promptIds.slice(example.ids.length);
  example.ids.push(...between, ...answerIds);
  example.assistantMask.push(...between.map(() => false), ...answerIds.map(() => learned));
}

function answerAt(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  turn: number,
  { tools, learned }: ChatOptions,
): Answer {
  const render = (until: number, addGenerationPrompt: boolean) =>
    renderChat(tokenizer, messages.slice(0, until), { addGenerationPrompt, tools });
  const prompt = render(turn, true);
  const through = render(turn + 1, false);
  const message = messages[turn];
  const whole = through.startsWith(prompt)
    ? through.slice(prompt.length)
    : afterOpenThought(prompt, through, message);
  if (whole === undefined) {
    throw new PlumbError(`The chat template writes turn ${turn + 1} otherwise than it asks for it.`, {
      hint: "What is asked must be what the answer follows; set the template's variables with --template-vars, or use another template.",
    });
  }
  const { closing, sampled } = turnEndOf(tokenizer);
  const text = whole.endsWith(closing) ? whole.slice(0, whole.length - closing.length) + sampled : whole;
  const isLearned = learned?.(turn) ?? true;
  if (isLearned) checkNothingLost(message, text, turn);
  return { prompt, text, learned: isLearned };
}

/** @throws PlumbError if an answer is to be learned without the thought or the calls that it has. */
function checkNothingLost(message: ChatMessage, text: string, turn: number): void {
  const thought = message.reasoning_content?.trim() ?? "";
  const names = (message.tool_calls ?? []).map((call) => {
    const { function: called } = call as { function?: { name?: unknown } };
    return typeof called?.name === "string" ? called.name : "";
  });
  const lost = !text.includes(thought)
    ? "reasoning_content"
    : names.some((name) => !text.includes(name)) && "tool_calls";
  if (lost === false) return;
  throw new PlumbError(
    `The chat template leaves "${lost}" of turn ${turn + 1} out, so it cannot be learned.`,
    {
      hint: "Use a model whose template writes it, or data without it.",
    },
  );
}

/** The opening of a thought that ends a prompt, such as "<think>\n" of DeepSeek-R1. */
const OPEN_THOUGHT = /^\s*<(think|thought|thinking|reasoning)>\s*$/;

/**
 * What follows a prompt that opens a thought which the template leaves out of written turns: the thought, its end, and
 * the answer. Without a thought of its own the answer closes an empty one.
 */
function afterOpenThought(prompt: string, through: string, message: ChatMessage): string | undefined {
  let same = 0;
  while (same < prompt.length && prompt[same] === through[same]) same++;
  const tag = OPEN_THOUGHT.exec(prompt.slice(same))?.[1];
  if (tag === undefined) return undefined;
  const end = `</${tag}>`;
  const [inContent, ...rest] = (message.content ?? "").split(end);
  const thought = message.reasoning_content ?? (rest.length > 0 ? inContent : "");
  const opening = `<${tag}>`;
  const bare = thought.startsWith(opening) ? thought.slice(opening.length) : thought;
  const answer = through.slice(same).replace(/^\n+/, "");
  return `${bare.replace(/^\n+|\n+$/g, "")}\n${end}\n\n${answer}`;
}
