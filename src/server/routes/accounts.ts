import { deletePersonalData } from "../../feedback/store/index.js";
import { anyAdmin, changeAccount, findAccount, listAccounts, shownAccount } from "../accounts/accounts.js";
import { codeUri, newCodeSecret, stepOfCode } from "../accounts/one-time-codes.js";
import { hashPassword, passwordFits } from "../accounts/passwords.js";
import { accounts as contract } from "../contract/index.js";
import { type Call, endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";

export const accountRoutes = [
  endpoint(contract.changePassword, async ({ body: { current, next } }, call) => {
    const { store, principal, principals } = call;
    await checkPassword(call, current, "current");
    const password_hash = await hashPassword(next);
    const { account, actor, session } = principal;
    await store.write((write) =>
      changeAccount(
        write,
        account,
        { password_hash },
        { actor, action: "account.password", keep: session?.id },
      ),
    );
    principals.forget();
    return undefined;
  }),
  endpoint(contract.beginOneTimeCodes, async ({ body: { password } }, call) => {
    const { store, principal } = call;
    const { login } = await checkPassword(call, password, "password");
    const secret = newCodeSecret();
    await store.write(async ({ db }) => {
      const begun = await db
        .updateTable("accounts")
        .set({ totp_secret: secret, totp_step: 0 })
        .where("id", "=", principal.account)
        .where("totp_confirmed", "=", 0)
        .executeTakeFirst();
      if (begun.numUpdatedRows === 0n)
        throw new RequestError(409, "One-time codes are on.", { hint: "Switch them off first." });
    });
    return { secret, uri: codeUri(secret, login) };
  }),
  endpoint(contract.confirmOneTimeCodes, async ({ body: { code } }, call) => {
    const { store, principal, throttle, address } = call;
    throttle.check(principal.account, address);
    await store.write(async (write) => {
      const row = await findAccount(write.db, principal.account);
      if (row.totp_secret === null || row.totp_confirmed === 1)
        throw new RequestError(409, "There is no secret that waits for its first code.");
      const step = stepOfCode(row.totp_secret, code, write.now, row.totp_step);
      if (step === undefined) {
        throttle.failed(principal.account, address);
        throw new RequestError(422, "This code is not right, or not any more.", { field: "code" });
      }
      await write.db
        .updateTable("accounts")
        .set({ totp_confirmed: 1, totp_step: step })
        .where("id", "=", principal.account)
        .execute();
      write.audit(principal.actor, "account.codes-on", principal.account);
    });
    return undefined;
  }),
  endpoint(contract.endOneTimeCodes, async ({ body: { password } }, call) => {
    const { store, principal } = call;
    await checkPassword(call, password, "password");
    await store.write(async ({ db, audit }) => {
      await db
        .updateTable("accounts")
        .set({ totp_secret: null, totp_confirmed: 0 })
        .where("id", "=", principal.account)
        .execute();
      audit(principal.actor, "account.codes-off", principal.account);
    });
    return undefined;
  }),
  endpoint(contract.listAccounts, async (_request, { store }) => ({
    accounts: (await listAccounts(store)).map(shownAccount),
  })),
  endpoint(contract.changeAccount, async ({ params, body }, { store, principal, principals }) => {
    const { role, state, oneTimeCodes } = body;
    const row = await store.write(async (write) => {
      const before = await findAccount(write.db, params.account);
      const after = {
        ...before,
        ...(role && { role }),
        ...(state && { state }),
        ...(oneTimeCodes === false && { totp_confirmed: 0, totp_secret: null }),
      };
      if ((after.role !== "admin" || after.state !== "active") && !(await anyAdmin(write.db, before.id)))
        throw new RequestError(409, "This is the last admin.", { hint: "Make someone else an admin first." });
      const { actor } = principal;
      await changeAccount(write, before.id, after, { actor, action: "account.changed", details: body });
      return after;
    });
    principals.forget();
    return shownAccount(row);
  }),
  endpoint(contract.forgetRater, async ({ params: { rater } }, { store, principal, principals }) => {
    const own = await store.db
      .selectFrom("accounts")
      .select(["id", "role"])
      .where("rater_id", "=", rater)
      .executeTakeFirst();
    if (own?.role === "admin" && !(await anyAdmin(store.db, own.id)))
      throw new RequestError(409, "This is the last admin.", { hint: "Make someone else an admin first." });
    await deletePersonalData(store, rater, principal.actor);
    principals.forget();
    return undefined;
  }),
];

/** @throws RequestError 403, and slower each time: the account's password is another. */
async function checkPassword({ store, principal, throttle, address }: Call, password: string, field: string) {
  const row = await findAccount(store.db, principal.account);
  throttle.check(row.login, address);
  if (await passwordFits(password, row.password_hash)) return row;
  throttle.failed(row.login, address);
  throw new RequestError(403, "The password is wrong.", { field });
}
