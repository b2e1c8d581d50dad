import type { z } from "zod";
import type { Account as StoredAccount } from "../../feedback/store/accounts/index.js";
import type { Account } from "../contract/accounts.js";

/** An account as it may be shown: without hash and secret. */
export function shownAccount(account: StoredAccount): z.output<typeof Account> {
  const { id, rater, login, role, state, codes, createdAt } = account;
  return { id, rater, login, role, state, oneTimeCodes: codes?.confirmed ?? false, createdAt };
}
