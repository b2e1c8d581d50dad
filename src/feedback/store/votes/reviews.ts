/** Reviews of votes: a filter holds a vote, with its evidence, until a reviewer releases or rejects it. */

import { z } from "zod";
import { sha256 } from "../../../base/sha256.js";
import type { ReviewState } from "../../../votes/judgement/index.js";
import type { Write } from "../audit/writer.js";
import { check } from "../check.js";
import { isLatest } from "../database/counting-sql.js";
import type { Queries } from "../database/database.js";
import { among } from "../database/sets.js";
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
          id: newId("h", now),
          project_id: projectId,
          vote_id: vote,
          lease_id: found.lease_id,
          filter,
          state: "held",
          created_at: now,
          evidence_json: JSON.stringify(evidence),
          decided_at: null,
          decided_by: null,
          note: null,
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

/** What a reviewer decides of a held vote; with held, that it waits again. */
export interface ReviewDecision {
  state: ReviewState;
  note?: string | undefined;
}

/** Releases or rejects a held vote. A later decision replaces an earlier one; the audit log records both. */
export async function decideReview(
  store: StoreContext,
  review: string,
  decision: ReviewDecision,
  actor: string,
): Promise<void> {
  const note = decision.note === undefined ? null : check(storedText(2000), decision.note);
  await store.write((write) => decideWithin(write, [review], { state: decision.state, note }, actor));
}

/** Which reviews of a project are meant: those of a filter, a rater, a state, or all of these. */
export interface ReviewChoice {
  state: ReviewState;
  filter?: string | undefined;
  rater?: string | undefined;
}

/** Reviews decided in one write, so that raters get their turn in between. */
const TOGETHER = 100;

/**
 * Decides many reviews of a project alike, in pieces.
 *
 * @param which a choice, or ids; ids that the project does not have are passed over.
 * @returns the ids of those that were decided.
 */
export async function decideReviews(
  store: StoreContext,
  project: string,
  which: ReviewChoice | readonly string[],
  decision: ReviewDecision,
  actor: string,
): Promise<string[]> {
  const note = decision.note === undefined ? null : check(storedText(2000), decision.note);
  const chosen = new Set("state" in which ? await chooseReviews(store, project, which) : which);
  const ids: string[] = [];
  for (const piece of pieces([...chosen], TOGETHER))
    ids.push(
      ...(await store.write(async (write) => {
        const rows = await write.db
          .selectFrom("reviews")
          .select("id")
          .where("project_id", "=", project)
          .where(among(write.db, "id", piece))
          .execute();
        const own = rows.map(({ id }) => id);
        await decideWithin(write, own, { state: decision.state, note }, actor);
        return own;
      })),
    );
  return ids;
}

function* pieces<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}

/** Ids of a project's reviews, in the order in which they were made. */
async function chooseReviews(
  { db }: { db: Queries },
  project: string,
  { state, filter, rater }: ReviewChoice,
): Promise<string[]> {
  const rows = await db
    .selectFrom("reviews")
    .innerJoin("votes", "votes.id", "reviews.vote_id")
    .select("reviews.id")
    .where("reviews.project_id", "=", project)
    .where("reviews.state", "=", state)
    .$if(filter !== undefined, (query) => query.where("reviews.filter", "=", filter as string))
    .$if(rater !== undefined, (query) => query.where("votes.rater_id", "=", rater as string))
    .orderBy("reviews.created_at")
    .orderBy("reviews.id")
    .execute();
  return rows.map(({ id }) => id);
}

/** How many reviews of a project there are of each state, filter and rater. */
export async function countReviews(
  { db }: { db: Queries },
  project: string,
): Promise<{ state: ReviewState; filter: string; rater: string; reviews: number }[]> {
  const rows = await db
    .selectFrom("reviews")
    .innerJoin("votes", "votes.id", "reviews.vote_id")
    .select(["reviews.state", "reviews.filter", "votes.rater_id", (eb) => eb.fn.countAll<number>().as("n")])
    .where("reviews.project_id", "=", project)
    .groupBy(["reviews.state", "reviews.filter", "votes.rater_id"])
    .orderBy("reviews.filter")
    .orderBy("votes.rater_id")
    .execute();
  return rows.map(({ state, filter, rater_id, n }) => ({
    state: state as ReviewState,
    filter,
    rater: rater_id,
    reviews: Number(n),
  }));
}

/** The present forms of the votes that chosen reviews are about, by id: what a decision would be about. */
export async function votesOfReviews(
  { db }: { db: Queries },
  project: string,
  { state, filter, rater }: ReviewChoice,
): Promise<string[]> {
  const rows = await db
    .selectFrom("votes")
    .select("votes.id")
    .where("votes.project_id", "=", project)
    .where(isLatest)
    .$if(rater !== undefined, (query) => query.where("votes.rater_id", "=", rater as string))
    .where("votes.lease_id", "in", (eb) =>
      eb
        .selectFrom("reviews")
        .select("reviews.lease_id")
        .where("reviews.project_id", "=", project)
        .where("reviews.state", "=", state)
        .$if(filter !== undefined, (query) => query.where("reviews.filter", "=", filter as string)),
    )
    .orderBy("votes.seq")
    .execute();
  return rows.map(({ id }) => id);
}

/** @throws StoreError missing */
async function decideWithin(
  write: Write,
  ids: readonly string[],
  { state, note: words }: { state: ReviewState; note: string | null },
  actor: string,
): Promise<void> {
  const { db, now, audit } = write;
  const note = state === "held" ? null : words;
  const items = new Map<string, Set<string>>();
  for (const id of ids) {
    const row = await db.selectFrom("reviews").selectAll().where("id", "=", id).executeTakeFirst();
    if (row === undefined) throw new StoreError("missing", `There is no review ${id}.`);
    const decided =
      state === "held" ? { decided_at: null, decided_by: null } : { decided_at: now, decided_by: actor };
    await db
      .updateTable("reviews")
      .set({ state, note, ...decided })
      .where("id", "=", id)
      .execute();
    const { item_id } = await db
      .selectFrom("votes")
      .select("item_id")
      .where("id", "=", row.vote_id)
      .executeTakeFirstOrThrow();
    items.set(row.project_id, (items.get(row.project_id) ?? new Set()).add(item_id));
    const details = { project: row.project_id, review: id, filter: row.filter };
    audit(actor, `vote.${state}`, row.vote_id, details, { note });
  }
  for (const [project, own] of items) {
    await decideItems(write, await findProject(write, project), [...own]);
    await recountItems(db, [...own]);
  }
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
