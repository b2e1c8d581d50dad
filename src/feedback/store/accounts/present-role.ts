import type { Queries } from "../database/database.js";
import type { Role } from "./identity.js";

/**
 * The role that an account has now, if the session or the key that a request came with still stands and the account is
 * active; undefined otherwise. Writes ask it within their transaction, where nothing can change before they are done.
 */
export async function presentRole(
  db: Queries,
  by: { session: string } | { key: string },
  now: number,
): Promise<Role | undefined> {
  const row = await ("session" in by
    ? db
        .selectFrom("sessions")
        .innerJoin("accounts", "accounts.id", "sessions.account_id")
        .select("accounts.role")
        .where("sessions.id", "=", by.session)
        .where("sessions.expires_at", ">", now)
        .where("accounts.state", "=", "active")
        .executeTakeFirst()
    : db
        .selectFrom("api_keys")
        .innerJoin("accounts", "accounts.id", "api_keys.account_id")
        .select("accounts.role")
        .where("api_keys.id", "=", by.key)
        .where((eb) => eb.or([eb("api_keys.expires_at", "is", null), eb("api_keys.expires_at", ">", now)]))
        .where("accounts.state", "=", "active")
        .executeTakeFirst());
  return row?.role as Role | undefined;
}
