/** Accounts: a person who signs in, with a role, and a pseudonym under which its votes are kept. */
import type { z } from "zod";
import type { Queries } from "../../feedback/store/database.js";
import { newId } from "../../feedback/store/ids.js";
import type { Store, Write } from "../../feedback/store/index.js";
import type { Tables } from "../../feedback/store/tables.js";
import type { Account } from "../contract/accounts.js";
import type { Role } from "../contract/index.js";
import { RequestError } from "../http/request-error.js";

type AccountRow = Tables["accounts"];

export interface NewAccount {
  login: string;
  passwordHash: string;
  role: Role;
  name?: string;
  languages: readonly string[];
}

/** Adds an account, with the rater and the person behind it. @throws RequestError 409: the login is taken. */
export async function addAccount({ db, now, audit }: Write, account: NewAccount): Promise<AccountRow> {
  const { login, passwordHash, role, name = null } = account;
  const taken = await db.selectFrom("accounts").select("id").where("login", "=", login).executeTakeFirst();
  if (taken) throw new RequestError(409, "This name to sign in with is taken.", { field: "login" });
  const row: AccountRow = {
    id: newId("u", now),
    rater_id: newId("r", now),
    ...{ login, role, password_hash: passwordHash, state: "active", created_at: now },
    ...{ totp_secret: null, totp_confirmed: 0, totp_step: 0 },
  };
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
  audit(`${role}:${row.id}`, "rater.added", row.rater_id, { languages });
  await db
    .insertInto("people")
    .values({ rater_id: row.rater_id, name, email: null, notes: null, created_at: now })
    .execute();
  await db.insertInto("accounts").values(row).execute();
  audit(`${role}:${row.id}`, "account.added", row.id, { role, rater: row.rater_id });
  return row;
}

/** @throws RequestError 404 */
export async function findAccount(db: Queries, id: string): Promise<AccountRow> {
  const row = await db.selectFrom("accounts").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new RequestError(404, `There is no account ${id}.`);
  return row;
}

export async function anyAdmin(db: Queries, except?: string): Promise<boolean> {
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

/** Changes fields of an account and ends its sessions, but for one. */
export async function changeAccount(
  { db, audit }: Write,
  id: string,
  change: Partial<AccountRow>,
  { actor, action, details, keep }: { actor: string; action: string; details?: object; keep?: string },
): Promise<void> {
  await db.updateTable("accounts").set(change).where("id", "=", id).execute();
  await db
    .deleteFrom("sessions")
    .where("account_id", "=", id)
    .$if(keep !== undefined, (query) => query.where("id", "!=", keep as string))
    .execute();
  audit(actor, action, id, details);
}

export async function listAccounts({ db }: Store): Promise<AccountRow[]> {
  return db.selectFrom("accounts").selectAll().orderBy("created_at").orderBy("id").execute();
}

/** An account as it may be shown: no hash, no secret. */
export function shownAccount(row: AccountRow): z.output<typeof Account> {
  return {
    id: row.id,
    rater: row.rater_id,
    login: row.login,
    role: row.role as Role,
    state: row.state as "active" | "disabled",
    oneTimeCodes: row.totp_confirmed === 1,
    createdAt: row.created_at,
  };
}
