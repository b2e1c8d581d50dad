/** An answer in progress: everything may still be missing. */
import type {
  Answer,
  ResponseFlag,
  SafetyCategory,
  TaskDefinition,
  Verdict,
} from "../../src/votes/tasks/index.js";

export interface AnswerDraft {
  /** For comparisons, by aspect. */
  aspects: Record<string, { verdict: Verdict; strength?: number }>;
  /** For rankings: the places on the screen that were ranked, the best first. */
  ranked: number[];
  /** Ranked places that are tied with the one before. */
  tied: number[];
  /** For Likert scales: points by aspect of the response in each place. */
  ratings: Record<string, number>[];
  /** For demonstrations and rewrites: the text written. */
  text: string;
  safe?: boolean;
  categories: SafetyCategory[];
  flags: { place: number; flag: ResponseFlag }[];
  rationale: string;
}

/** What keeps an answer from being complete; a key of the strings. */
type Lacking = "verdict" | "rank" | "points" | "text" | "unchanged" | "categories" | "rationale";

export function emptyDraft({ kind }: TaskDefinition, responses: readonly string[]): AnswerDraft {
  return {
    aspects: {},
    ranked: [],
    tied: [],
    categories: [],
    flags: [],
    rationale: "",
    ratings: responses.map(() => ({})),
    text: kind === "rewrite" ? responses[0] : "",
  };
}

/** The stored draft, if it still has the form of one, else `empty`. */
export function asDraft(kept: unknown, empty: AnswerDraft): AnswerDraft {
  if (typeof kept !== "object" || kept === null) return empty;
  const given = kept as Record<string, unknown>;
  const fits = Object.entries(empty).every(([name, value]) => {
    const own = given[name];
    return (
      typeof own === typeof value &&
      Array.isArray(own) === Array.isArray(value) &&
      (name !== "ratings" || (own as unknown[]).length === (value as unknown[]).length)
    );
  });
  return fits ? (kept as AnswerDraft) : empty;
}

/** A given answer as a draft, to be changed. */
export function draftOf(answer: Answer, empty: AnswerDraft): AnswerDraft {
  const draft = { ...empty, flags: answer.flags, rationale: answer.rationale ?? "" };
  switch (answer.kind) {
    case "pairwise":
      return { ...draft, aspects: answer.aspects };
    case "ranking": {
      const { ranks } = answer;
      const ranked = ranks.map((_, place) => place).sort((a, b) => ranks[a] - ranks[b] || a - b);
      return {
        ...draft,
        ranked,
        tied: ranked.filter((place, i) => i > 0 && ranks[place] === ranks[ranked[i - 1]]),
      };
    }
    case "likert":
      return { ...draft, ratings: answer.ratings };
    case "safety":
      return { ...draft, safe: answer.safe, categories: answer.categories };
    case "demonstration":
    case "rewrite":
      return { ...draft, text: answer.text };
  }
}

/** The answer, or what it lacks. @param original the text that a rewrite began with. */
export function completed(
  draft: AnswerDraft,
  { kind, aspects, rationale }: TaskDefinition,
  original: string,
): Answer | Lacking {
  const common = {
    flags: draft.flags,
    ...(draft.rationale.trim() !== "" && { rationale: draft.rationale.trim() }),
  };
  const lacking = lackingOf(draft, kind, aspects, original);
  if (lacking !== undefined) return lacking;
  if (rationale === "required" && common.rationale === undefined) return "rationale";
  switch (kind) {
    case "pairwise":
      return { kind, aspects: draft.aspects, ...common };
    case "ranking":
      return { kind, ranks: ranksOf(draft), ...common };
    case "likert":
      return { kind, ratings: draft.ratings, ...common };
    case "safety":
      return { kind, safe: draft.safe as boolean, categories: draft.safe ? [] : draft.categories, ...common };
    case "demonstration":
    case "rewrite":
      return { kind, text: draft.text, ...common };
  }
}

function lackingOf(
  draft: AnswerDraft,
  kind: TaskDefinition["kind"],
  aspects: readonly string[],
  original: string,
): Lacking | undefined {
  switch (kind) {
    case "pairwise":
      return aspects.every((aspect) => draft.aspects[aspect]) ? undefined : "verdict";
    case "ranking":
      return draft.ranked.length === draft.ratings.length ? undefined : "rank";
    case "likert":
      return draft.ratings.every((points) => aspects.every((aspect) => points[aspect]))
        ? undefined
        : "points";
    case "safety":
      if (draft.safe === undefined) return "verdict";
      return draft.safe || draft.categories.length > 0 ? undefined : "categories";
    case "rewrite":
      if (draft.text === original) return "unchanged";
      return draft.text.trim() === "" ? "text" : undefined;
    case "demonstration":
      return draft.text.trim() === "" ? "text" : undefined;
    default:
      return kind satisfies never;
  }
}

/** Ranks by place, with ties as in a race: 1, 2, 2, 4. */
export function ranksOf({ ranked, tied }: Pick<AnswerDraft, "ranked" | "tied">): number[] {
  const ranks: number[] = [];
  for (const [i, place] of ranked.entries())
    ranks[place] = i > 0 && tied.includes(place) ? ranks[ranked[i - 1]] : i + 1;
  return ranks;
}

/** The draft with a response moved to a position in the ranking, or added there. */
export function rankedAt(draft: AnswerDraft, place: number, position: number): AnswerDraft {
  const ranked = draft.ranked.filter((other) => other !== place);
  ranked.splice(Math.max(0, Math.min(position, ranked.length)), 0, place);
  return { ...draft, ranked, tied: draft.tied.filter((other) => other !== place && other !== ranked[0]) };
}
