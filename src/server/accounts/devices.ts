/**
 * Tokens by which a browser is known in which somebody signed in before ("device cookies": OWASP, Slow Down Online
 * Guessing Attacks). Failures of others, anywhere, do not slow down who has one for the name: without them, thirty wrong
 * passwords a quarter of an hour would keep the owner of an account out for good.
 */
import type { AuditKey } from "../../feedback/store/index.js";
import { sameText } from "../http/same-text.js";

/** How long a token is good, in milliseconds. */
const GOOD = 180 * 86_400_000;

/** @param login as accounts have it, in lower case. */
export function deviceToken(key: AuditKey, login: string, now: number): string {
  const until = now + GOOD;
  return `${until}.${signature(key, login, until)}`;
}

/** Whether a token was made for this name, and is still good. */
export function knowsDevice(key: AuditKey, token: string, login: string, now: number): boolean {
  const [until, signed = ""] = token.split(".");
  return Number(until) > now && sameText(signed, signature(key, login, Number(until)));
}

/** Signatures by Ed25519 are deterministic (RFC 8032), so making one again checks it. */
const signature = (key: AuditKey, login: string, until: number): string =>
  Buffer.from(key.sign(`plumb device ${until} ${login}`), "base64").toString("base64url");
