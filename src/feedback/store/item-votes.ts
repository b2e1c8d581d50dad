import type { CastVote } from "../tasks/index.js";
import type { Queries } from "./database.js";
import type { ReviewState } from "./reviews.js";
import { toCastVote } from "./vote.js";

/** A vote on an item as it stands now. */
export interface ItemVote extends CastVote {
  /** Its worst review: rejected before held before released. */
  review?: ReviewState;
}

const WORST: readonly ReviewState[] = ["rejected", "held", "released"];

/** Votes on one item, of each judgement the latest correction, in the order of casting; held and rejected ones too. */
export async function itemVotes(store: { db: Queries }, item: string): Promise<ItemVote[]> {
  const rows = await store.db
    .selectFrom("votes")
    .selectAll()
    .where("item_id", "=", item)
    .orderBy("seq")
    .execute();
  const corrected = new Set(rows.map(({ corrects }) => corrects));
  const latest = rows.filter(({ id }) => !corrected.has(id));
  const reviews = await store.db
    .selectFrom("reviews")
    .innerJoin("votes", "votes.id", "reviews.vote_id")
    .select(["reviews.lease_id", "reviews.state"])
    .where("votes.item_id", "=", item)
    .execute();
  return latest.map((row) => {
    const states = reviews.filter(({ lease_id }) => lease_id === row.lease_id).map(({ state }) => state);
    const review = WORST.find((state) => states.includes(state));
    return { ...toCastVote(row), ...(review && { review }) };
  });
}
