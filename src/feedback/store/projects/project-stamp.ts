import { sha256 } from "../../../base/sha256.js";
import type { Queries } from "../database/database.js";

/**
 * A hash of a project's state: it changes whenever the project's votes, reviews, members, items, settings or leads'
 * verdicts change.
 */
export async function projectStamp({ db }: { db: Queries }, project: string): Promise<string> {
  const votes = await db
    .selectFrom("votes")
    .select("seq")
    .where("project_id", "=", project)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  const reviews = await db
    .selectFrom("reviews")
    .select((eb) => [
      eb.fn.countAll<number>().as("n"),
      eb.fn.max("decided_at").as("decided"),
      eb.fn.count<number>("decided_at").as("decisions"),
    ])
    .where("project_id", "=", project)
    .executeTakeFirst();
  const members = await db
    .selectFrom("memberships")
    .select(["rater_id", "state", "state_reason", "group_name"])
    .where("project_id", "=", project)
    .orderBy("rater_id")
    .execute();
  const items = await db
    .selectFrom("items")
    .select((eb) => [
      "state",
      eb.fn.countAll<number>().as("n"),
      eb.fn.max("changed_at").as("changed"),
      eb.fn.count<number>("gold_json").as("gold"),
      eb.fn.sum<number>("overlap").as("wanted"),
    ])
    .where("project_id", "=", project)
    .groupBy("state")
    .orderBy("state")
    .execute();
  const decided = await db
    .selectFrom("adjudications")
    .select((eb) => [eb.fn.countAll<number>().as("n"), eb.fn.max("decided_at").as("last")])
    .where("project_id", "=", project)
    .executeTakeFirst();
  const row = await db
    .selectFrom("projects")
    .select(["state", "settings_json"])
    .where("id", "=", project)
    .executeTakeFirst();
  return sha256(JSON.stringify([votes, reviews, members, items, decided, row]));
}
