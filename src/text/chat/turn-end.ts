/** How a chat template ends an assistant's turn. */
import type { Tokenizer } from "../tokenizer.js";
import { encodeAfter } from "./continuation.js";
import { renderChat } from "./render.js";

/** How a template ends the assistant's turns. */
export interface TurnEnd {
  /** What the template writes after the content of a conversation's last answer, such as "<|im_end|>\n". */
  closing: string;
  /** The part of it that a model samples: up to the first added token, or all of it if it has none. */
  sampled: string;
  /** The added token that ends the turn, if there is one; some tokenizers do not call theirs special. */
  id?: number;
}

/** Tokens that a template writes after the one that ends the last turn. */
export interface AfterTurn {
  /** The token that ends the turn. */
  id: number;
  ids: readonly number[];
}

/** What a template writes after the last turn's end; undefined if that is nothing, or no token ends a turn. */
export function afterTurn(tokenizer: Tokenizer): AfterTurn | undefined {
  const { closing, sampled, id } = turnEndOf(tokenizer);
  if (id === undefined || closing === sampled) return undefined;
  return {
    id,
    ids: encodeAfter(tokenizer, sampled, tokenizer.encode(sampled), closing.slice(sampled.length)),
  };
}

/** A content that no template changes. */
const CONTENT = "Xyzzy";

const known = new WeakMap<Tokenizer, TurnEnd>();

/** @throws PlumbError if the tokenizer has no template, or the template refuses a question with an answer. */
export function turnEndOf(tokenizer: Tokenizer): TurnEnd {
  const found = known.get(tokenizer);
  if (found !== undefined) return found;
  const messages = [
    { role: "user", content: "Hello" },
    { role: "assistant", content: CONTENT },
  ];
  const text = renderChat(tokenizer, messages, { addGenerationPrompt: false });
  const at = text.lastIndexOf(CONTENT);
  const closing = at < 0 ? "" : text.slice(at + CONTENT.length);
  const id = tokenizer.encode(closing).find((one) => tokenizer.isAdded(one));
  const token = id === undefined ? undefined : tokenizer.tokenOf(id);
  const from = token === undefined ? -1 : closing.indexOf(token);
  const end: TurnEnd =
    id === undefined || token === undefined || from < 0
      ? { closing, sampled: closing }
      : { closing, sampled: closing.slice(0, from + token.length), id };
  known.set(tokenizer, end);
  return end;
}
