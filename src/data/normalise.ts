import { type RowLocation, rowError } from "../base/location.js";
import { splitCommonMessages, splitCommonText } from "./common-prompt.js";
import { type CheckedRow, type FieldsOf, likelyMistyped } from "./formats.js";
import { isTranscript, parsePromptTranscript, parseTranscript } from "./hh-transcript.js";
import { type ChatMessage, sameMessage, splitFinalAnswer, type TextOrMessages } from "./messages.js";
import {
  beginning,
  type FoundPrompt,
  instructionTurn,
  promptOfColumns,
  withBeginning,
} from "./prompt-columns.js";
import { helpSteerPrompt, type Ranking, rankingOf } from "./rankings.js";
import type {
  Demonstration,
  Offered,
  PreferenceRow,
  PreferenceTexts,
  PromptCompletion,
  PromptRow,
  UnpairedRow,
} from "./rows.js";
import { refuseUnread } from "./unread-columns.js";

/**
 * The demonstrations of a row: its text, conversation or completion; the chosen side of a preference; the best of a
 * ranking. What was judged bad gives none.
 *
 * @throws RowError if the format has no answer to imitate, or the row holds what would change the result and is not read.
 */
export function toDemonstrations(row: CheckedRow): Demonstration[] {
  const made = demonstrationsIn(row);
  refuseUnread(row, "answers");
  return made;
}

function demonstrationsIn(row: CheckedRow): Demonstration[] {
  const { where } = row;
  switch (row.format) {
    case "text":
      return isTranscript(row.fields.text)
        ? [{ kind: "messages", messages: parseTranscript(row.fields.text), where }]
        : [{ kind: "text", text: row.fields.text, where }];
    case "messages":
    case "sharegpt":
      return [{ kind: "messages", messages: conversation(row), ...offered(row.fields), where }];
    case "prompt-completion":
    case "unpaired-preference":
      if (row.format === "unpaired-preference" && !row.fields.label) return [];
      return [{ kind: "completion", ...answered(row), ...offered(row.fields), where }];
    case "alpaca": {
      const { prompt, completion } = alpaca(row);
      // LLaMA-Factory learns the answers of earlier rounds too.
      return (row.fields.history ?? []).length > 0
        ? [{ kind: "messages", messages: [...prompt, ...completion], ...offered(row.fields), where }]
        : [{ kind: "completion", prompt, completion, ...offered(row.fields), where }];
    }
    case "question-answer":
      return [{ kind: "completion", ...questionAnswer(row), ...offered(row.fields), where }];
    case "self-instruct":
      return row.fields.instances.map(({ input, output }) => ({
        kind: "completion" as const,
        prompt: instructionTurn(row.fields.instruction, input, "\n\n"),
        completion: [{ role: "assistant" as const, content: output }],
        where,
      }));
    case "preference":
    case "openai-preference":
      return toPreferences(row).map(
        ({ prompt, chosen, tools }) =>
          ({
            kind: "completion",
            prompt,
            completion: chosen,
            ...(tools && { tools }),
            where,
          }) as Demonstration,
      );
    default: {
      const ranking = ranked(row);
      if (ranking === undefined || ranking.completions.length === 0)
        throw unusable(
          row,
          "demonstrations",
          "text, messages, prompt+completion, instruction+output or conversations",
        );
      const best = ranking.completions.reduce((a, b) => (b.rank < a.rank ? b : a));
      const found = { prompt: ranking.prompt, bare: [] };
      return [{ kind: "completion", ...pair(found, best.text, where), ...ranking.offered, where }];
    }
  }
}

/** The prompt of a row; its answers are ignored. @throws RowError as `toDemonstrations`, of what concerns the prompt. */
export function toPrompt(row: CheckedRow): PromptRow {
  const { prompt, meta = row.meta, tools } = promptIn(row);
  refuseUnread(row, "prompts");
  return { prompt, ...(tools && { tools }), ...(meta && { meta }), where: row.where };
}

