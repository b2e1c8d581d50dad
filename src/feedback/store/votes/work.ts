/**
 * What a rater does with leases and votes: corrects, skips, releases, renews, saves drafts, looks back. All but the
 * last is for raters who work in the project at that moment, as voting is.
 */
import { z } from "zod";
import { canonicalJson } from "../../../base/canonical-json.js";
import type { Answer } from "../../../votes/tasks/index.js";
import { type CastVote, type ItemContent, MAX_TEXT } from "../../../votes/tasks/index.js";
import { answerOnScreen } from "../../../votes/tasks/places.js";
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { newId, storedText } from "../ids.js";
import { recountItems } from "../items/recount.js";
import { showingsOf } from "../items/showings.js";
import { decideItems } from "../items/stopping.js";
import { workingMember } from "../projects/members.js";
import { checkOpen, findProject, type Project } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import { auditedVote, CorrectionRequest, storedAnswer, type TakenVote, toCastVote } from "./vote.js";

/** Why an item is skipped. */
export const SkipRequest = z.object({
  reason: z.enum(["unclear", "cannot-judge", "harmful", "broken", "other"]),
  note: storedText(2000).optional(),
});
export type SkipRequest = z.infer<typeof SkipRequest>;

/** Most characters of a draft as JSON. */
const MAX_DRAFT = 2 * MAX_TEXT;

/** A past vote as its rater may see it. */
export interface PastVote {
  vote: string;
  lease: string;
  /** The item as the rater was told of it (items/showings.ts). */
  showing: string;
  prompt: ItemContent["prompt"];
  /** Texts in screen order, as they were shown. */
  responses: string[];
  /** The answer that counts now, in screen order. */
  answer: Answer;
  castAt: number;
  /** Unix milliseconds until which it can be corrected. */
  correctableUntil: number;
}

/**
 * Corrects a rater's own vote with a new one; of several corrections the latest counts.
 *
 * @throws StoreError missing, forbidden, closed, expired (the time for corrections is over), conflict (it was already
 * corrected, or a reviewer rejected it), invalid.
 */
export async function correctVote(store: StoreContext, request: CorrectionRequest): Promise<TakenVote> {
  const { vote, rater, answer, milliseconds, client } = check(CorrectionRequest, request);
  return store.write(async (write) => {
    const { db, now, audit } = write;
    const old = await db.selectFrom("votes").selectAll().where("id", "=", vote).executeTakeFirst();
    if (old === undefined) throw new StoreError("missing", `There is no vote ${vote}.`);
    if (old.rater_id !== rater) throw new StoreError("forbidden", "The vote is another rater's.");
    const project = await findProject(write, old.project_id);
    const answerJson = storedAnswer(answer, project.task, JSON.parse(old.order_json) as number[]);
    const later = await db.selectFrom("votes").selectAll().where("corrects", "=", vote).executeTakeFirst();
    if (later?.answer_json === answerJson) return { vote: toCastVote(later), again: true };
    if (later !== undefined)
      throw new StoreError(
        "conflict",
        "The vote was already corrected.",
        "Correct the latest version instead.",
      );
    checkOpen(project);
    await workingMember(db, old.project_id, rater);
    const rejected = await db
      .selectFrom("reviews")
      .select("id")
      .where("lease_id", "=", old.lease_id)
      .where("state", "=", "rejected")
      .executeTakeFirst();
    if (rejected !== undefined) throw new StoreError("conflict", "A reviewer has rejected this vote.");
    const first = await firstVote(db, old);
    if (now > first.cast_at + 1000 * project.settings.correctionSeconds)
      throw new StoreError("expired", "The time in which this vote could be corrected is over.");
    const row: Tables["votes"] = {
      ...old,
      id: newId("v", now),
      answer_json: answerJson,
      milliseconds: milliseconds ?? null,
      client: client ?? null,
      cast_at: now,
      corrects: old.id,
    };
    row.seq = audit(`rater:${rater}`, "vote.corrected", row.id, auditedVote(row));
    await db.insertInto("votes").values(row).execute();
    await decideItems(write, project, [old.item_id]);
    await recountItems(db, [old.item_id]);
    return { vote: toCastVote(row), again: false };
  });
}

/** The original vote on a vote's lease. */
async function firstVote(db: Queries, { lease_id }: Tables["votes"]): Promise<Tables["votes"]> {
  return db
    .selectFrom("votes")
    .selectAll()
    .where("lease_id", "=", lease_id)
    .where("corrects", "is", null)
    .executeTakeFirstOrThrow();
}

