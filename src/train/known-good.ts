/** Prompts with answers that are known to be good: what a reward is tried on before a run. */
import { PlumbError } from "../base/errors.js";
import {
  type ChatMessage,
  type Demonstration,
  describeLocation,
  loadDemonstrations,
  loadPrompts,
  type TextOrMessages,
} from "../data/index.js";

/** A prompt and a good answer to it. */
export interface KnownGood {
  prompt: TextOrMessages;
  answer: string;
  /** What a reward function sees beside them: the other fields of the row. */
  meta: Readonly<Record<string, unknown>>;
}

/** Question, answer, and the part of the answer that matters. */
const QUESTIONS: readonly (readonly [string, string, string])[] = [
  ["What is 7 times 6?", "7 times 6 is 42.", "42"],
  ["What is the capital of France?", "The capital of France is Paris.", "Paris"],
  ["Which planet is closest to the Sun?", "Mercury is the planet closest to the Sun.", "Mercury"],
  ["How many days does a leap year have?", "A leap year has 366 days.", "366"],
  ["Who wrote Romeo and Juliet?", "William Shakespeare wrote Romeo and Juliet.", "Shakespeare"],
  [
    "What gas do plants take in to make sugar?",
    "Plants take in carbon dioxide to make sugar.",
    "carbon dioxide",
  ],
  ["What is the freezing point of water in degrees Celsius?", "Water freezes at 0 degrees Celsius.", "0"],
  ["In which country is the city of Kyoto?", "The city of Kyoto is in Japan.", "Japan"],
  ["What is 15 percent of 200?", "15 percent of 200 is 30.", "30"],
  ["What is the largest ocean on Earth?", "The Pacific Ocean is the largest ocean on Earth.", "Pacific"],
  [
    "Which metal is liquid at room temperature?",
    "Mercury is a metal that is liquid at room temperature.",
    "Mercury",
  ],
  ["How many legs does a spider have?", "A spider has 8 legs.", "8"],
];

/** Twelve questions with short answers; `meta` has the whole good one as `reference`, and what matters of it as `answer`. */
export const BUILT_IN: readonly KnownGood[] = QUESTIONS.map(([prompt, reference, answer]) => ({
  prompt,
  answer: reference,
  meta: { reference, answer },
}));

/**
 * The answers of a dataset: demonstrations and ends of conversations, the chosen sides of preferences, or answers that are
 * labelled true.
 *
 * @throws PlumbError if a row has no prompt with an answer in text, or there are fewer than two.
 */
export async function loadKnownGood(file: string, limit: number): Promise<KnownGood[]> {
  const [prompts, answers] = await Promise.all([
    loadPrompts(file, { limit, metaIsRead: true }),
    loadDemonstrations(file, { limit }),
  ]);
  const fields = new Map(prompts.map(({ where, meta }) => [describeLocation(where), meta]));
  const known = answers.flatMap((row): KnownGood[] => {
    const found = answered(row);
    return found === undefined ? [] : [{ ...found, meta: fields.get(describeLocation(row.where)) ?? {} }];
  });
  if (known.length < answers.length || known.length < 2)
    throw new PlumbError(`${file}: ${known.length} of ${answers.length} answers are text and have a prompt`, {
      hint: "Give at least two rows such as {prompt, completion}, or preferences; what a reward function reads of a row may stand beside them.",
    });
  return known;
}

/** A prompt and its answer, which is one turn of text; undefined of any other row. */
function answered(row: Demonstration): Omit<KnownGood, "meta"> | undefined {
  if (row.kind === "text") return undefined;
  if (row.kind === "completion" && typeof row.completion === "string")
    return { prompt: row.prompt, answer: row.completion };
  const turns =
    row.kind === "messages"
      ? row.messages
      : [...(row.prompt as ChatMessage[]), ...(row.completion as ChatMessage[])];
  const last = turns.at(-1);
  const prompt = turns.slice(0, -1);
  if (last?.role !== "assistant" || typeof last.content !== "string" || prompt.length === 0) return undefined;
  return { prompt, answer: last.content };
}

/** What was asked last. */
export const questionOf = (prompt: TextOrMessages): string =>
  typeof prompt === "string" ? prompt : (prompt.at(-1)?.content ?? "");
