import {
  accountOfRater,
  beginOneTimeCodes,
  changeAccount,
  changePassword,
  checkOtherAdmin,
  confirmOneTimeCodes,
  endOneTimeCodes,
  findAccount,
  listAccounts,
} from "../../feedback/store/accounts/index.js";
import { deletePersonalData } from "../../feedback/store/index.js";
import { codeUri, newCodeSecret, stepOfCode } from "../accounts/one-time-codes.js";
import { shownAccount } from "../accounts/shown-account.js";
import { accounts as contract } from "../contract/index.js";
import { type Call, endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";

export const accountRoutes = [
  endpoint(contract.changePassword, async ({ body: { current, next } }, call) => {
    const { store, principal, principals, passwords } = call;
    await checkPassword(call, current, "current");
    const passwordHash = await passwords.hash(next);
    const { account, actor, session } = principal;
    await changePassword(store, account, { passwordHash, keep: session?.id }, actor);
    principals.forget();
    return undefined;
  }),
  endpoint(contract.beginOneTimeCodes, async ({ body: { password } }, call) => {
    const { store, principal } = call;
    const { login } = await checkPassword(call, password, "password");
    const secret = newCodeSecret();
    await beginOneTimeCodes(store, principal.account, secret);
    return { secret, uri: codeUri(secret, login) };
  }),
  endpoint(contract.confirmOneTimeCodes, async ({ body: { code } }, call) => {
    const { store, principal, throttle, address } = call;
    throttle.check(principal.account, address);
    await store.write(async (write) => {
      const { codes } = await findAccount(write, principal.account);
      if (codes === undefined || codes.confirmed)
        throw new RequestError(409, "No one-time codes wait to be confirmed.");
      const step = stepOfCode(codes.secret, code, write.now, codes.lastStep);
      if (step === undefined) {
        throttle.failed(principal.account, address);
        throw new RequestError(422, "This code is wrong or has expired.", { field: "code" });
      }
      await confirmOneTimeCodes(write, principal.account, step, principal.actor);
    });
    return undefined;
  }),
  endpoint(contract.endOneTimeCodes, async ({ body: { password } }, call) => {
    const { store, principal } = call;
    await checkPassword(call, password, "password");
    await endOneTimeCodes(store, principal.account, principal.actor);
    return undefined;
  }),
  endpoint(contract.listAccounts, async (_request, { store }) => ({
    accounts: (await listAccounts(store)).map(shownAccount),
  })),
  endpoint(contract.changeAccount, async ({ params, body }, { store, principal, principals }) => {
    const account = await changeAccount(store, params.account, body, principal.actor);
    principals.forget();
    return shownAccount(account);
  }),
  endpoint(contract.forgetRater, async ({ params: { rater } }, { store, principal, principals }) => {
    const own = await accountOfRater(store, rater);
    if (own?.role === "admin") await checkOtherAdmin(store, own.id);
    await deletePersonalData(store, rater, principal.actor);
    principals.forget();
    return undefined;
  }),
];

/** @throws RequestError 403 for a wrong password, and 429 after several of them. */
async function checkPassword(
  { store, principal, passwords, throttle, address }: Call,
  password: string,
  field: string,
) {
  const account = await findAccount(store, principal.account);
  throttle.check(account.login, address, principal.session?.id);
  if (await passwords.fits(password, account.passwordHash)) return account;
  throttle.failed(account.login, address, principal.session?.id);
  throw new RequestError(403, "The password is wrong.", { field });
}
