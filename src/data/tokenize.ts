/** Converts rows of datasets to the token ids used in training. Errors name the row. */
import { PlumbError } from "../base/errors.js";
import { type RowLocation, rowError } from "../base/location.js";
import {
  chatIds,
  type EncodedChat,
  encodeAfter,
  encodeChat,
  encodeLastAnswer,
  type Tokenizer,
} from "../text/index.js";
import { forTemplate } from "./for-template.js";
import type { ChatMessage, TextOrMessages, Tool } from "./messages.js";
import type { Demonstration, PreferenceRow, PromptRow, UnpairedRow } from "./rows.js";

/** A text as tokens, with a mask of those that the loss reads. */
export interface TokenizedText {
  ids: number[];
  lossMask: boolean[];
}

/**
 * The tokens after which a completion is sampled: messages through the chat template, up to where the assistant begins;
 * text as it is, with the special tokens that the tokenizer puts before a text.
 *
 * @param tools functions that the assistant may call. @throws PlumbError if the template has no place for what a message holds.
 */
export function encodePrompt(
  tokenizer: Tokenizer,
  prompt: TextOrMessages,
  tools?: readonly Tool[],
): number[] {
  if (typeof prompt !== "string")
    return chatIds(tokenizer, forTemplate(tokenizer, prompt), { addGenerationPrompt: true, tools });
  const ids = tokenizer.encode(prompt, { addSpecialTokens: true });
  const plain = tokenizer.encode(prompt);
  const closed =
    ids.length > plain.length && ids.at(-1) === tokenizer.eosId && plain.at(-1) !== tokenizer.eosId;
  return closed ? ids.slice(0, -1) : ids;
}

/** The prompt of a row. @throws PlumbError if it has no tokens. */
export function encodePromptRow(tokenizer: Tokenizer, { prompt, tools, where }: PromptRow): number[] {
  return named(where, () => {
    const ids = encodePrompt(tokenizer, prompt, tools);
    if (ids.length === 0) throw new PlumbError("the prompt has no tokens");
    return ids;
  });
}

/**
 * A demonstration as sequences to learn from: one, or several for a conversation whose template writes earlier turns
 * differently later. The loss reads all of a text; every answer of a conversation, including the token that ends it; and
 * all of a completion, including the EOS. It reads no turn with `train: false`.
 */
export function encodeDemonstrations(tokenizer: Tokenizer, row: Demonstration): TokenizedText[] {
  return named(row.where, () => {
    if (row.kind === "completion" && typeof row.prompt !== "string") {
      const [prompt, messages] = [row.prompt, [...row.prompt, ...(row.completion as ChatMessage[])]];
      return answers(tokenizer, messages, row.tools, prompt.length);
    }
    if (row.kind === "messages") return answers(tokenizer, row.messages, row.tools, 0);
    return [encodeDemonstration(tokenizer, row)];
  });
}

/**
 * A demonstration as one sequence, up to the end of its last answer; of a conversation, the loss reads only that answer.
 */
export function encodeDemonstration(tokenizer: Tokenizer, row: Demonstration): TokenizedText {
  return named(row.where, () => {
    if (row.kind === "text") {
      const ids = [...encodePrompt(tokenizer, row.text), endOf(tokenizer)];
      return { ids, lossMask: ids.map(() => true) };
    }
    if (row.kind === "messages") return lastAnswer(tokenizer, row.messages, row.tools);
    if (typeof row.prompt === "string") return afterPrompt(tokenizer, row.prompt, row.completion as string);
    return lastAnswer(tokenizer, [...row.prompt, ...(row.completion as ChatMessage[])], row.tools);
  });
}

/**
 * Both sides of a preference, from the prompt's first token to the one that ends the answer; the loss reads each side's last
 * answer. What a chat template writes after that token is cut off, so that a reward model is read where a sampled response ends.
 */
export function encodePreferenceTexts(
  tokenizer: Tokenizer,
  row: PreferenceRow,
): { chosen: TokenizedText; rejected: TokenizedText } {
  return named(row.where, () => ({
    chosen: answered(tokenizer, row.prompt, row.chosen, row.tools),
    rejected: answered(tokenizer, row.prompt, row.rejected, row.tools),
  }));
}

