import { type RowLocation, rowError } from "../base/location.js";
import { splitCommonMessages, splitCommonText } from "./common-prompt.js";
import { type CheckedRow, likelyMistyped } from "./formats.js";
import { isTranscript, parsePromptTranscript, parseTranscript } from "./hh-transcript.js";
import { type ChatMessage, sameMessage, splitFinalAnswer, type TextOrMessages } from "./messages.js";
import type {
  Demonstration,
  PreferenceRow,
  PreferenceTexts,
  PromptCompletion,
  PromptRow,
  UnpairedRow,
} from "./rows.js";

/**
 * The demonstrations of a row: its text, conversation or completion; the chosen side of a preference; the best of a
 * ranking.
 */
export function toDemonstrations(row: CheckedRow): Demonstration[] {
  const { where } = row;
  switch (row.format) {
    case "text":
      return isTranscript(row.fields.text)
        ? [{ kind: "messages", messages: parseTranscript(row.fields.text), where }]
        : [{ kind: "text", text: row.fields.text, where }];
    case "messages":
    case "sharegpt":
      return [{ kind: "messages", messages: conversation(row), where }];
    case "prompt-completion":
    case "unpaired-preference":
      if (row.format === "unpaired-preference" && !row.fields.label) return [];
      return [{ kind: "completion", ...pair(row.fields.prompt, row.fields.completion), where }];
    case "alpaca":
      return [{ kind: "completion", ...instruction(row.fields.instruction, row.fields), where }];
    case "self-instruct":
      return row.fields.instances.map((instance) => ({
        kind: "completion" as const,
        ...instruction(row.fields.instruction, instance),
        where,
      }));
    case "ranked": {
      const best = row.fields.completions.reduce((a, b) => (b.rank < a.rank ? b : a));
      return [{ kind: "completion", ...pair(row.fields.prompt, best.text), where }];
    }
    case "preference":
    case "openai-preference":
      return toPreferences(row).map(
        ({ prompt, chosen }) => ({ kind: "completion", prompt, completion: chosen, where }) as Demonstration,
      );
    default:
      throw unusable(
        row,
        "demonstrations",
        "text, messages, prompt+completion, instruction+output or conversations",
      );
  }
}

/** The prompt of a row; the rest of the row is ignored. */
export function toPrompt(row: CheckedRow): PromptRow {
  return { prompt: promptOf(row), ...(row.meta && { meta: row.meta }), where: row.where };
}

function promptOf(row: CheckedRow): TextOrMessages {
  switch (row.format) {
    case "messages":
    case "sharegpt":
      return nonEmptyPrompt(splitFinalAnswer(conversation(row)).prompt, row.where);
    case "preference":
    case "openai-preference":
      return toPreferences(row)[0].prompt;
    case "alpaca":
      return instruction(row.fields.instruction, row.fields).prompt;
    case "self-instruct":
      return instruction(row.fields.instruction, row.fields.instances[0]).prompt;
    case "text":
      if (isTranscript(row.fields.text)) {
        return nonEmptyPrompt(splitFinalAnswer(parseTranscript(row.fields.text)).prompt, row.where);
      }
      throw unusable(row, "prompts", 'a field "prompt"');
    default:
      return promptText(row.fields.prompt);
  }
}

/** The preferences of a row: one, or for a ranking every pair of different ranks (rank 1 is best). */
export function toPreferences(row: CheckedRow): PreferenceRow[] {
  const extras = { ...(row.meta && { meta: row.meta }), where: row.where };
  switch (row.format) {
    case "preference": {
      const { prompt, chosen, rejected, margin, noise, weight } = row.fields;
      const texts =
        prompt === undefined
          ? withoutPrompt(chosen, rejected, row.where)
          : withPrompt(prompt, chosen, rejected);
      return [{ ...texts, ...defined({ margin, noise, weight }), ...extras }];
    }
    case "openai-preference": {
      const { input, preferred_output, non_preferred_output } = row.fields;
      return [
        { prompt: input.messages, chosen: preferred_output, rejected: non_preferred_output, ...extras },
      ];
    }
    case "ranked": {
      const { prompt, completions } = row.fields;
      const pairs = completions.flatMap((a) =>
        completions.filter((b) => a.rank < b.rank).map((b) => [a, b] as const),
      );
      if (pairs.length === 0)
        throw rowError(row.where, `field "completions": every rank is the same, so none is preferred`);
      return pairs.map(([a, b]) => ({ ...withPrompt(prompt, a.text, b.text), ...extras }));
    }
    default:
      throw unusable(
        row,
        "preferences",
        "chosen+rejected, preferred_output+non_preferred_output or ranked completions",
      );
  }
}

