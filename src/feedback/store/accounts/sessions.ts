/** Sessions of people who are signed in. The store keeps only the hash of a session's token. */

import type { Write } from "../audit/writer.js";
import type { Queries } from "../database/database.js";
import { newId } from "../ids.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import type { Identity, Role } from "./identity.js";

/** Most sessions of one account; opening another ends the least recently used one. */
const MAX_SESSIONS = 20;
/** Characters kept of a browser's name. */
const MAX_CLIENT = 200;

export interface Session {
  id: string;
  /** The browser's name for itself, in printable ASCII. */
  client?: string;
  createdAt: number;
  /** When it was last used, accurate to about a minute. */
  seenAt: number;
  expiresAt: number;
}

/** @param tokenHash SHA-256 of the token, in hexadecimal. @param milliseconds lifetime. */
export async function addSession(
  { db, now, audit }: Write,
  account: Pick<Identity, "id" | "role">,
  { tokenHash, client, milliseconds }: { tokenHash: string; client?: string; milliseconds: number },
): Promise<Session> {
  await db.deleteFrom("sessions").where("expires_at", "<=", now).execute();
  const before = await db
    .selectFrom("sessions")
    .select("id")
    .where("account_id", "=", account.id)
    .orderBy("seen_at", "desc")
    .execute();
  const over = before.slice(MAX_SESSIONS - 1).map(({ id }) => id);
  if (over.length > 0) await db.deleteFrom("sessions").where("id", "in", over).execute();
  const row = {
    id: newId("s", now),
    token_hash: tokenHash,
    account_id: account.id,
    created_at: now,
    seen_at: now,
    expires_at: now + milliseconds,
    client: client === undefined ? null : printableStart(client),
  };
  await db.insertInto("sessions").values(row).execute();
  audit(`${account.role}:${account.id}`, "session.opened", row.id, { account: account.id });
  return toSession(row);
}

/** Unexpired sessions of an account, most recently used first. */
export async function listSessions({ db, clock }: StoreContext, account: string): Promise<Session[]> {
  const rows = await db
    .selectFrom("sessions")
    .select(["id", "client", "created_at", "seen_at", "expires_at"])
    .where("account_id", "=", account)
    .where("expires_at", ">", clock())
    .orderBy("seen_at", "desc")
    .execute();
  return rows.map(toSession);
}

/**
 * Finds a session by its token's hash, expired or not.
 *
 * @returns undefined if there is none, or if its account is disabled.
 */
export async function sessionOfToken(
  { db }: { db: Queries },
  tokenHash: string,
): Promise<{ session: Session; account: Identity } | undefined> {
  const row = await db
    .selectFrom("sessions")
    .innerJoin("accounts", "accounts.id", "sessions.account_id")
    .select(["sessions.id", "sessions.client", "sessions.created_at"])
    .select(["sessions.seen_at", "sessions.expires_at"])
    .select(["accounts.id as account", "accounts.rater_id", "accounts.role"])
    .where("sessions.token_hash", "=", tokenHash)
    .where("accounts.state", "=", "active")
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    session: toSession(row),
    account: { id: row.account, rater: row.rater_id, role: row.role as Role },
  };
}

/** Records when a session was last used; the audit log does not record this. */
export async function noteUse(store: StoreContext, session: string, at: number): Promise<void> {
  return store.write(async ({ db }) => {
    await db.updateTable("sessions").set({ seen_at: at }).where("id", "=", session).execute();
  });
}

/** @throws StoreError missing: the account has no such session. */
export async function endSession(
  store: StoreContext,
  account: string,
  session: string,
  actor: string,
): Promise<void> {
  return store.write(async ({ db, audit }) => {
    const ended = await db
      .deleteFrom("sessions")
      .where("id", "=", session)
      .where("account_id", "=", account)
      .executeTakeFirst();
    if (ended.numDeletedRows === 0n) throw new StoreError("missing", `There is no session ${session}.`);
    audit(actor, "session.ended", session, { account });
  });
}

/** Ends an account's sessions. @param keep id of a session that stays open. */
export async function endSessions({ db }: Write, account: string, keep?: string): Promise<void> {
  await db
    .deleteFrom("sessions")
    .where("account_id", "=", account)
    .$if(keep !== undefined, (query) => query.where("id", "!=", keep as string))
    .execute();
}

function toSession(row: {
  id: string;
  client: string | null;
  created_at: number;
  seen_at: number;
  expires_at: number;
}): Session {
  return {
    id: row.id,
    ...(row.client !== null && { client: row.client }),
    createdAt: row.created_at,
    seenAt: row.seen_at,
    expiresAt: row.expires_at,
  };
}

const printableStart = (text: string) => text.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_CLIENT);
