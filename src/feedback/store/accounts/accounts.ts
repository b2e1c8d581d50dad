/**
 * Accounts. An account belongs to one person who signs in; it has a role, and a pseudonym under which its votes are
 * stored.
 */

import type { Write } from "../audit/writer.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { newId } from "../ids.js";
import { releaseOfRater } from "../items/held-leases.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import type { Identity, Role } from "./identity.js";
import { withdrawFallen } from "./invitations.js";
import { endSessions } from "./sessions.js";
import { leaveStaff } from "./staff-membership.js";

export interface NewAccount {
  login: string;
  passwordHash: string;
  role: Role;
  name?: string;
  languages: readonly string[];
}

export interface Account extends Identity {
  /** Name to sign in with, in lower case. */
  login: string;
  /** Argon2id, in PHC's string format. */
  passwordHash: string;
  state: "active" | "disabled";
  /** One-time codes (RFC 6238); present once the account has asked for them. */
  codes?: {
    /** The secret, in base 32. */
    secret: string;
    /** False until a first correct code was entered; until then signing in asks for no code. */
    confirmed: boolean;
    /** Time step of the last code that was used. */
    lastStep: number;
  };
  createdAt: number;
}

interface AccountChange {
  role?: Role;
  state?: Account["state"];
  /** Switches one-time codes off; an admin cannot switch them on. */
  oneTimeCodes?: false;
}

/** Adds an account together with its rater and its person. @throws StoreError conflict: the login is taken. */
export async function addAccount({ db, now, audit }: Write, account: NewAccount): Promise<Account> {
  const { login, passwordHash, role, name = null } = account;
  if ((await accountOfLogin({ db }, login)) !== undefined)
    throw new StoreError("conflict", "This login name is taken.", undefined, "login");
  const row: Tables["accounts"] = {
    id: newId("u", now),
    rater_id: newId("r", now),
    login,
    role,
    password_hash: passwordHash,
    state: "active",
    totp_secret: null,
    totp_confirmed: 0,
    totp_step: 0,
    created_at: now,
  };
  const actor = `${role}:${row.id}`;
  const languages = account.languages.map((language) => language.toLowerCase());
  await db
    .insertInto("raters")
    .values({
      id: row.rater_id,
      languages_json: JSON.stringify(languages),
      state: "active",
      created_at: now,
    })
    .execute();
  audit(actor, "rater.added", row.rater_id, { languages });
  await db
    .insertInto("people")
    .values({ rater_id: row.rater_id, name, email: null, notes: null, created_at: now })
    .execute();
  await db.insertInto("accounts").values(row).execute();
  audit(actor, "account.added", row.id, { role, rater: row.rater_id });
  return toAccount(row);
}

/** @throws StoreError missing */
export async function findAccount({ db }: { db: Queries }, id: string): Promise<Account> {
  const row = await db.selectFrom("accounts").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new StoreError("missing", `There is no account ${id}.`);
  return toAccount(row);
}

/** @param login in lower case. @returns undefined if no account has that login. */
export async function accountOfLogin({ db }: { db: Queries }, login: string): Promise<Account | undefined> {
  const row = await db.selectFrom("accounts").selectAll().where("login", "=", login).executeTakeFirst();
  return row && toAccount(row);
}

/** @returns undefined for a rater without an account, such as one that a program added. */
export async function accountOfRater({ db }: { db: Queries }, rater: string): Promise<Account | undefined> {
  const row = await db.selectFrom("accounts").selectAll().where("rater_id", "=", rater).executeTakeFirst();
  return row && toAccount(row);
}

/** All accounts in order of creation. */
export async function listAccounts({ db }: { db: Queries }): Promise<Account[]> {
  const rows = await db.selectFrom("accounts").selectAll().orderBy("created_at").orderBy("id").execute();
  return rows.map(toAccount);
}

/** Whether at least one admin account is active. @param except id of an account to leave out. */
export async function anyAdmin({ db }: { db: Queries }, except?: string): Promise<boolean> {
  const admin = await db
    .selectFrom("accounts")
    .select("id")
    .where("role", "=", "admin")
    .where("state", "=", "active")
    .$if(except !== undefined, (query) => query.where("id", "!=", except as string))
    .limit(1)
    .executeTakeFirst();
  return admin !== undefined;
}

/** @throws StoreError conflict: no other active account is an admin. */
export async function checkOtherAdmin(reading: { db: Queries }, account: string): Promise<void> {
  if (!(await anyAdmin(reading, account)))
    throw new StoreError("conflict", "This is the last admin.", "Make someone else an admin first.");
}

/**
 * Changes an account and ends its sessions. A rater is on no project's staff; who is shut out holds no items;
 * invitations that the account may not make any more are withdrawn.
 *
 * @throws StoreError missing; conflict: it is the last active admin.
 */
export async function changeAccount(
  store: StoreContext,
  id: string,
  change: AccountChange,
  actor: string,
): Promise<Account> {
  return store.write(async (write) => {
    const { db, audit } = write;
    const { codes, ...before } = await findAccount(write, id);
    const keepsCodes = change.oneTimeCodes !== false;
    const after: Account = {
      ...before,
      ...(change.role && { role: change.role }),
      ...(change.state && { state: change.state }),
      ...(keepsCodes && codes && { codes }),
    };
    if (after.role !== "admin" || after.state !== "active") await checkOtherAdmin(write, id);
    await db
      .updateTable("accounts")
      .set({ role: after.role, state: after.state })
      .$if(!keepsCodes, (query) => query.set({ totp_secret: null, totp_confirmed: 0 }))
      .where("id", "=", id)
      .execute();
    await endSessions(write, id);
    audit(actor, "account.changed", id, change);
    if (after.role === "rater") await leaveStaff(write, id, actor);
    if (after.state === "disabled") await releaseOfRater(write, after.rater);
    await withdrawFallen(write, actor);
    return after;
  });
}

/**
 * Changes an account's password and ends its sessions.
 *
 * @param keep id of a session that stays open. @param revokeKeys whether the account's API keys end as well, with the
 * unused invitations that they made.
 */
export async function changePassword(
  store: StoreContext,
  id: string,
  { passwordHash, keep, revokeKeys }: { passwordHash: string; keep?: string; revokeKeys: boolean },
  actor: string,
): Promise<void> {
  return store.write(async (write) => {
    await write.db
      .updateTable("accounts")
      .set({ password_hash: passwordHash })
      .where("id", "=", id)
      .execute();
    await endSessions(write, id, keep);
    write.audit(actor, "account.password", id);
    if (revokeKeys) await revokeKeysOf(write, id, actor);
  });
}

async function revokeKeysOf(write: Write, account: string, actor: string): Promise<void> {
  const { db, audit } = write;
  const keys = await db.selectFrom("api_keys").select("id").where("account_id", "=", account).execute();
  await db.deleteFrom("api_keys").where("account_id", "=", account).execute();
  for (const { id } of keys) audit(actor, "key.revoked", id);
  await withdrawFallen(write, actor);
}

function toAccount(row: Tables["accounts"]): Account {
  const { id, rater_id, login, password_hash, role, state, created_at } = row;
  return {
    id,
    rater: rater_id,
    login,
    passwordHash: password_hash,
    role: role as Role,
    state: state as Account["state"],
    ...(row.totp_secret !== null && {
      codes: { secret: row.totp_secret, confirmed: row.totp_confirmed === 1, lastStep: row.totp_step },
    }),
    createdAt: created_at,
  };
}
