import type { Context } from "hono";
import type { z } from "zod";
import {
  type Account,
  accountOfLogin,
  endSession,
  findAccount,
  listSessions,
  useOneTimeCode,
} from "../../feedback/store/accounts/index.js";
import { unauthorised } from "../accounts/authenticate.js";
import { deviceOf, newDevice } from "../accounts/device.js";
import { stepOfCode } from "../accounts/one-time-codes.js";
import { csrfToken } from "../accounts/secrets.js";
import { type OpenedSession, openSession } from "../accounts/sessions.js";
import { shownAccount } from "../accounts/shown-account.js";
import type { Trier } from "../accounts/throttle.js";
import { accounts as contract } from "../contract/index.js";
import { type Call, endpoint } from "../endpoint.js";
import { deviceCookie, deviceCookieName, readCookie, type Site, sessionCookie } from "../http/origin.js";
import type { Services } from "../services.js";

export const signInRoutes = [
  endpoint(contract.signIn, async ({ body: { login, password, code, device: given } }, call) => {
    const { store, passwords, throttle, limits, address, http } = call;
    const name = login.trim().toLowerCase();
    const account = await accountOfLogin(store, storable(name));
    const trier = { login: name, address, device: knownDevice(call, account, given) };
    // The tries of others at this address do not hold up a device on which the owner signed in before.
    limits.signIn.take(trier.device === undefined ? address : `device ${trier.device.id}`);
    await throttle.begin(trier);
    const fits = await passwords.fits(password, account?.passwordHash);
    if (!fits || account?.state !== "active" || !(await codeFits(call, account, code)))
      throw unauthorised("Name, password or one-time code is wrong.", "");
    throttle.succeeded(trier);
    const session = await store.write(async (write) => {
      // Checking a password takes a while, in which it may have been changed or the account shut out.
      const now = await accountOfLogin(write, account.login);
      if (now?.state !== "active" || now.passwordHash !== account.passwordHash)
        throw unauthorised("Name, password or one-time code is wrong.", "");
      return openSession(write, now, sessionOptions(call));
    });
    return signedIn(http, call, account, session);
  }),
  endpoint(contract.currentSession, async (_request, call) => {
    const { store, principal } = call;
    return {
      account: shownAccount(await findAccount(store, principal.account)),
      csrf: principal.session?.csrf ?? "",
      expiresAt: principal.session?.expiresAt ?? 0,
    };
  }),
  endpoint(contract.signOut, async (_request, { store, principal, principals, http, origin, base }) => {
    const { account, session, actor } = principal;
    await endSession(store, account, session?.id ?? "", actor);
    principals.forget();
    http.header("Set-Cookie", sessionCookie({ origin, base }, "", 0));
    return undefined;
  }),
  endpoint(contract.listSessions, async (_request, { store, principal }) => {
    const sessions = await listSessions(store, principal.account);
    return {
      sessions: sessions.map((session) => ({ ...session, current: session.id === principal.session?.id })),
    };
  }),
  endpoint(contract.endSession, async ({ params: { session } }, { store, principal, principals }) => {
    await endSession(store, principal.account, session, principal.actor);
    principals.forget();
    return undefined;
  }),
];

/** Sets the cookies, and returns what the page needs. */
export function signedIn(
  http: Context,
  services: Services,
  account: Account,
  session: OpenedSession,
): z.output<typeof contract.SignedIn> {
  const seconds = services.settings.limits.sessionHours * 3600;
  http.header("Set-Cookie", sessionCookie(services, session.token, seconds));
  rememberDevice(http, services, account.passwordHash);
  return {
    account: shownAccount(account),
    csrf: csrfToken(session.token),
    expiresAt: session.expiresAt,
    device: newDevice(account.passwordHash, "page", services.store.clock()),
  };
}

/** The device that a request comes from, if the owner of the account signed in there before. */
function knownDevice(call: Call, account: Account | undefined, fromPage?: string): Trier["device"] {
  const [hash, now] = [account?.passwordHash, call.store.clock()];
  const ofCookie = deviceOf(cookieOf(call.http, call), hash, "cookie", now);
  if (ofCookie !== undefined) return { id: ofCookie, keptIn: "cookie" };
  const ofPage = deviceOf(fromPage, hash, "page", now);
  return ofPage === undefined ? undefined : { id: ofPage, keptIn: "page" };
}

/** Makes the device a known one of the account with this password hash, unless it is. */
export function rememberDevice(http: Context, services: Services, passwordHash: string): void {
  const now = services.store.clock();
  if (deviceOf(cookieOf(http, services), passwordHash, "cookie", now) === undefined)
    http.header("Set-Cookie", deviceCookie(services, newDevice(passwordHash, "cookie", now)), {
      append: true,
    });
}

const cookieOf = (http: Context, site: Site) => readCookie(http.req.header("cookie"), deviceCookieName(site));

export function sessionOptions({ http, settings }: Call): { client?: string; milliseconds: number } {
  return { client: http.req.header("user-agent"), milliseconds: settings.limits.sessionHours * 3_600_000 };
}

/** Whether no code is required, or the right one was given, which is then used up. */
async function codeFits({ store }: Call, { id, codes }: Account, code: string | undefined): Promise<boolean> {
  if (!codes?.confirmed) return true;
  const step = stepOfCode(codes.secret, code ?? "", store.clock(), codes.lastStep);
  return step !== undefined && useOneTimeCode(store, id, step);
}

/** The name, or "" if it has characters that no account's name has: databases refuse some of them. */
const storable = (login: string) => (/^[\x21-\x7e]*$/.test(login) ? login : "");
