import { z } from "zod";
import { splitCommonMessages } from "../../data/common-prompt.js";
import { type ChatMessage, ROLES } from "../../data/messages.js";
import { asText } from "./columns/turns.js";

const Turns = z.array(z.object({ role: z.enum(ROLES), content: z.string() })).min(1);

interface ConversationPair {
  /** What both conversations begin with. */
  prompt: ChatMessage[];
  /** What follows of each: the answer, or its turns one below the other. */
  texts: [left: string, right: string];
}

/**
 * The two conversations of an arena's row, in `conversation_a` and `conversation_b`, up to the turn that was judged.
 *
 * @returns undefined if the row has no two conversations that begin alike.
 */
export function conversationPair(row: Record<string, unknown>): ConversationPair | undefined {
  const [a, b] = [row.conversation_a, row.conversation_b].map((cell) => Turns.safeParse(cell).data);
  if (a === undefined || b === undefined) return undefined;
  const turn = typeof row.turn === "number" ? row.turn : Number.POSITIVE_INFINITY;
  const split = splitCommonMessages(upTo(a, turn), upTo(b, turn));
  if (split === undefined) return undefined;
  return { prompt: split.prompt, texts: [asText(split.chosen), asText(split.rejected)] };
}

/** The messages up to the assistant's answer of so many turns. */
function upTo(messages: readonly ChatMessage[], turn: number): ChatMessage[] {
  let answers = 0;
  const end = messages.findIndex(({ role }) => role === "assistant" && ++answers >= turn);
  return messages.slice(0, end < 0 ? messages.length : end + 1);
}
