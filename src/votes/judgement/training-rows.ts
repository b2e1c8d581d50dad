/** Turns judgements of any kind of task into rows for training. */
import { PlumbError } from "../../base/errors.js";
import { completionOf, type PromptText, promptOf } from "./chat-form.js";
import { counting, heldOrNot, type Judgement, USES } from "./judgement.js";
import { type JudgedPreference, type PreferenceOptions, preferences } from "./preferences.js";
import { aspectsOf, COMPARES } from "./questions.js";

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
  /** Whether more raters found the response safe than unsafe. */
  label: boolean;
  votes: number;
  /** Share of votes that agree with the label. */
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
  const compared = judgements.filter(({ item: { task } }) => COMPARES[task.kind]);
  const written = counting(judgements, heldOrNot(USES.results, options.held ?? true));
  return {
    preferences:
      compared.length === 0
        ? []
        : preferences(compared, { ...options, aspect: askedFor(compared, options.aspect) }),
    demonstrations: demonstrations(written),
    safety: safetyLabels(written),
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
    if ((answer.kind !== "demonstration" && answer.kind !== "rewrite") || answer.text.trim() === "")
      return [];
    const { prompt } = item.content;
    return [
      { prompt: promptOf(prompt), completion: completionOf(prompt, answer.text), item: item.id, rater },
    ];
  });
}

/** The majority's label of each item; ties are left out. */
function safetyLabels(judgements: readonly Judgement[]): SafetyLabel[] {
  const byItem = new Map<
    string,
    { item: Judgement["item"]; safe: number; count: number; categories: Set<string> }
  >();
  for (const { item, vote } of judgements) {
    if (vote.answer.kind !== "safety") continue;
    const tally = byItem.get(item.id) ?? { item, safe: 0, count: 0, categories: new Set<string>() };
    byItem.set(item.id, tally);
    tally.count++;
    if (vote.answer.safe) tally.safe++;
    for (const category of vote.answer.categories) tally.categories.add(category);
  }
  return [...byItem.values()].flatMap(({ item, safe, count, categories }) => {
    if (2 * safe === count) return [];
    const { prompt, responses } = item.content;
    const label = 2 * safe > count;
    return [
      {
        prompt: promptOf(prompt),
        completion: completionOf(prompt, responses[0].text),
        label,
        votes: count,
        agreement: Math.max(safe, count - safe) / count,
        categories: label ? [] : [...categories].sort(),
        item: item.id,
      },
    ];
  });
}
