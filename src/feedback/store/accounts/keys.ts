/** API keys of accounts. The store keeps a key's hash, and its first characters so that people can tell keys apart. */
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { newId } from "../ids.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import type { Identity, Role, Scope } from "./identity.js";
import { withdrawFallen } from "./invitations.js";

/** Most keys of one account. */
const MAX_KEYS = 50;

interface NewKey {
  name: string;
  /** SHA-256 of the key, in hexadecimal. */
  hash: string;
  /** The key's first characters. */
  prefix: string;
  scopes: readonly Scope[];
  /** Lifetime; without it the key is valid until it is revoked. */
  milliseconds?: number;
}

export interface Key {
  id: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  createdAt: number;
  expiresAt?: number;
}

/** @throws StoreError conflict: the account already has the most keys allowed. */
export async function addKey(
  store: StoreContext,
  account: string,
  { name, hash, prefix, scopes, milliseconds }: NewKey,
  actor: string,
): Promise<Key> {
  return store.write(async ({ db, now, audit }) => {
    const { n } = await db
      .selectFrom("api_keys")
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .where("account_id", "=", account)
      .executeTakeFirstOrThrow();
    if (n >= MAX_KEYS) throw new StoreError("conflict", `An account has at most ${MAX_KEYS} keys.`);
    const row: Tables["api_keys"] = {
      id: newId("k", now),
      key_hash: hash,
      prefix,
      account_id: account,
      name,
      scopes_json: JSON.stringify([...new Set(scopes)]),
      created_at: now,
      expires_at: milliseconds === undefined ? null : now + milliseconds,
    };
    await db.insertInto("api_keys").values(row).execute();
    audit(actor, "key.made", row.id, { scopes, expiresAt: row.expires_at });
    return toKey(row);
  });
}

/** Keys of an account in order of creation. */
export async function listKeys({ db }: { db: Queries }, account: string): Promise<Key[]> {
  const rows = await db
    .selectFrom("api_keys")
    .selectAll()
    .where("account_id", "=", account)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(toKey);
}

/** Finds a key by its hash, expired or not. @returns undefined if there is none, or if its account is disabled. */
export async function keyOfHash(
  { db }: { db: Queries },
  hash: string,
): Promise<{ key: Key; account: Identity } | undefined> {
  const row = await db
    .selectFrom("api_keys")
    .innerJoin("accounts", "accounts.id", "api_keys.account_id")
    .selectAll("api_keys")
    .select(["accounts.rater_id", "accounts.role"])
    .where("api_keys.key_hash", "=", hash)
    .where("accounts.state", "=", "active")
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return { key: toKey(row), account: { id: row.account_id, rater: row.rater_id, role: row.role as Role } };
}

/** Revokes a key and withdraws the unused invitations that it made. @throws StoreError missing: not the account's. */
export async function revokeKey(
  store: StoreContext,
  account: string,
  key: string,
  actor: string,
): Promise<void> {
  return store.write(async (write) => {
    const { db, audit } = write;
    const gone = await db
      .deleteFrom("api_keys")
      .where("id", "=", key)
      .where("account_id", "=", account)
      .executeTakeFirst();
    if (gone.numDeletedRows === 0n) throw new StoreError("missing", `There is no key ${key}.`);
    audit(actor, "key.revoked", key);
    await withdrawFallen(write, actor);
  });
}

function toKey({ id, name, prefix, scopes_json, created_at, expires_at }: Tables["api_keys"]): Key {
  return {
    id,
    name,
    prefix,
    scopes: JSON.parse(scopes_json) as Scope[],
    createdAt: created_at,
    ...(expires_at !== null && { expiresAt: expires_at }),
  };
}
