/** What was collected, as rows for training: TRL's preference format with what is known of the raters, demonstrations, and labels. */

import type { CastVote, TaskItem } from "../tasks/index.js";
import { completionOf, type ExportedPrompt, promptOf } from "./chat-form.js";

/** What aggregation makes of one comparison; whatever method did it. */
export interface PreferenceSummary {
  item: string;
  /** Names of the item's responses. */
  chosen: string;
  rejected: string;
  /** P(chosen is better), in [0.5, 1]. */
  probability: number;
  /** Probability that the label is the wrong way round, in [0, 0.5). */
  noise: number;
  /** Share of votes that agree with it, ties counting half. */
  agreement: number;
  /** Mean reliability of its raters, in [0, 1]. */
  reliability?: number;
  votes: number;
  /** Pseudonyms, where they are to be given away. */
  raters?: readonly string[];
}

export interface ExportedPreference {
  prompt: ExportedPrompt;
  chosen: ExportedPrompt;
  rejected: ExportedPrompt;
  noise: number;
  probability: number;
  agreement: number;
  reliability?: number;
  votes: number;
  item: string;
  raters?: readonly string[];
}

/** Largest noise that the losses take. */
const MOST_NOISE = 0.4999;

/**
 * Rows of TRL's preference format: prompt, chosen, rejected; and beside them `noise`, which the reward model's and DPO's losses read, and
 * what it comes from. Responses that are equal in text teach nothing and are left out.
 */
export function preferenceRows(
  items: readonly TaskItem[],
  summaries: readonly PreferenceSummary[],
): ExportedPreference[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return summaries.flatMap((summary) => {
    const item = byId.get(summary.item);
    const text = (name: string) => item?.content.responses.find((response) => response.name === name)?.text;
    const [chosen, rejected] = [text(summary.chosen), text(summary.rejected)];
    if (item === undefined || chosen === undefined || rejected === undefined || chosen === rejected)
      return [];
    const { prompt } = item.content;
    const { noise, probability, agreement, reliability, votes, raters } = summary;
    return [
      {
        prompt: promptOf(prompt),
        chosen: completionOf(prompt, chosen),
        rejected: completionOf(prompt, rejected),
        ...{ noise: Math.min(MOST_NOISE, noise), probability, agreement },
        ...(reliability !== undefined && { reliability }),
        ...{ votes, item: item.id },
        ...(raters && { raters }),
      },
    ];
  });
}

/** Demonstrations and rewrites as rows for SFT: prompt and completion, the newest text of each rater, blank ones left out. */
export function demonstrationRows(
  items: readonly TaskItem[],
  votes: readonly CastVote[],
): { prompt: ExportedPrompt; completion: ExportedPrompt; item: string; rater: string }[] {
  return standing(items, votes).flatMap(({ item, vote }) => {
    const { answer } = vote;
    if ((answer.kind !== "demonstration" && answer.kind !== "rewrite") || answer.text.trim() === "")
      return [];
    const { prompt } = item.content;
    return [
      {
        prompt: promptOf(prompt),
        completion: completionOf(prompt, answer.text),
        item: item.id,
        rater: vote.rater,
      },
    ];
  });
}

/** Safety labels as TRL's unpaired preferences: label is true where more raters found the response safe than unsafe; ties are left out. */
export function safetyRows(
  items: readonly TaskItem[],
  votes: readonly CastVote[],
): {
  prompt: ExportedPrompt;
  completion: ExportedPrompt;
  label: boolean;
  votes: number;
  agreement: number;
  categories: string[];
  item: string;
}[] {
  const byItem = new Map<string, { item: TaskItem; safe: number; count: number; categories: Set<string> }>();
  for (const { item, vote } of standing(items, votes)) {
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
        ...{
          prompt: promptOf(prompt),
          completion: completionOf(prompt, responses[0].text),
          label,
          votes: count,
        },
        ...{
          agreement: Math.max(safe, count - safe) / count,
          categories: label ? [] : [...categories].sort(),
          item: item.id,
        },
      },
    ];
  });
}

/** Votes that no later one corrects and that are no repeats, with their items. */
function standing(
  items: readonly TaskItem[],
  votes: readonly CastVote[],
): { item: TaskItem; vote: CastVote }[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  const corrected = new Set(votes.map(({ corrects }) => corrects));
  return votes.flatMap((vote) => {
    const item = byId.get(vote.item);
    return item === undefined || vote.repeat || corrected.has(vote.id) ? [] : [{ item, vote }];
  });
}