/** The labelled completions of a row: one, or two from a preference. */
export function toUnpaired(row: CheckedRow): UnpairedRow[] {
  const extras = { ...(row.meta && { meta: row.meta }), where: row.where };
  if (row.format === "unpaired-preference") {
    return [{ ...pair(row.fields.prompt, row.fields.completion), label: row.fields.label, ...extras }];
  }
  return toPreferences(row).flatMap(({ prompt, chosen, rejected }) => [
    { prompt, completion: chosen, label: true, ...extras } as UnpairedRow,
    { prompt, completion: rejected, label: false, ...extras } as UnpairedRow,
  ]);
}

/** Prompt and completion in one form: if either is a conversation, both become one. */
function pair(prompt: TextOrMessages, completion: TextOrMessages): PromptCompletion {
  const start = promptText(prompt);
  if (typeof start === "string" && typeof completion === "string") return { prompt: start, completion };
  return {
    prompt: asMessages(start, "user"),
    completion: answerMessages(asMessages(start, "user"), completion),
  };
}

function withPrompt(
  prompt: TextOrMessages,
  chosen: TextOrMessages,
  rejected: TextOrMessages,
): PreferenceTexts {
  const start = promptText(prompt);
  if (typeof start === "string" && typeof chosen === "string" && typeof rejected === "string") {
    return { prompt: start, chosen, rejected };
  }
  const turns = asMessages(start, "user");
  return { prompt: turns, chosen: answerMessages(turns, chosen), rejected: answerMessages(turns, rejected) };
}

function withoutPrompt(
  chosen: TextOrMessages,
  rejected: TextOrMessages,
  where: RowLocation,
): PreferenceTexts {
  if (typeof chosen === "string" && typeof rejected === "string") {
    if (!isTranscript(chosen) || !isTranscript(rejected)) return splitCommonText(chosen, rejected);
    return withoutPrompt(parseTranscript(chosen), parseTranscript(rejected), where);
  }
  const split = splitCommonMessages(asMessages(chosen, "assistant"), asMessages(rejected, "assistant"));
  if (split !== undefined) return split;
  throw rowError(
    where,
    'fields "chosen" and "rejected" do not begin with the same prompt followed by an assistant turn',
    'Give the prompt in a field of its own: "prompt".',
  );
}

/** A prompt, with a transcript in HH's notation turned into messages. */
function promptText(prompt: TextOrMessages): TextOrMessages {
  return typeof prompt === "string" && isTranscript(prompt) ? parsePromptTranscript(prompt) : prompt;
}

function asMessages(text: TextOrMessages, role: ChatMessage["role"]): ChatMessage[] {
  return typeof text === "string" ? [{ role, content: text }] : text;
}

/** A completion as messages, without the prompt's turns if the file repeats them at the start. */
function answerMessages(prompt: ChatMessage[], completion: TextOrMessages): ChatMessage[] {
  const turns = typeof completion === "string" ? asMessages(completion.trim(), "assistant") : completion;
  const repeats =
    turns.length > prompt.length && prompt.every((message, i) => sameMessage(message, turns[i]));
  return repeats ? turns.slice(prompt.length) : turns;
}

/** Alpaca's instruction and optional input, as one user turn. */
function instruction(task: string, { input, output }: { input?: string; output: string }) {
  const content = input ? `${task}\n\n${input}` : task;
  const prompt: ChatMessage[] = [{ role: "user", content }];
  return { prompt, completion: [{ role: "assistant", content: output }] as ChatMessage[] };
}

const SHAREGPT_ROLES: Record<string, ChatMessage["role"]> = {
  system: "system",
  human: "user",
  user: "user",
  gpt: "assistant",
  assistant: "assistant",
  tool: "tool",
};

function conversation(row: Extract<CheckedRow, { format: "messages" | "sharegpt" }>): ChatMessage[] {
  if (row.format === "messages") return row.fields.messages;
  return row.fields.conversations.map(({ from, value }, i) => {
    const role = SHAREGPT_ROLES[from];
    if (role !== undefined) return { role, content: value };
    const known = Object.keys(SHAREGPT_ROLES).join(", ");
    throw rowError(
      row.where,
      `field "conversations[${i}].from" is ${JSON.stringify(from)}; expected one of ${known}`,
    );
  });
}

function nonEmptyPrompt(messages: ChatMessage[], where: RowLocation): ChatMessage[] {
  if (messages.length > 0) return messages;
  throw rowError(where, 'field "messages" has only assistant turns; expected a prompt before them');
}

function unusable(row: CheckedRow, wanted: string, expected: string) {
  const problem = `the ${row.format} format cannot be used as ${wanted}; expected ${expected}`;
  return rowError(row.where, problem, likelyMistyped(Object.keys(row.meta ?? {})));
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
