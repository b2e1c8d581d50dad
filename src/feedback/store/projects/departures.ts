/**
 * Departures: when a rater or a member of the staff was last removed from a project. An invitation that was made before
 * does not let that person in again.
 */
import type { Write } from "../audit/writer.js";
import type { Queries } from "../database/database.js";

export async function noteDeparture({ db, now }: Write, project: string, rater: string): Promise<void> {
  await db
    .insertInto("departures")
    .values({ project_id: project, rater_id: rater, at: now })
    .onConflict((conflict) => conflict.columns(["project_id", "rater_id"]).doUpdateSet({ at: now }))
    .execute();
}

/** When the person behind a rater was last removed, in Unix milliseconds; undefined if never. */
export async function departureOf(db: Queries, project: string, rater: string): Promise<number | undefined> {
  const row = await db
    .selectFrom("departures")
    .select("at")
    .where("project_id", "=", project)
    .where("rater_id", "=", rater)
    .executeTakeFirst();
  return row?.at;
}
