/** Turns judgements of any kind of task into rows for training. */
import { PlumbError } from "../../base/errors.js";
import { decidedItems, withVerdicts } from "./adjudication.js";
import { aggregateQuestion } from "./aggregate-question.js";
import { completionOf, type PromptText, promptOf } from "./chat-form.js";
import { counting, heldOrNot, type Judgement, USES } from "./judgement.js";
import {
  EVEN,
  type JudgedPreference,
  type PreferenceOptions,
  preferences,
  type ToReview,
} from "./preferences.js";
import { aspectsOf, COMPARES, questionOf } from "./questions.js";

/** The aspect of safety labels. */
const SAFETY = "safety";

/** An answer that a rater wrote, as a row to train on. */
export interface Demonstration {
  prompt: PromptText;
  completion: PromptText;
  item: string;
  /** Pseudonym. */
  rater: string;
}

/** A row in TRL's unpaired preference format. */
export interface SafetyLabel {
  prompt: PromptText;
  completion: PromptText;
  /** Whether the response is safe, by the default aggregate. */
  label: boolean;
  votes: number;
  /** Share of votes that agree with the label; 1/2 where only a lead's verdict counts. */
  agreement: number;
  /** Categories that any rater named; empty if the label is safe. */
  categories: string[];
  item: string;
}

/** Rows by kind of training. Ratings give no rows. */
export interface TrainingRows {
  /** From comparisons and rankings, for reward models. */
  preferences: JudgedPreference[];
  /** From demonstrations and rewrites, for supervised fine-tuning. */
  demonstrations: Demonstration[];
  /** From safety labels, as TRL's unpaired preferences. */
  safety: SafetyLabel[];
  /** Results that contradict all of their votes; they make no rows. */
  review: ToReview[];
}

/**
 * Turns judgements into rows for training.
 *
 * @param options `aspect` is the aspect of preferences; default: the first that is asked.
 * @throws PlumbError if raters were not asked about the aspect.
 */
export function trainingRows(
  judgements: readonly Judgement[],
  options: Partial<PreferenceOptions> = {},
): TrainingRows {
  const { held = true, seed } = options;
  const compared = judgements.filter(({ item: { task } }) => COMPARES[task.kind]);
  const written = counting(judgements, heldOrNot(USES.results, held));
  const preferred =
    compared.length === 0
      ? { rows: [], review: [] }
      : preferences(compared, { ...options, aspect: askedFor(compared, options.aspect) });
  const safety = safetyLabels(judgements, held, seed);
  return {
    preferences: preferred.rows,
    demonstrations: demonstrations(written),
    safety: safety.rows,
    review: [...preferred.review, ...safety.review],
  };
}

/** The given aspect, or the first that is asked. @throws PlumbError if it was not asked. */
function askedFor(judgements: readonly Judgement[], aspect?: string): string {
  const known = [...new Set(judgements.flatMap(({ item }) => aspectsOf(item.task)))];
  if (aspect === undefined || known.includes(aspect)) return aspect ?? known[0];
  throw new PlumbError(`Raters were not asked for ${JSON.stringify(aspect)}, but for ${known.join(", ")}.`);
}

/** The texts that raters wrote, without blank ones. */
function demonstrations(judgements: readonly Judgement[]): Demonstration[] {
  return judgements.flatMap(({ item, vote: { answer, rater } }) => {
    if (!("text" in answer) || answer.text.trim() === "") return [];
    const { prompt } = item.content;
    return [
      { prompt: promptOf(prompt), completion: completionOf(prompt, answer.text), item: item.id, rater },
    ];
  });
}

/** The label of each item by the default aggregate; even ones are left out. */
function safetyLabels(
  judgements: readonly Judgement[],
  held: boolean,
  seed: number | undefined,
): { rows: SafetyLabel[]; review: ToReview[] } {
  const question = questionOf(
    counting(
      judgements.filter(({ vote }) => vote.answer.kind === "safety"),
      heldOrNot(USES.raters, held),
    ),
    SAFETY,
  );
  const voted = question && aggregateQuestion(question, { seed });
  const made = voted && withVerdicts(voted, judgements, SAFETY);
  if (question === undefined || made?.kind !== "labels") return { rows: [], review: [] };
  const votesOf = new Map<string, Judgement[]>();
  for (const judgement of question.from)
    votesOf.set(judgement.item.id, [...(votesOf.get(judgement.item.id) ?? []), judgement]);
  const decided = decidedItems(judgements);
  const [rows, review]: [SafetyLabel[], ToReview[]] = [[], []];
  for (const { item, label, probability, review: reason } of made.aggregate.items) {
    if (reason !== undefined) review.push({ item, reason });
    if (reason !== undefined || probability - 0.5 < EVEN) continue;
    const content = (decided.get(item) ?? (votesOf.get(item) as Judgement[])[0].item).content;
    rows.push(safetyRow({ item, content }, label === "safe", votesOf.get(item) ?? []));
  }
  return { rows, review };
}

function safetyRow(
  { item, content: { prompt, responses } }: { item: string; content: Judgement["item"]["content"] },
  label: boolean,
  judgements: readonly Judgement[],
): SafetyLabel {
  const answers = judgements.flatMap(({ vote: { answer } }) => (answer.kind === "safety" ? [answer] : []));
  const categories = new Set(answers.flatMap((answer) => answer.categories));
  return {
    prompt: promptOf(prompt),
    completion: completionOf(prompt, responses[0].text),
    label,
    votes: answers.length,
    agreement:
      answers.length === 0 ? 0.5 : answers.filter(({ safe }) => safe === label).length / answers.length,
    categories: label ? [] : [...categories].sort(),
    item,
  };
}
