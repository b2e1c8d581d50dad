import { deleteTexts } from "../audit/texts.js";
import type { Write } from "../audit/writer.js";

/**
 * Deletes what a rater wrote besides answers (drafts, answers to training, notes on bookmarks and skipped items, messages
 * with their replies), and
 * what was written of the rater (reasons for a pause or an exclusion, reviewers' notes on the votes), in the tables and
 * among the audit log's texts.
 */
export async function deleteWords({ db }: Pick<Write, "db">, rater: string): Promise<void> {
  await db.updateTable("bookmarks").set({ note: null }).where("rater_id", "=", rater).execute();
  await db.deleteFrom("training_answers").where("rater_id", "=", rater).execute();
  await db.deleteFrom("messages").where("rater_id", "=", rater).execute();
  await db
    .deleteFrom("drafts")
    .where("lease_id", "in", (eb) => eb.selectFrom("leases").select("id").where("rater_id", "=", rater))
    .execute();
  const skipped = await db
    .selectFrom("leases")
    .select(["id", "reason"])
    .where("rater_id", "=", rater)
    .where("reason", "like", "%: %")
    .execute();
  for (const { id, reason } of skipped)
    await db
      .updateTable("leases")
      .set({ reason: (reason as string).split(": ")[0] })
      .where("id", "=", id)
      .execute();
  await db
    .updateTable("memberships")
    .set({ state_reason: null })
    .where("rater_id", "=", rater)
    .where("state_reason", "is not", null)
    .execute();
  const noted = await db
    .selectFrom("reviews")
    .innerJoin("votes", "votes.id", "reviews.vote_id")
    .select(["reviews.id", "reviews.vote_id"])
    .where("votes.rater_id", "=", rater)
    .execute();
  for (const { id } of noted)
    await db.updateTable("reviews").set({ note: null }).where("id", "=", id).execute();
  const subjects = new Set([rater, ...noted.map(({ vote_id }) => vote_id)]);
  await deleteTexts(
    db,
    ({ actor, action, subject }) =>
      subjects.has(subject) || (actor === `rater:${rater}` && action === "item.skipped"),
  );
}
