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
import { deviceToken, knowsDevice } from "../accounts/devices.js";
import { stepOfCode } from "../accounts/one-time-codes.js";
import { csrfToken } from "../accounts/secrets.js";
import { type OpenedSession, openSession } from "../accounts/sessions.js";
import { shownAccount } from "../accounts/shown-account.js";
import { accounts as contract } from "../contract/index.js";
import { type Call, endpoint } from "../endpoint.js";
import { sessionCookie } from "../http/origin.js";
import type { Services } from "../services.js";

export const signInRoutes = [
  endpoint(contract.signIn, async ({ body: { login, password, code, device: given } }, call) => {
    const { store, passwords, throttle, limits, address, http } = call;
    const name = login.trim().toLowerCase();
    const known = given !== undefined && knowsDevice(store.key, given, name, store.clock());
    const device = known ? given : undefined;
    limits.signIn.take(device === undefined ? address : `device ${device}`);
    throttle.check(name, address, device);
    const account = await accountOfLogin(store, storable(name));
    const fits = await passwords.fits(password, account?.passwordHash);
    if (!fits || account?.state !== "active" || !(await codeFits(call, account, code))) {
      throttle.failed(name, address, device);
      throw unauthorised("Name, password or one-time code is wrong.");
    }
    throttle.succeeded(name, address, device);
    const session = await store.write((write) => openSession(write, account, sessionOptions(call)));
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

/** Sets the cookie, and returns what the page needs. */
export function signedIn(
  http: Context,
  { store, origin, base, settings }: Services,
  account: Account,
  session: OpenedSession,
): z.output<typeof contract.SignedIn> {
  const seconds = settings.limits.sessionHours * 3600;
  http.header("Set-Cookie", sessionCookie({ origin, base }, session.token, seconds));
  return {
    account: shownAccount(account),
    csrf: csrfToken(session.token),
    expiresAt: session.expiresAt,
    device: deviceToken(store.key, account.login, store.clock()),
  };
}

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
