import { type ReviewState, strictest } from "../../../votes/judgement/index.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import type { StandingVote } from "./standing-votes.js";
import { toCastVote } from "./vote.js";

/** Votes read per query. */
const PAGE = 1000;

/** A vote with all that decides whether it counts: any form of a judgement has the marks of the judgement. */
export interface ExportedVote extends StandingVote {
  /** Whether its rater is excluded. */
  excluded: boolean;
}

/**
 * Every vote of a project in the order they were cast; a correction comes after the vote it corrects. Read in pages.
 * The marks are those of the beginning of the export.
 */
export async function* exportVotes({ db }: { db: Queries }, project: string): AsyncGenerator<ExportedVote> {
  const reviews = await reviewStates(db, project);
  const excluded = await excludedRaters(db, project);
  for await (const { row } of voteRows(db, project)) {
    const review = reviews.get(row.lease_id);
    yield {
      ...toCastVote(row),
      gold: row.gold === 1,
      ...(review && { review }),
      excluded: excluded.has(row.rater_id),
    };
  }
}

/** The strictest state of each lease's reviews. */
export async function reviewStates(db: Queries, project: string): Promise<Map<string, ReviewState>> {
  const rows = await db
    .selectFrom("reviews")
    .select(["lease_id", "state"])
    .where("project_id", "=", project)
    .execute();
  const states = new Map<string, ReviewState>();
  for (const row of rows) {
    const both = [states.get(row.lease_id) ?? [], row.state as ReviewState].flat();
    states.set(row.lease_id, strictest(both) as ReviewState);
  }
  return states;
}

async function excludedRaters(db: Queries, project: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom("memberships")
    .select("rater_id")
    .where("project_id", "=", project)
    .where("state", "=", "excluded")
    .execute();
  return new Set(rows.map(({ rater_id }) => rater_id));
}

/** Every row of a project's votes in the order they were cast, and whether a later row corrects it. Read in pages. */
export async function* voteRows(
  db: Queries,
  project: string,
): AsyncGenerator<{ row: Tables["votes"]; corrected: boolean }> {
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom("votes")
      .leftJoin("votes as later", "later.corrects", "votes.id")
      .selectAll("votes")
      .select("later.id as later_id")
      .where("votes.project_id", "=", project)
      .where("votes.seq", ">", after)
      .orderBy("votes.seq")
      .limit(PAGE)
      .execute();
    for (const { later_id, ...row } of rows) yield { row, corrected: later_id !== null };
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1].seq;
  }
}
