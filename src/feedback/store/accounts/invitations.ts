/**
 * Invitations: secrets that create one account each and expire, at the latest with the right of whoever made them. The
 * store keeps only their hashes.
 */

import type { Write } from "../audit/writer.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { newId } from "../ids.js";
import { releaseForeign } from "../items/held-leases.js";
import { departureOf } from "../projects/departures.js";
import { putMember } from "../projects/members.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import type { Identity, Role } from "./identity.js";
import { keyEnd, standingInvitations } from "./invitation-makers.js";
import { putStaff } from "./staff-membership.js";

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
  /** Who made it, as the audit log names them. */
  createdBy: string;
  createdAt: number;
  expiresAt: number;
  usedAt?: number;
}

/**
 * Makes an invitation. One that a key makes ends with the key at the latest.
 *
 * @param tokenHash SHA-256 of the invitation's secret, in hexadecimal.
 */
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
    expires_at: Math.min(now + hours * 3_600_000, await keyEnd(db, actor)),
    used_at: null,
  };
  await db.insertInto("invitations").values(row).execute();
  audit(actor, "invitation.made", row.id, { role, project, group, expiresAt: row.expires_at });
  return toInvitation(row);
}

/**
 * Invitations, newest first, including used ones; of the unused ones only those that can still be accepted or have run
 * out. @param project only those to this project.
 */
export async function listInvitations({ db, clock }: StoreContext, project?: string): Promise<Invitation[]> {
  const rows = await db
    .selectFrom("invitations")
    .selectAll()
    .$if(project !== undefined, (query) => query.where("project_id", "=", project as string))
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
  const good = await standingInvitations(db, rows, clock());
  return rows.filter((row) => row.used_at !== null || good.has(row.id)).map(toInvitation);
}

/** @param project only if it is an invitation to this project. @throws StoreError missing: unknown, or used already. */
export async function withdrawInvitation(
  store: StoreContext,
  invitation: string,
  actor: string,
  project?: string,
): Promise<void> {
  return store.write(async ({ db, audit }) => {
    const gone = await db
      .deleteFrom("invitations")
      .where("id", "=", invitation)
      .$if(project !== undefined, (query) => query.where("project_id", "=", project as string))
      .where("used_at", "is", null)
      .executeTakeFirst();
    if (gone.numDeletedRows === 0n)
      throw new StoreError("missing", `There is no unused invitation ${invitation}.`);
    audit(actor, "invitation.withdrawn", invitation);
  });
}

/** Withdraws the unused invitations that an actor made. */
export async function withdrawInvitationsOf(write: Write, actor: string): Promise<void> {
  const rows = await write.db
    .selectFrom("invitations")
    .select("id")
    .where("created_by", "=", actor)
    .where("used_at", "is", null)
    .execute();
  await withdrawAll(write, rows, actor);
}

/**
 * Withdraws the unused invitations whose makers may not make them any more. To be called in every write that takes a
 * right away, so that none of them comes back with the right.
 */
export async function withdrawFallen(write: Write, actor: string): Promise<void> {
  const { db, now } = write;
  const rows = await db.selectFrom("invitations").selectAll().where("used_at", "is", null).execute();
  const good = await standingInvitations(db, rows, now);
  await withdrawAll(
    write,
    rows.filter(({ id }) => !good.has(id)),
    actor,
  );
}

/** Withdraws all invitations that nobody used yet. @returns how many. */
export async function withdrawUnused(write: Write, actor: string): Promise<number> {
  const rows = await write.db.selectFrom("invitations").select("id").where("used_at", "is", null).execute();
  await withdrawAll(write, rows, actor);
  return rows.length;
}

async function withdrawAll(
  { db, audit }: Write,
  rows: readonly { id: string }[],
  actor: string,
): Promise<void> {
  for (const { id } of rows) {
    await db.deleteFrom("invitations").where("id", "=", id).execute();
    audit(actor, "invitation.withdrawn", id);
  }
}

/** An unused invitation that can be accepted now. @throws StoreError expired, as `useInvitation` does. */
export async function findInvitation(
  { db, now }: Pick<Write, "now"> & { db: Queries },
  tokenHash: string,
): Promise<Invitation> {
  const row = await db
    .selectFrom("invitations")
    .selectAll()
    .where("token_hash", "=", tokenHash)
    .where("used_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  if (row === undefined || !(await standingInvitations(db, [row], now)).has(row.id)) throw notValid();
  return toInvitation(row);
}

/**
 * Uses up an invitation.
 *
 * @throws StoreError expired: it is unknown, used, withdrawn or too old, or its maker may not invite any more; the
 * message does not say which.
 */
export async function useInvitation(write: Write, tokenHash: string): Promise<Invitation> {
  const invitation = await findInvitation(write, tokenHash);
  await write.db
    .updateTable("invitations")
    .set({ used_at: write.now })
    .where("id", "=", invitation.id)
    .execute();
  return invitation;
}

const notValid = () =>
  new StoreError(
    "expired",
    "This invitation is no longer valid.",
    "Ask the person who invited you for a new one.",
    "token",
  );

/**
 * Adds an account to the project that its invitation names, if any: raters as members, other roles as staff.
 *
 * @throws StoreError expired: the project was deleted; forbidden: the person was removed from the project after the
 * invitation was made.
 */
export async function enterProject(write: Write, account: Identity, invitation: Invitation): Promise<void> {
  const { id, role, project } = invitation;
  if (project === undefined) return;
  const { db, audit } = write;
  const actor = `${account.role}:${account.id}`;
  const row = await db.selectFrom("projects").select("state").where("id", "=", project).executeTakeFirst();
  if (row === undefined || row.state === "deleted")
    throw new StoreError("expired", "The project of this invitation was deleted.", undefined, "token");
  const removed = await departureOf(db, project, account.rater);
  if (removed !== undefined && invitation.createdAt <= removed)
    throw new StoreError(
      "forbidden",
      "You were removed from this project after the invitation was made.",
      "Ask a lead of the project for a new one.",
      "token",
    );
  if (role === "rater") {
    const group = invitation.group ?? null;
    await putMember(write, { project, rater: account.rater, group });
    await releaseForeign(write, { project, rater: account.rater, group });
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
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.used_at !== null && { usedAt: row.used_at }),
  };
}
