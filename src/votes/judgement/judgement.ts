/**
 * A judgement is a rater's opinion of an item: the latest correction of a vote, with its item and its review. Which
 * judgements count depends on the use. The uses are defined only here; `counting` applies them to judgements in memory,
 * and store/database/counting-sql.ts translates them to SQL, so that the store need not read all votes.
 */
import { PlumbError } from "../../base/errors.js";
import type { CastVote, TaskItem } from "../tasks/index.js";

export const REVIEW_STATES = ["held", "released", "rejected"] as const;
/** Where a held vote stands: it waits, counts after all, or does not count. */
export type ReviewState = (typeof REVIEW_STATES)[number];
/** From mildest to strictest: of several reviews of a judgement the strictest applies. */
const STRICTNESS: readonly ReviewState[] = ["released", "held", "rejected"];

/** A vote with all that decides whether it counts: the vote's latest form, its item, its reviews and its rater. */
export interface Judgement {
  /** The latest form of the vote. */
  vote: CastVote;
  item: TaskItem;
  /** Whether the item is gold, so that its right answer is known. */
  gold: boolean;
  /** When the rater first judged, before corrections; Unix milliseconds. */
  firstAt: number;
  /** The strictest state of its reviews. */
  review?: ReviewState;
  /** Whether its rater is excluded. */
  excluded: boolean;
}

/** A vote with what its project says of it, as a server exports it. */
export interface MarkedVote extends CastVote {
  /** Whether it answers a gold item. */
  gold?: boolean;
  /** The strictest state of the reviews of its judgement. */
  review?: ReviewState;
  /** Whether its rater is excluded. */
  excluded?: boolean;
}

/** Which judgements count for a use. Judgements that a reviewer rejected never count. */
export interface Use {
  /** Whether judgements of gold items count. */
  gold: boolean;
  /** Whether hidden repeats count: second showings of an item to the same rater. */
  repeats: boolean;
  /** Whether judgements count that a filter holds until a reviewer decides. */
  held: boolean;
  /** Whether judgements of excluded raters count. */
  excluded: boolean;
}

const results: Use = { gold: false, repeats: false, held: true, excluded: false };

export const USES = {
  /** For results: agreement, forecasts, labels, and texts that raters wrote. */
  results,
  /** For aggregation, which learns about raters and pairs: gold answers show how raters err. */
  raters: { ...results, gold: true },
  /** For deciding that an item needs no more votes. */
  stopping: results,
  /** For filling the overlap of an item, gold or not. */
  overlap: { ...results, gold: true },
  /** For filters: everything that was not rejected. */
  filters: { gold: true, repeats: true, held: true, excluded: true },
} as const satisfies Record<string, Use>;

/** The same use; without `held`, judgements that a filter holds do not count. */
export const heldOrNot = (use: Use, held: boolean): Use => ({ ...use, held: use.held && held });

export function counts({ vote, gold, review, excluded }: Judgement, use: Use): boolean {
  if (review === "rejected" || (review === "held" && !use.held)) return false;
  return (use.gold || !gold) && (use.repeats || !vote.repeat) && (use.excluded || !excluded);
}

/** The judgements that count, in the given order. */
export const counting = (judgements: readonly Judgement[], use: Use): Judgement[] =>
  judgements.filter((judgement) => counts(judgement, use));

/** The strictest of some states; undefined if there are none. */
export function strictest(states: readonly ReviewState[]): ReviewState | undefined {
  return states.length === 0
    ? undefined
    : STRICTNESS[Math.max(...states.map((state) => STRICTNESS.indexOf(state)))];
}

/**
 * The judgements in votes read from files: the votes that no other vote corrects, in their order, with their marks.
 *
 * @throws PlumbError if a vote's item is missing.
 */
export function judgementsOf(votes: readonly MarkedVote[], items: readonly TaskItem[]): Judgement[] {
  const itemOf = new Map(items.map((item) => [item.id, item]));
  const voteOf = new Map(votes.map((vote) => [vote.id, vote]));
  const corrected = new Set(votes.map(({ corrects }) => corrects));
  return votes
    .filter(({ id }) => !corrected.has(id))
    .map(({ gold = false, review, excluded = false, ...vote }) => {
      const item = itemOf.get(vote.item);
      if (item === undefined)
        throw new PlumbError(`vote ${vote.id} is about item ${vote.item}, which is not among the items`, {
          hint: "Give all items that were voted on.",
        });
      const { castAt: firstAt } = firstForm(vote, voteOf);
      return {
        vote,
        item,
        firstAt,
        excluded,
        gold: gold || item.gold !== undefined,
        ...(review && { review }),
      };
    });
}

/** The first vote in a chain of corrections; any vote of a circle of corrections. */
function firstForm(vote: CastVote, voteOf: ReadonlyMap<string, CastVote>): CastVote {
  const seen = new Set<CastVote>();
  let first = vote;
  for (let next: CastVote | undefined = vote; next !== undefined && !seen.has(next); ) {
    seen.add(next);
    first = next;
    next = voteOf.get(next.corrects ?? "");
  }
  return first;
}
