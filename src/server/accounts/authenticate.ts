import type { Context } from "hono";
import { checkCsrfToken, checkSameSite, cookieName, readCookie, type Site } from "../http/origin.js";
import { RequestError } from "../http/request-error.js";
import type { Principal, Principals } from "./principal.js";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Who sent the request: a program by `Authorization: Bearer <key>`, or a person by the session's cookie. Undefined
 * without either, and for a cookie whose session is unknown or has ended.
 *
 * @throws RequestError 401 for a wrong key; 403 for a change that did not come from the server's own page.
 */
export async function authenticate(
  c: Context,
  { principals, origin, base }: { principals: Principals } & Site,
): Promise<Principal | undefined> {
  const authorization = c.req.header("authorization");
  if (authorization !== undefined) {
    const [, key] = /^Bearer (plumb_key_[A-Za-z0-9_-]{43})$/.exec(authorization) ?? [];
    const principal = key === undefined ? undefined : await principals.ofKey(key);
    if (principal === undefined) throw unauthorised("This API key is wrong, revoked or expired.");
    return principal;
  }
  const token = readCookie(c.req.header("cookie"), cookieName({ origin, base }));
  if (!SAFE.has(c.req.method)) checkSameSite(c, origin);
  if (token === undefined) return undefined;
  const principal = await principals.ofSession(token);
  if (principal?.session && !SAFE.has(c.req.method)) checkCsrfToken(c, principal.session.csrf);
  return principal;
}

export function unauthorised(
  message: string,
  hint: string | undefined = "Sign in, or send Authorization: Bearer with an API key.",
): RequestError {
  return new RequestError(401, message, {
    hint,
    headers: { "WWW-Authenticate": 'Bearer realm="plumb"' },
  });
}