function promptIn(row: CheckedRow): Omit<PromptRow, "where"> {
  switch (row.format) {
    case "messages":
    case "sharegpt":
      return {
        prompt: nonEmptyPrompt(splitFinalAnswer(conversation(row)).prompt, row.where),
        ...offered(row.fields),
      };
    case "preference":
    case "openai-preference": {
      const { prompt, tools } = preferencesIn(row)[0];
      return { prompt, ...(tools && { tools }) };
    }
    case "prompt-only": {
      const { prompt, tools } = promptOfColumns(row);
      return { prompt: prompt ?? "", ...(tools && { tools }) };
    }
    case "prompt-completion":
    case "unpaired-preference":
      return { prompt: answered(row).prompt, ...offered(row.fields) };
    case "alpaca":
      return { prompt: alpaca(row).prompt, ...offered(row.fields) };
    case "question-answer":
      // A rule that rewards the right answer reads it there.
      return {
        prompt: questionAnswer(row).prompt,
        ...offered(row.fields),
        meta: { ...row.meta, answer: row.fields.answer },
      };
    case "self-instruct":
      return { prompt: instructionTurn(row.fields.instruction, row.fields.instances[0].input, "\n\n") };
    case "text":
      if (isTranscript(row.fields.text)) {
        return {
          prompt: nonEmptyPrompt(splitFinalAnswer(parseTranscript(row.fields.text)).prompt, row.where),
        };
      }
      throw unusable(row, "prompts", 'a field "prompt"');
    case "helpsteer":
      return { prompt: helpSteerPrompt(row.fields.prompt) };
    case "stepwise":
      return { prompt: promptText(row.fields.prompt) };
    default: {
      const ranking = ranked(row);
      if (ranking === undefined) throw unusable(row, "prompts", 'a field "prompt"');
      return { prompt: promptText(ranking.prompt), ...ranking.offered };
    }
  }
}

/** The preferences of a row: one, or for a ranking every pair of different ranks (rank 1 is best). @throws RowError */
export function toPreferences(row: CheckedRow): PreferenceRow[] {
  const made = preferencesIn(row);
  refuseUnread(row, "answers");
  return made;
}

/** @param wanted what is made of the pairs, for the message about a format that has none; with what would be read instead. */
function preferencesIn(row: CheckedRow, wanted = "preferences", or = ""): PreferenceRow[] {
  const extras = { ...(row.meta && { meta: row.meta }), where: row.where };
  switch (row.format) {
    case "preference": {
      const { chosen, rejected, margin, noise, weight } = row.fields;
      const found = promptOfColumns(row);
      const texts =
        found.prompt === undefined
          ? afterBeginning(row, withoutPrompt(chosen, rejected, row.where))
          : withPrompt(found, chosen, rejected, row.where);
      return [{ ...texts, ...offered(row.fields), ...defined({ margin, noise, weight }), ...extras }];
    }
    case "openai-preference": {
      const { input, preferred_output, non_preferred_output } = row.fields;
      const found = { prompt: input.messages, bare: input.messages };
      const texts = withPrompt(found, preferred_output, non_preferred_output, row.where);
      return [{ ...texts, ...offered(input), ...extras }];
    }
    default: {
      const ranking = ranked(row);
      if (ranking === undefined)
        throw unusable(
          row,
          wanted,
          `${or}chosen+rejected, preferred_output+non_preferred_output or ranked completions`,
        );
      const { prompt, completions } = ranking;
      const pairs = completions.flatMap((a) =>
        completions.filter((b) => a.rank < b.rank).map((b) => [a, b] as const),
      );
      // Of two answers a tie is a judgement like any other; a list of ranks that are all the same is a mistake.
      if (pairs.length === 0 && row.format === "ranked")
        throw rowError(row.where, `field "completions": every rank is the same, so none is preferred`);
      const found = { prompt: promptText(prompt), bare: [] };
      return pairs.map(([a, b]) => ({
        ...withPrompt(found, a.text, b.text, row.where),
        ...ranking.offered,
        ...extras,
      }));
    }
  }
}

/** The labelled completions of a row: one, or two from a preference. @throws RowError */
export function toUnpaired(row: CheckedRow): UnpairedRow[] {
  const extras = { ...(row.meta && { meta: row.meta }), where: row.where };
  if (row.format === "unpaired-preference") {
    const made = { ...answered(row), label: row.fields.label, ...offered(row.fields), ...extras };
    refuseUnread(row, "answers");
    return [made];
  }
  const pairs = preferencesIn(row, "judged completions", "prompt+completion+label, ");
  refuseUnread(row, "answers");
  return pairs.flatMap(({ prompt, chosen, rejected, tools, weight }) => {
    const common = { prompt, ...(tools && { tools }), ...defined({ weight }), ...extras };
    return [
      { ...common, completion: chosen, label: true } as UnpairedRow,
      { ...common, completion: rejected, label: false } as UnpairedRow,
    ];
  });
}

