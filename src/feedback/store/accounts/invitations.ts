/** Invitations: secrets that create one account each and expire. The store keeps only their hashes. */

import type { Write } from "../audit/writer.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { newId } from "../ids.js";
import { putMember } from "../projects/members.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import type { Identity, Role } from "./identity.js";
import { putStaff } from "./staff.js";

export interface NewInvitation {
  role: Role;
  /** Id of the project that the new account will work in. */
  project?: string;
  group?: string;
  /** Hours until it expires. */
  hours: number;
}

export interface Invitation {
  id: string;
  role: Role;
  project?: string;
  group?: string;
  createdAt: number;
  expiresAt: number;
  usedAt?: number;
}

/** @param tokenHash SHA-256 of the invitation's secret, in hexadecimal. */
export async function addInvitation(
  { db, now, audit }: Write,
  { role, project, group, hours }: NewInvitation,
  tokenHash: string,
  actor: string,
): Promise<Invitation> {
  const row: Tables["invitations"] = {
    id: newId("n", now),
    token_hash: tokenHash,
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
  return toInvitation(row);
}

/** Invitations to a project, newest first, including used ones. */
export async function listInvitations({ db }: { db: Queries }, project: string): Promise<Invitation[]> {
  const rows = await db
    .selectFrom("invitations")
    .selectAll()
    .where("project_id", "=", project)
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
  return rows.map(toInvitation);
}

/** @throws StoreError missing: the project has no such invitation, or it was already used. */
export async function withdrawInvitation(
  store: StoreContext,
  project: string,
  invitation: string,
  actor: string,
): Promise<void> {
  return store.write(async ({ db, audit }) => {
    const gone = await db
      .deleteFrom("invitations")
      .where("id", "=", invitation)
      .where("project_id", "=", project)
      .where("used_at", "is", null)
      .executeTakeFirst();
    if (gone.numDeletedRows === 0n)
      throw new StoreError("missing", `There is no unused invitation ${invitation}.`);
    audit(actor, "invitation.withdrawn", invitation);
  });
}

/** Withdraws the unused invitations that an actor made. The audit log does not record the withdrawal. */
export async function withdrawInvitationsOf({ db }: Write, actor: string): Promise<void> {
  await db.deleteFrom("invitations").where("created_by", "=", actor).where("used_at", "is", null).execute();
}

/**
 * Uses up an invitation.
 *
 * @throws StoreError expired: it is unknown, used, withdrawn or too old; the message does not say which.
 */
export async function useInvitation({ db, now }: Write, tokenHash: string): Promise<Invitation> {
  const row = await db
    .selectFrom("invitations")
    .selectAll()
    .where("token_hash", "=", tokenHash)
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  if (row === undefined)
    throw new StoreError(
      "expired",
      "This invitation is no longer valid.",
      "Ask the person who invited you for a new one.",
      "token",
    );
  await db.updateTable("invitations").set({ used_at: now }).where("id", "=", row.id).execute();
  return toInvitation(row);
}

/**
 * Adds an account to the project that its invitation names, if any: raters as members, other roles as staff.
 *
 * @throws StoreError expired: the project was deleted.
 */
export async function enterProject(write: Write, account: Identity, invitation: Invitation): Promise<void> {
  const { id, role, project } = invitation;
  if (project === undefined) return;
  const { db, audit } = write;
  const actor = `${account.role}:${account.id}`;
  const row = await db.selectFrom("projects").select("state").where("id", "=", project).executeTakeFirst();
  if (row === undefined || row.state === "deleted")
    throw new StoreError("expired", "The project of this invitation was deleted.", undefined, "token");
  if (role === "rater") {
    const group = invitation.group ?? null;
    await putMember(write, { project, rater: account.rater, group });
    audit(actor, "member.joined", account.rater, { project, group, invitation: id });
    return;
  }
  await putStaff(write, project, account.id);
  audit(actor, "staff.joined", account.id, { project, invitation: id });
}

function toInvitation(row: Tables["invitations"]): Invitation {
  return {
    id: row.id,
    role: row.role as Role,
    ...(row.project_id !== null && { project: row.project_id }),
    ...(row.group_name !== null && { group: row.group_name }),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.used_at !== null && { usedAt: row.used_at }),
  };
}
