/** The secret of an account's one-time codes (RFC 6238), and the time step of the code used last. */

import type { Write } from "../audit/writer.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";

/** Stores a new secret; it has no effect until it is confirmed. @throws StoreError conflict: one-time codes are on. */
export async function beginOneTimeCodes(store: StoreContext, account: string, secret: string): Promise<void> {
  return store.write(async ({ db }) => {
    const begun = await db
      .updateTable("accounts")
      .set({ totp_secret: secret, totp_step: 0 })
      .where("id", "=", account)
      .where("totp_confirmed", "=", 0)
      .executeTakeFirst();
    if (begun.numUpdatedRows === 0n)
      throw new StoreError("conflict", "One-time codes are on.", "Switch them off first.");
  });
}

/** Switches codes on: from now on signing in asks for one. @param step time step of the first code, now used up. */
export async function confirmOneTimeCodes(
  { db, audit }: Write,
  account: string,
  step: number,
  actor: string,
): Promise<void> {
  await db
    .updateTable("accounts")
    .set({ totp_confirmed: 1, totp_step: step })
    .where("id", "=", account)
    .execute();
  audit(actor, "account.codes-on", account);
}

export async function endOneTimeCodes(store: StoreContext, account: string, actor: string): Promise<void> {
  return store.write(async ({ db, audit }) => {
    await db
      .updateTable("accounts")
      .set({ totp_secret: null, totp_confirmed: 0 })
      .where("id", "=", account)
      .execute();
    audit(actor, "account.codes-off", account);
  });
}

/**
 * Uses up the code of a time step and all earlier ones.
 *
 * @returns false if it was already used up, so of two requests with the same code only the first succeeds.
 */
export async function useOneTimeCode(store: StoreContext, account: string, step: number): Promise<boolean> {
  return store.write(async ({ db }) => {
    const used = await db
      .updateTable("accounts")
      .set({ totp_step: step })
      .where("id", "=", account)
      .where("totp_step", "<", step)
      .executeTakeFirst();
    return used.numUpdatedRows === 1n;
  });
}
