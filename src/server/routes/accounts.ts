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
import { checkPasswordChoice } from "../accounts/weak-passwords.js";
import { accounts as contract } from "../contract/index.js";
import { type Call, endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";
import { rememberDevice } from "./sign-in.js";

export const accountRoutes = [
  endpoint(contract.changePassword, async ({ body: { current, next, revokeKeys } }, call) => {
    const { store, principal, principals, passwords } = call;
    const { login } = await checkPassword(call, current, "current");
    checkPasswordChoice(next, { login, field: "next" });
    const passwordHash = await passwords.hash(next);
    const { account, actor, session } = principal;
    await changePassword(store, account, { passwordHash, keep: session?.id, revokeKeys }, actor);
    principals.forget();
    rememberDevice(call.http, call, passwordHash);
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
    const { store, principal, throttle } = call;
    const trier = sessionTrier(call, "code");
    await throttle.begin(trier);
    await store.write(async (write) => {
      const { codes } = await findAccount(write, principal.account);
      if (codes === undefined || codes.confirmed)
        throw new RequestError(409, "No one-time codes wait to be confirmed.");
      const step = stepOfCode(codes.secret, code, write.now, codes.lastStep);
      if (step === undefined)
        throw new RequestError(422, "This code is wrong or has expired.", { field: "code" });
      await confirmOneTimeCodes(write, principal.account, step, principal.actor);
    });
    throttle.succeeded(trier);
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

/** Tries within a session are counted apart from those to sign in: a stolen session does not lock its owner out. */
const sessionTrier = ({ principal, address }: Call, what: "password" | "code") => ({
  login: `${what} of ${principal.account}`,
  address,
  device: { id: `${what} of ${principal.session?.id ?? principal.account}`, keptIn: "cookie" as const },
});

/** @throws RequestError 403 for a wrong password, and 429 after several of them. */
async function checkPassword(call: Call, password: string, field: string) {
  const { store, principal, passwords, throttle } = call;
  const account = await findAccount(store, principal.account);
  const trier = sessionTrier(call, "password");
  await throttle.begin(trier);
  if (!(await passwords.fits(password, account.passwordHash)))
    throw new RequestError(403, "The password is wrong.", { field });
  throttle.succeeded(trier);
  return account;
}
