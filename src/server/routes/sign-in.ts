import type { Context } from "hono";
import type { z } from "zod";
import type { Tables } from "../../feedback/store/tables.js";
import { shownAccount } from "../accounts/accounts.js";
import { stepOfCode } from "../accounts/one-time-codes.js";
import { passwordFits } from "../accounts/passwords.js";
import { csrfToken } from "../accounts/secrets.js";
import { endSession, type OpenedSession, openSession } from "../accounts/sessions.js";
import { accounts as contract } from "../contract/index.js";
import { type Call, endpoint } from "../endpoint.js";
import { unauthorised } from "../http/authenticate.js";
import { sessionCookie } from "../http/origin.js";
import type { Services } from "../services.js";

export const signInRoutes = [
  endpoint(contract.signIn, async ({ body: { login, password, code } }, call) => {
    const { store, throttle, limits, address, http } = call;
    const name = login.trim().toLowerCase();
    limits.signIn.take(address);
    throttle.check(name, address);
    const row = await store.db
      .selectFrom("accounts")
      .selectAll()
      .where("login", "=", storable(name))
      .executeTakeFirst();
    const fits = await passwordFits(password, row?.password_hash);
    if (!fits || row?.state !== "active" || !(await codeFits(call, row, code))) {
      throttle.failed(name, address);
      throw unauthorised("Name, password or one-time code is wrong.");
    }
    throttle.succeeded(name, address);
    const session = await store.write((write) => openSession(write, row, sessionOptions(call)));
    return signedIn(http, call, row, session);
  }),
  endpoint(contract.currentSession, async (_request, call) => {
    const { store, principal } = call;
    const row = await store.db
      .selectFrom("accounts")
      .selectAll()
      .where("id", "=", principal.account)
      .executeTakeFirstOrThrow();
    return {
      account: shownAccount(row),
      csrf: principal.session?.csrf ?? "",
      expiresAt: principal.session?.expiresAt ?? 0,
    };
  }),
  endpoint(contract.signOut, async (_request, { store, principal, principals, http, origin }) => {
    const { account, session, actor } = principal;
    await store.write((write) => endSession(write, account, session?.id ?? "", actor));
    principals.forget();
    http.header("Set-Cookie", sessionCookie(origin, "", 0));
    return undefined;
  }),
  endpoint(contract.listSessions, async (_request, { store, principal }) => {
    const rows = await store.db
      .selectFrom("sessions")
      .selectAll()
      .where("account_id", "=", principal.account)
      .where("expires_at", ">", store.clock())
      .orderBy("seen_at", "desc")
      .execute();
    const sessions = rows.map(({ id, client, created_at, seen_at, expires_at }) => ({
      id,
      current: id === principal.session?.id,
      ...(client !== null && { client }),
      ...{ createdAt: created_at, seenAt: seen_at, expiresAt: expires_at },
    }));
    return { sessions };
  }),
  endpoint(contract.endSession, async ({ params: { session } }, { store, principal, principals }) => {
    await store.write((write) => endSession(write, principal.account, session, principal.actor));
    principals.forget();
    return undefined;
  }),
];

/** Sets the cookie, and tells the page what it needs. */
export function signedIn(
  http: Context,
  { origin, settings }: Services,
  account: Tables["accounts"],
  session: OpenedSession,
): z.output<typeof contract.SignedIn> {
  http.header("Set-Cookie", sessionCookie(origin, session.token, settings.limits.sessionHours * 3600));
  return { account: shownAccount(account), csrf: csrfToken(session.token), expiresAt: session.expiresAt };
}

export function sessionOptions({ http, settings }: Call): { client?: string; milliseconds: number } {
  return { client: http.req.header("user-agent"), milliseconds: settings.limits.sessionHours * 3_600_000 };
}

/** Whether no code is asked for, or the right one was given; it is then used up. */
async function codeFits(
  { store }: Call,
  row: Tables["accounts"],
  code: string | undefined,
): Promise<boolean> {
  if (row.totp_confirmed === 0 || row.totp_secret === null) return true;
  const step = stepOfCode(row.totp_secret, code ?? "", store.clock(), row.totp_step);
  if (step === undefined) return false;
  // Two requests with one code: only the first of them finds the step before it.
  return store.write(async ({ db }) => {
    const used = await db
      .updateTable("accounts")
      .set({ totp_step: step })
      .where("id", "=", row.id)
      .where("totp_step", "<", step)
      .executeTakeFirst();
    return used.numUpdatedRows === 1n;
  });
}

/** No account has a name with such characters, and databases take none. */
const storable = (login: string) => (/^[\x21-\x7e]*$/.test(login) ? login : "");
