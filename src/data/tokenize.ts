/** Converts rows of datasets to the token ids used in training. Errors name the row. */
import { PlumbError } from "../base/errors.js";
import { type RowLocation, rowError } from "../base/location.js";
import { encodeChat, type Tokenizer } from "../text/index.js";
import type { ChatMessage, TextOrMessages } from "./messages.js";
import type { Demonstration, PreferenceRow, PromptRow } from "./rows.js";

/** A text as tokens, with a mask of those that the loss reads. */
export interface TokenizedText {
  ids: number[];
  lossMask: boolean[];
}

/**
 * The tokens after which a completion is sampled: messages through the chat template, up to where the assistant begins;
 * text as it is, with the special tokens that the tokenizer puts before a text.
 */
export function encodePrompt(tokenizer: Tokenizer, prompt: TextOrMessages): number[] {
  if (typeof prompt !== "string") return encodeChat(tokenizer, prompt, { addGenerationPrompt: true }).ids;
  const ids = tokenizer.encode(prompt, { addSpecialTokens: true });
  const plain = tokenizer.encode(prompt);
  const closed =
    ids.length > plain.length && ids.at(-1) === tokenizer.eosId && plain.at(-1) !== tokenizer.eosId;
  return closed ? ids.slice(0, -1) : ids;
}

/** The prompt of a row. @throws PlumbError if it has no tokens. */
export function encodePromptRow(tokenizer: Tokenizer, { prompt, where }: PromptRow): number[] {
  return named(where, () => {
    const ids = encodePrompt(tokenizer, prompt);
    if (ids.length === 0) throw new PlumbError("the prompt has no tokens");
    return ids;
  });
}

/**
 * A demonstration as tokens. The loss reads all of a text; every answer of a conversation, including the token that
 * ends it; and all of a completion, including the EOS.
 */
export function encodeDemonstration(tokenizer: Tokenizer, row: Demonstration): TokenizedText {
  return named(row.where, () => {
    if (row.kind === "text") {
      const ids = [...encodePrompt(tokenizer, row.text), endOf(tokenizer)];
      return { ids, lossMask: ids.map(() => true) };
    }
    if (row.kind === "messages") return throughLastAnswer(tokenizer, row.messages);
    if (typeof row.prompt === "string") return afterPrompt(tokenizer, row.prompt, row.completion as string);
    const prompt = encodePrompt(tokenizer, row.prompt);
    const whole = throughLastAnswer(tokenizer, [...row.prompt, ...(row.completion as ChatMessage[])]);
    return { ids: whole.ids, lossMask: whole.lossMask.map((read, t) => read && t >= prompt.length) };
  });
}

/**
 * Both sides of a preference, from the prompt's first token to the one that ends the answer. What a chat template
 * writes after that token is cut off, so that a reward model is read where a sampled response ends.
 */
export function encodePreference(
  tokenizer: Tokenizer,
  row: PreferenceRow,
): { chosen: number[]; rejected: number[] } {
  const side = (answer: TextOrMessages): number[] =>
    typeof row.prompt === "string"
      ? afterPrompt(tokenizer, row.prompt, answer as string).ids
      : throughLastAnswer(tokenizer, [...row.prompt, ...(answer as ChatMessage[])]).ids;
  return named(row.where, () => ({ chosen: side(row.chosen), rejected: side(row.rejected) }));
}

/** A prompt as logs show it: the text, or a line per turn. */
export function describePrompt(prompt: TextOrMessages): string {
  if (typeof prompt === "string") return prompt;
  return prompt.map(({ role, content }) => `${role}: ${content}`).join("\n");
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
  const after = [...tokenizer.encode(completion), endOf(tokenizer)];
  return { ids: [...before, ...after], lossMask: [...before.map(() => false), ...after.map(() => true)] };
}

function throughLastAnswer(tokenizer: Tokenizer, messages: readonly ChatMessage[]): TokenizedText {
  const { ids, assistantMask } = encodeChat(tokenizer, messages);
  const end = assistantMask.lastIndexOf(true) + 1;
  if (end === 0) throw new PlumbError("the conversation has no answer from the assistant");
  return { ids: ids.slice(0, end), lossMask: assistantMask.slice(0, end) };
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
