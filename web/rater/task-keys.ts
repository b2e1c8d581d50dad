/** The effect of a verdict's key on the draft. */
import type { SafetyCategory, TaskDefinition, Verdict } from "../../src/votes/tasks/index.js";
import { type AnswerDraft, rankedAt } from "./answer-draft.js";

interface AfterKey {
  draft: AnswerDraft;
  /** Whether the answer is complete, so that it is sent and the next item follows. */
  submit: boolean;
}

/** The answer after an action of the key map; undefined if the task does not have the action. */
export function afterKey(action: string, draft: AnswerDraft, task: TaskDefinition): AfterKey | undefined {
  const [name, number] = action.split("-");
  const n = Number(number);
  switch (task.kind) {
    case "pairwise": {
      const verdict = (n > 0 ? name : action) as Verdict;
      const aspect = task.aspects.find((one) => draft.aspects[one] === undefined) ?? task.aspects[0];
      return withVerdict(draft, task, aspect, {
        verdict,
        ...(n > 0 && task.strengths > 1 && { strength: n }),
      });
    }
    case "ranking": {
      const place = n - 1;
      if (name !== "pick" || place >= draft.ratings.length || draft.ranked.includes(place)) return undefined;
      return { draft: rankedAt(draft, place, draft.ranked.length), submit: false };
    }
    case "likert": {
      const place = draft.ratings.findIndex((points) => task.aspects.some((aspect) => !points[aspect]));
      if (name !== "pick" || place < 0) return undefined;
      const aspect = task.aspects.find((one) => !draft.ratings[place][one]) as string;
      return { draft: withPoints(draft, place, aspect, n), submit: false };
    }
    case "safety":
      if (action === "safe") return { draft: { ...draft, safe: true, categories: [] }, submit: true };
      if (action === "unsafe") return { draft: { ...draft, safe: false }, submit: false };
      return name === "pick"
        ? { draft: withCategory(draft, `S${n}` as SafetyCategory), submit: false }
        : undefined;
    case "demonstration":
    case "rewrite":
      return undefined;
    default:
      return task.kind satisfies never;
  }
}

/**
 * The draft with a verdict on an aspect. If it is the only aspect, that completes the answer unless a reason is
 * required.
 */
export function withVerdict(
  draft: AnswerDraft,
  task: TaskDefinition,
  aspect: string,
  preference: AnswerDraft["aspects"][string],
): AfterKey {
  const next = { ...draft, aspects: { ...draft.aspects, [aspect]: preference } };
  const needsReason = task.rationale === "required" && draft.rationale.trim() === "";
  return { draft: next, submit: task.aspects.length === 1 && !needsReason };
}

export function withPoints(draft: AnswerDraft, place: number, aspect: string, points: number): AnswerDraft {
  return {
    ...draft,
    ratings: draft.ratings.map((own, i) => (i === place ? { ...own, [aspect]: points } : own)),
  };
}

/** Selects a category of harm, or deselects it; with any category the response is not safe. */
function withCategory(draft: AnswerDraft, category: SafetyCategory): AnswerDraft {
  const categories = draft.categories.includes(category)
    ? draft.categories.filter((other) => other !== category)
    : [...draft.categories, category];
  return { ...draft, safe: false, categories };
}