/** A row's ranking with the system text and functions that stand beside it. */
function ranked(row: CheckedRow): (Ranking & { offered: Offered }) | undefined {
  if (row.format !== "ranked") {
    const ranking = rankingOf(row);
    return ranking && { ...ranking, offered: {} };
  }
  const { prompt, tools } = promptOfColumns(row);
  return { prompt: prompt ?? "", completions: row.fields.completions, offered: tools ? { tools } : {} };
}

/** Prompt and completion of a row that has the columns of both; the last answer of a conversation without a completion. */
function answered(
  row: Extract<CheckedRow, { format: "prompt-completion" | "unpaired-preference" }>,
): PromptCompletion {
  const found = promptOfColumns(row);
  const { completion } = row.fields;
  if (found.prompt === undefined)
    throw rowError(
      row.where,
      'field "prompt" is missing; expected text or a list',
      "Or name it instruction or question.",
    );
  if (completion !== undefined) return pair(found, completion, row.where);
  const { prompt, answer } = splitFinalAnswer(typeof found.prompt === "string" ? [] : found.prompt);
  if (answer.length === 0)
    throw rowError(row.where, 'field "completion" is missing; expected text or a list');
  return { prompt: nonEmptyPrompt(prompt, row.where), completion: answer };
}

/** Prompt and completion in one form: if either is a conversation, both become one. */
function pair(found: FoundPrompt, completion: TextOrMessages, where: RowLocation): PromptCompletion {
  const start = promptText(found.prompt ?? "");
  if (typeof start === "string" && typeof completion === "string") return { prompt: start, completion };
  const prompt = asMessages(start, "user");
  const answer = answerMessages([prompt, found.bare], completion);
  if (answer[0].role === "assistant") return { prompt, completion: answer };
  throw rowError(
    where,
    `the completion begins with a turn of the ${answer[0].role}; expected the assistant's`,
  );
}

function withPrompt(
  found: FoundPrompt,
  chosen: TextOrMessages,
  rejected: TextOrMessages,
  where: RowLocation,
): PreferenceTexts {
  const start = promptText(found.prompt ?? "");
  if (typeof start === "string" && typeof chosen === "string" && typeof rejected === "string") {
    return { prompt: start, chosen, rejected };
  }
  const turns = asMessages(start, "user");
  const [a, b] = [chosen, rejected].map((side) => answerMessages([turns, found.bare], side));
  if (a[0].role === "assistant" && b[0].role === "assistant")
    return { prompt: turns, chosen: a, rejected: b };
  // Both sides may tell the whole conversation, of which the prompt is the last turn.
  const split = splitCommonMessages(a, b);
  const bare = found.bare.length > 0 ? found.bare : turns;
  if (split !== undefined && endsWith(split.prompt, bare)) {
    const before = turns.slice(0, turns.length - bare.length);
    return { ...split, prompt: withBeginning(before, split.prompt) };
  }
  throw rowError(
    where,
    `${a[0].role === "assistant" ? "the rejected" : "the chosen"} side begins with a turn that is neither the prompt nor the assistant's`,
    "Both sides begin with the assistant's answer, or with all of the prompt's turns.",
  );
}

const endsWith = (messages: readonly ChatMessage[], end: readonly ChatMessage[]): boolean =>
  end.length <= messages.length &&
  end.every((message, i) => sameMessage(message, messages[messages.length - end.length + i]));

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