/** Skips an item, with the reason; it is not shown to this rater again. */
export async function skipItem(
  store: StoreContext,
  lease: string,
  rater: string,
  request: SkipRequest,
): Promise<void> {
  const { reason, note } = check(SkipRequest, request);
  return store.write(async (write) => {
    const { row, project } = await liveLease(write, lease, rater);
    const { item_id, project_id } = row;
    checkOpen(project);
    const text = note === undefined ? reason : `${reason}: ${note}`;
    await write.db
      .updateTable("leases")
      .set({ state: "skipped", reason: text })
      .where("id", "=", lease)
      .execute();
    await write.db.deleteFrom("drafts").where("lease_id", "=", lease).execute();
    await recountItems(write.db, [item_id]);
    const details = { project: project_id, lease, reason };
    write.audit(`rater:${rater}`, "item.skipped", item_id, details, { note });
  });
}

/** Gives an item back without judging it; it may be shown to this rater again. */
export async function releaseLease(store: StoreContext, lease: string, rater: string): Promise<void> {
  return store.write(async (write) => {
    const { item_id } = (await liveLease(write, lease, rater)).row;
    await write.db.updateTable("leases").set({ state: "released" }).where("id", "=", lease).execute();
    await recountItems(write.db, [item_id]);
  });
}

/**
 * Extends a lease by the project's lease time, from now. @returns its new expiry, in Unix milliseconds.
 * @throws StoreError missing, forbidden, conflict, expired, closed
 */
export async function renewLease(store: StoreContext, lease: string, rater: string): Promise<number> {
  return store.write(async (write) => {
    const { project } = await liveLease(write, lease, rater);
    checkOpen(project);
    const until = write.now + 1000 * project.settings.leaseSeconds;
    await write.db.updateTable("leases").set({ expires_at: until }).where("id", "=", lease).execute();
    return until;
  });
}

/** Saves a draft of an answer, replacing an earlier one. @param draft any JSON value. */
export async function saveDraft(
  store: StoreContext,
  lease: string,
  rater: string,
  draft: unknown,
): Promise<void> {
  const json = canonicalJson(draft);
  if (json.length > MAX_DRAFT)
    throw new StoreError("invalid", `The draft is longer than ${MAX_DRAFT} characters.`);
  return store.write(async (write) => {
    await liveLease(write, lease, rater);
    await write.db
      .insertInto("drafts")
      .values({ lease_id: lease, draft_json: json, saved_at: write.now })
      .onConflict((conflict) =>
        conflict.column("lease_id").doUpdateSet({ draft_json: json, saved_at: write.now }),
      )
      .execute();
  });
}

/**
 * @throws StoreError missing, forbidden, conflict or expired: the rater does not hold the lease, or does not work in the
 * project any more.
 */
async function liveLease(
  { db, now }: { db: Queries; now: number },
  lease: string,
  rater: string,
): Promise<{ row: Tables["leases"]; project: Project }> {
  const row = await db.selectFrom("leases").selectAll().where("id", "=", lease).executeTakeFirst();
  if (row === undefined) throw new StoreError("missing", `There is no lease ${lease}.`);
  if (row.rater_id !== rater) throw new StoreError("forbidden", "The lease is another rater's.");
  const project = await findProject({ db }, row.project_id);
  await workingMember(db, row.project_id, rater);
  if (row.state === "voted" || row.state === "skipped")
    throw new StoreError("conflict", `The item was ${row.state === "voted" ? "judged" : "skipped"} already.`);
  if (row.state !== "live" || row.expires_at <= now)
    throw new StoreError("expired", "The lease has run out.");
  return { row, project };
}

/**
 * A rater's last votes in a project in their latest form, newest first. @param before only votes numbered below this.
 */
export async function pastVotes(
  store: StoreContext,
  projectId: string,
  rater: string,
  { before = Number.MAX_SAFE_INTEGER, limit = 20 }: { before?: number; limit?: number } = {},
): Promise<PastVote[]> {
  const { settings } = await findProject(store, projectId);
  const rows = await store.db
    .selectFrom("votes")
    .innerJoin("items", "items.id", "votes.item_id")
    .innerJoin("votes as first", (join) =>
      join.onRef("first.lease_id", "=", "votes.lease_id").on("first.corrects", "is", null),
    )
    .selectAll("votes")
    .select(["items.content_json", "first.cast_at as first_cast_at"])
    .where("votes.rater_id", "=", rater)
    .where("votes.project_id", "=", projectId)
    .where("votes.seq", "<", before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(selectFrom("votes as later").select("later.id").whereRef("later.corrects", "=", "votes.id")),
      ),
    )
    .orderBy("votes.seq", "desc")
    .limit(limit)
    .execute();
  const showings = await showingsOf(
    store.db,
    rows.map((row) => row.lease_id),
  );
  return rows.map((row) => {
    const { prompt, responses } = JSON.parse(row.content_json) as ItemContent;
    const vote: CastVote = toCastVote(row);
    return {
      vote: row.id,
      lease: row.lease_id,
      showing: showings.get(row.lease_id) as string,
      prompt,
      responses: vote.order.map((index) => responses[index].text),
      answer: answerOnScreen(vote.answer, vote.order),
      castAt: row.cast_at,
      correctableUntil: row.first_cast_at + 1000 * settings.correctionSeconds,
    };
  });
}
