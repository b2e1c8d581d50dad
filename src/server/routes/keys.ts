import { addKey, listKeys, revokeKey } from "../../feedback/store/accounts/index.js";
import { newSecret, PREFIX_LENGTH, secretHash } from "../accounts/secrets.js";
import { accounts as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";

const DAY = 86_400_000;

/** API keys of one account. */
export const keyRoutes = [
  endpoint(contract.createKey, async ({ body: { name, scopes, days } }, { store, principal }) => {
    const key = newSecret("key");
    const fresh = {
      name,
      hash: secretHash(key),
      prefix: key.slice(0, PREFIX_LENGTH),
      scopes,
      ...(days !== undefined && { milliseconds: days * DAY }),
    };
    return { ...(await addKey(store, principal.account, fresh, principal.actor)), key };
  }),
  endpoint(contract.listKeys, async (_request, { store, principal }) => ({
    keys: await listKeys(store, principal.account),
  })),
  endpoint(contract.revokeKey, async ({ params: { key } }, { store, principal, principals }) => {
    await revokeKey(store, principal.account, key, principal.actor);
    principals.forget();
    return undefined;
  }),
];