/** A pair whose prompt was found in its sides, with system text and earlier rounds before it. */
function afterBeginning(
  row: Extract<CheckedRow, { format: "preference" }>,
  texts: PreferenceTexts,
): PreferenceTexts {
  const prompt = typeof texts.prompt === "string" ? [] : texts.prompt;
  const before = beginning(row, row.fields, prompt);
  if (before.length === 0 && row.fields.tools === undefined) return texts;
  if (typeof texts.prompt !== "string")
    return { ...texts, prompt: withBeginning(before, texts.prompt) } as PreferenceTexts;
  throw rowError(
    row.where,
    'has a system text, earlier rounds or tools, and no prompt; expected a field "prompt"',
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
function answerMessages(prompts: readonly ChatMessage[][], completion: TextOrMessages): ChatMessage[] {
  const turns = typeof completion === "string" ? asMessages(completion.trim(), "assistant") : completion;
  const repeated = prompts.find(
    (prompt) =>
      prompt.length > 0 &&
      turns.length > prompt.length &&
      prompt.every((message, i) => sameMessage(message, turns[i])),
  );
  return repeated === undefined ? turns : turns.slice(repeated.length);
}

/** Instruction and answer, after system text and earlier rounds. */
function alpaca(row: Extract<CheckedRow, { format: "alpaca" }>): {
  prompt: ChatMessage[];
  completion: ChatMessage[];
} {
  const { instruction, input, output, ...context } = row.fields;
  const between = row.chat || context.system || context.history?.length ? "\n" : "\n\n";
  const prompt = [...beginning(row, context, []), ...instructionTurn(instruction, input, between)];
  return { prompt, completion: [{ role: "assistant", content: output }] };
}

function questionAnswer(row: Extract<CheckedRow, { format: "question-answer" }>): {
  prompt: ChatMessage[];
  completion: ChatMessage[];
} {
  const { question, answer, ...context } = row.fields;
  const prompt: ChatMessage[] = [...beginning(row, context, []), { role: "user", content: question }];
  return { prompt, completion: [{ role: "assistant", content: answer }] };
}

function conversation(row: Extract<CheckedRow, { format: "messages" | "sharegpt" }>): ChatMessage[] {
  const messages = row.format === "messages" ? row.fields.messages : row.fields.conversations;
  return withBeginning(beginning(row, row.fields, messages), messages);
}

/** A row's whole conversation, with what stands before it, and the functions that it offers. @throws RowError */
export function toConversation(
  row: Extract<CheckedRow, { format: "messages" | "sharegpt" }>,
): { messages: ChatMessage[] } & Offered {
  const whole = { messages: conversation(row), ...offered(row.fields) };
  refuseUnread(row, "answers");
  return whole;
}

const offered = ({ tools }: Pick<FieldsOf["messages"], "tools">): Offered =>
  tools === undefined || tools.length === 0 ? {} : { tools };

function nonEmptyPrompt(messages: ChatMessage[], where: RowLocation): ChatMessage[] {
  if (messages.length > 0) return messages;
  throw rowError(where, 'field "messages" has only assistant turns; expected a prompt before them');
}

const UNJUDGED = "its answers are not judged: plumb sft learns from those";

/** Why a format cannot be used where another is expected; undefined where what is expected says all. */
const REASONS: Readonly<Record<CheckedRow["format"], string | undefined>> = {
  text: UNJUDGED,
  messages: UNJUDGED,
  sharegpt: UNJUDGED,
  "prompt-completion": UNJUDGED,
  alpaca: UNJUDGED,
  "self-instruct": UNJUDGED,
  "question-answer": UNJUDGED,
  "unpaired-preference": "its answers are judged one by one: plumb kto learns from those",
  "prompt-only": "it has no answers: plumb grpo and plumb ppo sample them",
  stepwise: "its labels judge single steps, and rewards here are of whole answers",
  segments: "its pieces have no roles, and what is learned is told by a conversation's roles; write messages",
  tokens: "its token ids were made for one tokenizer; give the texts",
  helpsteer: "its answers have ratings and none is called good; of two to one prompt it gives preferences",
  preference: undefined,
  "openai-preference": undefined,
  ranked: undefined,
  ultrafeedback: undefined,
  nectar: undefined,
  "pku-saferlhf": undefined,
  shp: undefined,
  "helpsteer-preference": undefined,
};

function unusable(row: CheckedRow, wanted: string, expected: string) {
  const why = REASONS[row.format];
  const problem = `the ${row.format} format cannot be used as ${wanted}${why ? ` (${why})` : ""}; expected ${expected}`;
  return rowError(row.where, problem, likelyMistyped(Object.keys(row.meta ?? {})));
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
