/** Invitations: secrets that are good for one account, for some time. */
import { newId } from "../../feedback/store/ids.js";
import { admit, type Write } from "../../feedback/store/index.js";
import type { Tables } from "../../feedback/store/tables.js";
import type { Role } from "../contract/index.js";
import { RequestError } from "../http/request-error.js";
import { newSecret, secretHash } from "./secrets.js";

export interface NewInvitation {
  role: Role;
  project?: string;
  group?: string;
  hours: number;
}

export async function invite(
  { db, now, audit }: Write,
  { role, project, group, hours }: NewInvitation,
  actor: string,
): Promise<{ row: Tables["invitations"]; token: string }> {
  const token = newSecret("invitation");
  const row: Tables["invitations"] = {
    id: newId("n", now),
    token_hash: secretHash(token),
    role,
    project_id: project ?? null,
    group_name: group ?? null,
    created_by: actor,
    created_at: now,
    expires_at: now + hours * 3_600_000,
    used_at: null,
  };
  await db.insertInto("invitations").values(row).execute();
  audit(actor, "invitation.made", row.id, { role, project, group, expiresAt: row.expires_at });
  return { row, token };
}

/** Uses an invitation up. @throws RequestError 410: it is unknown, used, withdrawn or too old; which is not told. */
export async function useInvitation({ db, now }: Write, token: string): Promise<Tables["invitations"]> {
  const row = await db
    .selectFrom("invitations")
    .selectAll()
    .where("token_hash", "=", secretHash(token))
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  if (row === undefined)
    throw new RequestError(410, "This invitation is not valid any more.", {
      field: "token",
      hint: "Ask whoever invited you for another one.",
    });
  await db.updateTable("invitations").set({ used_at: now }).where("id", "=", row.id).execute();
  return row;
}

/** Lets an account into the project of its invitation: raters as members, others as staff. */
export async function enterProject(
  { db, now, audit }: Write,
  account: Pick<Tables["accounts"], "id" | "rater_id" | "role">,
  { project_id, role, group_name, id }: Tables["invitations"],
): Promise<void> {
  if (project_id === null) return;
  const actor = `${account.role}:${account.id}`;
  const state = await db
    .selectFrom("projects")
    .select("state")
    .where("id", "=", project_id)
    .executeTakeFirst();
  if (state === undefined || state.state === "deleted")
    throw new RequestError(410, "The project of this invitation is gone.", { field: "token" });
  if (role === "rater") {
    await admit({ db, now }, { project_id, rater_id: account.rater_id, group_name });
    audit(actor, "member.joined", account.rater_id, {
      project: project_id,
      group: group_name,
      invitation: id,
    });
    return;
  }
  await db
    .insertInto("staff")
    .values({ project_id, account_id: account.id, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  audit(actor, "staff.joined", account.id, { project: project_id, invitation: id });
}
