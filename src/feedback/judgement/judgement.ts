/**
 * A judgement is what a rater says of an item: the latest correction of a vote, with its item and what became of it. Which judgements
 * count depends on what for. That is said here and nowhere else: by `counting` for judgements in memory, and by the same uses in SQL
 * where a database must not read them all (store/counting-sql.ts).
 */
import { PlumbError } from "../../base/errors.js";
import type { CastVote, TaskItem } from "../tasks/index.js";

export const REVIEW_STATES = ["held", "released", "rejected"] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];
/** From the mildest on: of several reviews of a judgement the strictest holds. */
const STRICTNESS: readonly ReviewState[] = ["released", "held", "rejected"];

export interface Judgement {
  /** Its latest form. */
  vote: CastVote;
  item: TaskItem;
  /** Whether it answers a gold item, whose right answer is known. */
  gold: boolean;
  /** When the rater first judged, before corrections; Unix milliseconds. */
  firstAt: number;
  /** The strictest state of its reviews. */
  review?: ReviewState;
  /** Whether its rater is excluded. */
  excluded: boolean;
}

/** Which judgements count. What a reviewer rejected never does. */
export interface Use {
  /** Those of gold items. */
  gold: boolean;
  /** Hidden second showings of an item to the same rater. */
  repeats: boolean;
  /** Those that a filter holds until a reviewer decides. */
  held: boolean;
  /** Those of excluded raters. */
  excluded: boolean;
}

const results: Use = { gold: false, repeats: false, held: true, excluded: false };

export const USES = {
  /** What results are made of: agreement, forecasts, labels, and what raters wrote. */
  results,
  /** What aggregation learns of raters and pairs: gold answers show how raters err. */
  raters: { ...results, gold: true },
  /** What decides that an item needs no more votes. */
  stopping: results,
  /** What fills the overlap of an item, gold or not. */
  overlap: { ...results, gold: true },
  /** What filters look at: everything that is not decided yet. */
  filters: { gold: true, repeats: true, held: true, excluded: true },
} as const satisfies Record<string, Use>;

/** The same use, with judgements that a filter holds left out unless `held`. */
export const heldOrNot = (use: Use, held: boolean): Use => ({ ...use, held: use.held && held });

export function counts({ vote, gold, review, excluded }: Judgement, use: Use): boolean {
  if (review === "rejected" || (review === "held" && !use.held)) return false;
  return (use.gold || !gold) && (use.repeats || !vote.repeat) && (use.excluded || !excluded);
}

/** The judgements that count, in the order in which they are given. */
export const counting = (judgements: readonly Judgement[], use: Use): Judgement[] =>
  judgements.filter((judgement) => counts(judgement, use));

/** The strictest of some states; undefined of none. */
export function strictest(states: readonly ReviewState[]): ReviewState | undefined {
  return states.length === 0
    ? undefined
    : STRICTNESS[Math.max(...states.map((state) => STRICTNESS.indexOf(state)))];
}

/**
 * Judgements of votes as files hold them: those that no later vote corrects, in the order of the votes.
 *
 * @throws PlumbError where a vote's item is not there.
 */
export function judgementsOf(votes: readonly CastVote[], items: readonly TaskItem[]): Judgement[] {
  const itemOf = new Map(items.map((item) => [item.id, item]));
  const voteOf = new Map(votes.map((vote) => [vote.id, vote]));
  const corrected = new Set(votes.map(({ corrects }) => corrects));
  return votes
    .filter(({ id }) => !corrected.has(id))
    .map((vote) => {
      const item = itemOf.get(vote.item);
      if (item === undefined)
        throw new PlumbError(`vote ${vote.id} is about item ${vote.item}, which is not among the items`, {
          hint: "Give the items that were voted on, all of them.",
        });
      const { castAt: firstAt } = firstForm(vote, voteOf);
      return { vote, item, gold: item.gold !== undefined, firstAt, excluded: false };
    });
}

/** What a vote corrects in the end; of votes that correct each other in a circle, any. */
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
