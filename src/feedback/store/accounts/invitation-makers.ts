/**
 * Whether those who made invitations may still make them. An invitation is worth what its maker may do at the moment when
 * it is accepted: who was demoted, shut out, deleted or taken off the staff, and a key that was revoked, leaves none
 * behind.
 */
import type { Queries } from "../database/database.js";
import { among } from "../database/sets.js";
import type { Tables } from "../database/tables.js";

/** The actor of invitations that the server makes itself, such as the first admin's. */
const SYSTEM = "system";

type Made = Pick<Tables["invitations"], "id" | "project_id" | "created_by">;

/** Ids of those invitations whose makers may make them now. */
export async function standingInvitations(
  db: Queries,
  invitations: readonly Made[],
  now: number,
): Promise<Set<string>> {
  const makers = [...new Set(invitations.map(({ created_by }) => idOf(created_by)))];
  const keys = await db
    .selectFrom("api_keys")
    .select(["id", "account_id"])
    .where(among(db, "id", makers))
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", now)]))
    .execute();
  const owner = new Map(keys.map(({ id, account_id }) => [id, account_id]));
  const accounts = await db
    .selectFrom("accounts")
    .select(["id", "role"])
    .where(among(db, "id", [...makers, ...owner.values()]))
    .where("state", "=", "active")
    .execute();
  const role = new Map(accounts.map(({ id, role }) => [id, role]));
  const staff = await db
    .selectFrom("staff")
    .select(["project_id", "account_id"])
    .where(among(db, "account_id", [...role.keys()]))
    .execute();
  const works = new Set(staff.map(({ project_id, account_id }) => `${project_id} ${account_id}`));
  const may = ({ project_id, created_by }: Made): boolean => {
    if (created_by === SYSTEM) return true;
    const maker = idOf(created_by);
    const account = owner.get(maker) ?? maker;
    if (role.get(account) === "admin") return true;
    return role.get(account) === "lead" && project_id !== null && works.has(`${project_id} ${account}`);
  };
  return new Set(invitations.filter(may).map(({ id }) => id));
}

/** When the key that acts runs out, in Unix milliseconds; Infinity for keys without an end and for people. */
export async function keyEnd(db: Queries, actor: string): Promise<number> {
  const row = await db
    .selectFrom("api_keys")
    .select("expires_at")
    .where("id", "=", idOf(actor))
    .executeTakeFirst();
  return row?.expires_at ?? Infinity;
}

/** How the person who made an invitation is called: by name, else by login. Undefined for programs and the server. */
export async function makerName({ db }: { db: Queries }, createdBy: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("accounts")
    .leftJoin("people", "people.rater_id", "accounts.rater_id")
    .select(["accounts.login", "people.name"])
    .where("accounts.id", "=", idOf(createdBy))
    .executeTakeFirst();
  return row && (row.name ?? row.login);
}

/** The id of an actor, written `<role>:<account>` or `key:<key>`. */
const idOf = (actor: string) => actor.slice(actor.indexOf(":") + 1);