/** The tokens of `encodePreferenceTexts` alone. */
export function encodePreference(
  tokenizer: Tokenizer,
  row: PreferenceRow,
): { chosen: number[]; rejected: number[] } {
  const { chosen, rejected } = encodePreferenceTexts(tokenizer, row);
  return { chosen: chosen.ids, rejected: rejected.ids };
}

/** A judged answer, with its prompt before it and the token that ends it. */
export const encodeUnpaired = (tokenizer: Tokenizer, row: UnpairedRow): TokenizedText =>
  named(row.where, () => answered(tokenizer, row.prompt, row.completion, row.tools));

const answered = (
  tokenizer: Tokenizer,
  prompt: TextOrMessages,
  answer: TextOrMessages,
  tools: readonly Tool[] | undefined,
): TokenizedText =>
  typeof prompt === "string"
    ? afterPrompt(tokenizer, prompt, answer as string)
    : lastAnswer(tokenizer, [...prompt, ...(answer as ChatMessage[])], tools);

/** All of a conversation as tokens, as the template writes it. @throws PlumbError as `encodePrompt`. */
export function encodeConversation(
  tokenizer: Tokenizer,
  { messages, tools }: { messages: readonly ChatMessage[]; tools?: readonly Tool[] },
): number[] {
  return chatIds(tokenizer, forTemplate(tokenizer, messages), { addGenerationPrompt: false, tools });
}

/** A prompt as logs show it: the text, or a line per turn. */
export function describePrompt(prompt: TextOrMessages): string {
  if (typeof prompt === "string") return prompt;
  return prompt
    .map(({ role, content = "", tool_calls: calls = [] }) =>
      [`${role}: ${content}`, ...calls.map((call) => JSON.stringify(call.function))].join("\n"),
    )
    .join("\n");
}

/** Runs `encode` and adds the row's location to its errors. */
export function named<R>(where: RowLocation, encode: () => R): R {
  try {
    return encode();
  } catch (error) {
    if (error instanceof PlumbError) throw rowError(where, error.message, error.hint);
    throw error;
  }
}

function afterPrompt(tokenizer: Tokenizer, prompt: string, completion: string): TokenizedText {
  const before = encodePrompt(tokenizer, prompt);
  const after = [...continuation(tokenizer, prompt, completion), endOf(tokenizer)];
  return { ids: [...before, ...after], lossMask: [...before.map(() => false), ...after.map(() => true)] };
}

/** Tokens of a text that follows a prompt. */
export const continuation = (tokenizer: Tokenizer, prompt: string, text: string): number[] =>
  encodeAfter(tokenizer, prompt, tokenizer.encode(prompt), text);

const lastAnswer = (
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  tools: readonly Tool[] | undefined,
): TokenizedText => tokenized(encodeLastAnswer(tokenizer, forTemplate(tokenizer, messages), { tools }));

const tokenized = ({ ids, assistantMask }: EncodedChat): TokenizedText => ({ ids, lossMask: assistantMask });

/** @param from the turn from which on answers are learned. */
function answers(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  tools: readonly Tool[] | undefined,
  from: number,
): TokenizedText[] {
  const learned = (turn: number): boolean => turn >= from && messages[turn].train !== false;
  if (!messages.some(({ role }, turn) => role === "assistant" && turn >= from))
    throw new PlumbError("the conversation has no answer from the assistant");
  if (!messages.some(({ role }, turn) => role === "assistant" && learned(turn)))
    throw new PlumbError("no answer of the conversation is to be learned: each has the weight 0", {
      hint: "Leave the row out.",
    });
  return encodeChat(tokenizer, forTemplate(tokenizer, messages), { tools, learned }).map(tokenized);
}

function endOf({ eosId }: Tokenizer): number {
  if (eosId !== undefined) return eosId;
  throw new PlumbError(
    "the tokenizer defines no end-of-sequence token, so the model would not learn to stop",
    {
      hint: 'Add "eos_token" to its tokenizer_config.json.',
    },
  );
}
