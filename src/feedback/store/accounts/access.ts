/** Which projects an account works in, as staff or as a rater. */
import type { Queries } from "../database/database.js";

export async function isStaff({ db }: { db: Queries }, project: string, account: string): Promise<boolean> {
  const row = await db
    .selectFrom("staff")
    .select("account_id")
    .where("project_id", "=", project)
    .where("account_id", "=", account)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a rater is a member of a project. Paused and excluded members count; those who left do not. */
export async function isMember({ db }: { db: Queries }, project: string, rater: string): Promise<boolean> {
  const row = await db
    .selectFrom("memberships")
    .select("rater_id")
    .where("project_id", "=", project)
    .where("rater_id", "=", rater)
    .where("state", "!=", "left")
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a rater is or ever was a member of a project. */
export async function everMember({ db }: { db: Queries }, project: string, rater: string): Promise<boolean> {
  const row = await db
    .selectFrom("memberships")
    .select("rater_id")
    .where("project_id", "=", project)
    .where("rater_id", "=", rater)
    .executeTakeFirst();
  return row !== undefined;
}

/** Ids of the projects that an account is staff of. */
export async function projectsOfStaff({ db }: { db: Queries }, account: string): Promise<string[]> {
  const rows = await db.selectFrom("staff").select("project_id").where("account_id", "=", account).execute();
  return rows.map(({ project_id }) => project_id);
}

/** Ids of the projects that a rater is a member of, paused and excluded memberships included. */
export async function projectsOfRater({ db }: { db: Queries }, rater: string): Promise<string[]> {
  const rows = await db
    .selectFrom("memberships")
    .select("project_id")
    .where("rater_id", "=", rater)
    .where("state", "!=", "left")
    .execute();
  return rows.map(({ project_id }) => project_id);
}
