/** Reviews of votes: a filter holds a vote, with its evidence, until a reviewer releases or rejects it. */
import { z } from "zod";
import type { ReviewState } from "../../../votes/judgement/index.js";
import { sha256 } from "../audit/audit-entry.js";
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import { newId, storedName, storedText } from "../ids.js";
import { recountItems } from "../items/recount.js";
import { decideItems } from "../items/stopping.js";
import { findProject } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";

export const HeldVote = z.object({
  vote: z.string().max(64).describe("The vote that is held"),
  filter: storedName.describe("The filter's name"),
  evidence: z.json().describe("Evidence for the finding"),
});
export type HeldVote = z.infer<typeof HeldVote>;

/** A vote that a filter holds, and what a reviewer decided. Times are Unix milliseconds. */
export interface Review extends HeldVote {
  id: string;
  project: string;
  /** The item that the vote is about; `rater` cast it. */
  item: string;
  rater: string;
  state: ReviewState;
  createdAt: number;
  decidedAt?: number;
  decidedBy?: string;
  note?: string;
}

/**
 * Holds votes of a project for review. An earlier finding for the same vote and filter is left as it is, decided or
 * not.
 *
 * @returns the number of new findings.
 * @throws StoreError missing: no such project, or the project has no such vote.
 */
export async function holdVotes(
  store: StoreContext,
  projectId: string,
  findings: readonly HeldVote[],
  actor: string,
): Promise<number> {
  const parsed = findings.map((finding) => check(HeldVote, finding));
  return store.write(async (write) => {
    const { db, now, audit } = write;
    await findProject(write, projectId);
    let held = 0;
    for (const { vote, filter, evidence } of parsed) {
      const found = await db
        .selectFrom("votes")
        .select(["id", "lease_id"])
        .where("id", "=", vote)
        .where("project_id", "=", projectId)
        .executeTakeFirst();
      if (found === undefined) throw new StoreError("missing", `The project has no vote ${vote}.`);
      const inserted = await db
        .insertInto("reviews")
        .values({
          ...{
            id: newId("h", now),
            project_id: projectId,
            vote_id: vote,
            lease_id: found.lease_id,
            filter,
            state: "held",
            created_at: now,
          },
          ...{ evidence_json: JSON.stringify(evidence), decided_at: null, decided_by: null, note: null },
        })
        .onConflict((conflict) => conflict.columns(["vote_id", "filter"]).doNothing())
        .executeTakeFirst();
      if (inserted.numInsertedOrUpdatedRows === 0n) continue;
      const evidenceSha256 = sha256(JSON.stringify(evidence));
      audit(actor, "vote.held", vote, { project: projectId, filter, evidenceSha256 });
      held++;
    }
    return held;
  });
}

/** Releases or rejects a held vote. A later decision replaces an earlier one; the audit log records both. */
export async function decideReview(
  store: StoreContext,
  review: string,
  decision: { state: "released" | "rejected"; note?: string },
  actor: string,
): Promise<void> {
  const note = decision.note === undefined ? null : check(storedText(2000), decision.note);
  const { state } = decision;
  return store.write(async (write) => {
    const { db, now, audit } = write;
    const row = await db.selectFrom("reviews").selectAll().where("id", "=", review).executeTakeFirst();
    if (row === undefined) throw new StoreError("missing", `There is no review ${review}.`);
    await db
      .updateTable("reviews")
      .set({ state, note, decided_at: now, decided_by: actor })
      .where("id", "=", review)
      .execute();
    const vote = await db
      .selectFrom("votes")
      .select("item_id")
      .where("id", "=", row.vote_id)
      .executeTakeFirstOrThrow();
    await decideItems(write, await findProject(write, row.project_id), [vote.item_id]);
    await recountItems(db, [vote.item_id]);
    const details = { project: row.project_id, review, filter: row.filter };
    audit(actor, `vote.${state}`, row.vote_id, details, { note });
  });
}

/** @throws StoreError missing: the project has no such review. */
export async function checkReviewOf({ db }: { db: Queries }, project: string, review: string): Promise<void> {
  const own = await db
    .selectFrom("reviews")
    .select("id")
    .where("id", "=", review)
    .where("project_id", "=", project)
    .executeTakeFirst();
  if (own === undefined) throw new StoreError("missing", `There is no review ${review}.`);
}

/** Reviews of a project in the order they were made. */
export async function listReviews(
  { db }: StoreContext,
  projectId: string,
  { state, limit = 100 }: { state?: ReviewState; limit?: number } = {},
): Promise<Review[]> {
  const rows = await db
    .selectFrom("reviews")
    .innerJoin("votes", "votes.id", "reviews.vote_id")
    .selectAll("reviews")
    .select(["votes.item_id", "votes.rater_id"])
    .where("reviews.project_id", "=", projectId)
    .$if(state !== undefined, (query) => query.where("reviews.state", "=", state as string))
    .orderBy("reviews.created_at")
    .orderBy("reviews.id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    project: row.project_id,
    vote: row.vote_id,
    item: row.item_id,
    rater: row.rater_id,
    filter: row.filter,
    evidence: JSON.parse(row.evidence_json) as HeldVote["evidence"],
    state: row.state as ReviewState,
    createdAt: row.created_at,
    ...(row.decided_at !== null && { decidedAt: row.decided_at }),
    ...(row.decided_by !== null && { decidedBy: row.decided_by }),
    ...(row.note !== null && { note: row.note }),
  }));
}
