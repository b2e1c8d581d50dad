import type { CastVote } from "../../../votes/tasks/index.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { toCastVote } from "./vote.js";

/** Votes read per query. */
const PAGE = 1000;

/**
 * Every vote of a project in the order they were cast; a correction comes after the vote it corrects. Read in pages.
 */
export async function* exportVotes(store: { db: Queries }, project: string): AsyncGenerator<CastVote> {
  for await (const { row } of voteRows(store.db, project)) yield toCastVote(row);
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
