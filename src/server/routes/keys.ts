import { newId } from "../../feedback/store/ids.js";
import type { Tables } from "../../feedback/store/tables.js";
import { newSecret, PREFIX_LENGTH, secretHash } from "../accounts/secrets.js";
import { accounts as contract, type Scope } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";

/** API keys of one account. */
const MOST_KEYS = 50;
const DAY = 86_400_000;

export const keyRoutes = [
  endpoint(contract.createKey, async ({ body: { name, scopes, days } }, { store, principal }) => {
    const key = newSecret("key");
    const row = await store.write(async ({ db, now, audit }) => {
      const { n } = await db
        .selectFrom("api_keys")
        .select((eb) => eb.fn.countAll<number>().as("n"))
        .where("account_id", "=", principal.account)
        .executeTakeFirstOrThrow();
      if (n >= MOST_KEYS) throw new RequestError(409, `An account has at most ${MOST_KEYS} keys.`);
      const made: Tables["api_keys"] = {
        id: newId("k", now),
        key_hash: secretHash(key),
        prefix: key.slice(0, PREFIX_LENGTH),
        account_id: principal.account,
        name,
        scopes_json: JSON.stringify([...new Set(scopes)]),
        created_at: now,
        expires_at: days === undefined ? null : now + days * DAY,
      };
      await db.insertInto("api_keys").values(made).execute();
      audit(principal.actor, "key.made", made.id, { scopes, expiresAt: made.expires_at });
      return made;
    });
    return { ...shown(row), key };
  }),
  endpoint(contract.listKeys, async (_request, { store, principal }) => {
    const rows = await store.db
      .selectFrom("api_keys")
      .selectAll()
      .where("account_id", "=", principal.account)
      .orderBy("created_at")
      .orderBy("id")
      .execute();
    return { keys: rows.map(shown) };
  }),
  endpoint(contract.revokeKey, async ({ params: { key } }, { store, principal, principals }) => {
    await store.write(async ({ db, audit }) => {
      const gone = await db
        .deleteFrom("api_keys")
        .where("id", "=", key)
        .where("account_id", "=", principal.account)
        .executeTakeFirst();
      if (gone.numDeletedRows === 0n) throw new RequestError(404, `There is no key ${key}.`);
      audit(principal.actor, "key.revoked", key);
    });
    principals.forget();
    return undefined;
  }),
];

function shown({ id, name, prefix, scopes_json, created_at, expires_at }: Tables["api_keys"]) {
  return {
    ...{ id, name, prefix, createdAt: created_at },
    scopes: JSON.parse(scopes_json) as Scope[],
    ...(expires_at !== null && { expiresAt: expires_at }),
  };
}
