/** The present votes of one item or one rater. */
import { type ReviewState, strictest } from "../../../votes/judgement/index.js";
import type { CastVote } from "../../../votes/tasks/index.js";
import { isLatest } from "../database/counting-sql.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { toCastVote } from "./vote.js";

/** A vote in its latest form. */
export interface StandingVote extends CastVote {
  /** Whether it answered a gold item. */
  gold: boolean;
  /** The strictest state of its reviews, if it has any. */
  review?: ReviewState;
}

/**
 * Votes on one item in the order they were cast: the latest form of each judgement, including held and rejected ones.
 */
export async function itemVotes({ db }: { db: Queries }, item: string): Promise<StandingVote[]> {
  return standing(db, await latest(db).where("votes.item_id", "=", item).orderBy("votes.seq").execute());
}

/** The last votes of one rater in a project, newest first. */
export async function raterVotes(
  { db }: { db: Queries },
  project: string,
  rater: string,
  limit: number,
): Promise<StandingVote[]> {
  const rows = await latest(db)
    .where("votes.project_id", "=", project)
    .where("votes.rater_id", "=", rater)
    .orderBy("votes.seq", "desc")
    .limit(limit)
    .execute();
  return standing(db, rows);
}

/** All votes except those that were corrected. */
const latest = (db: Queries) => db.selectFrom("votes").selectAll("votes").where(isLatest);

async function standing(db: Queries, rows: readonly Tables["votes"][]): Promise<StandingVote[]> {
  if (rows.length === 0) return [];
  const reviews = await db
    .selectFrom("reviews")
    .select(["lease_id", "state"])
    .where(
      "lease_id",
      "in",
      rows.map(({ lease_id }) => lease_id),
    )
    .execute();
  return rows.map((row) => {
    const own = reviews.filter(({ lease_id }) => lease_id === row.lease_id);
    const review = strictest(own.map(({ state }) => state as ReviewState));
    return { ...toCastVote(row), gold: row.gold === 1, ...(review && { review }) };
  });
}
