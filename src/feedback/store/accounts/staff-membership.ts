/** Puts accounts on the staff of projects, and takes them off. */
import type { Write } from "../audit/writer.js";
import { noteDeparture } from "../projects/departures.js";
import { StoreError } from "../store-error.js";

/** Makes an account staff of a project; does nothing if it already is. */
export async function putStaff(
  { db, now }: Pick<Write, "db" | "now">,
  project: string,
  account: string,
): Promise<void> {
  await db
    .insertInto("staff")
    .values({ project_id: project, account_id: account, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** @throws StoreError missing: the account is not on the project's staff. */
export async function takeOffStaff(
  write: Write,
  project: string,
  account: string,
  actor: string,
): Promise<void> {
  const gone = await write.db
    .deleteFrom("staff")
    .where("project_id", "=", project)
    .where("account_id", "=", account)
    .executeTakeFirst();
  if (gone.numDeletedRows === 0n)
    throw new StoreError("missing", `${account} is not on the project's staff.`);
  const { rater_id } = await write.db
    .selectFrom("accounts")
    .select("rater_id")
    .where("id", "=", account)
    .executeTakeFirstOrThrow();
  await noteDeparture(write, project, rater_id);
  write.audit(actor, "staff.left", account, { project });
}

/** Takes an account off the staff of every project. */
export async function leaveStaff(write: Write, account: string, actor: string): Promise<void> {
  const rows = await write.db
    .selectFrom("staff")
    .select("project_id")
    .where("account_id", "=", account)
    .execute();
  for (const { project_id } of rows) await takeOffStaff(write, project_id, account, actor);
}
