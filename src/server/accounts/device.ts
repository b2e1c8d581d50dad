/**
 * Known devices: tokens by which a browser is known in which somebody signed in as an account before ("device cookies":
 * OWASP, Slow Down Online Guessing Attacks). They open nothing; signing in with one is only not held up by what others
 * try. One is an id and a code of the id under the account's password hash, so it can be neither made nor used for
 * another account, and ends when the password is changed, or after half a year.
 */
import { createHmac, randomBytes } from "node:crypto";
import { sameText } from "../http/same-text.js";

/** Where a browser keeps its token: in a cookie, or in the page's storage, which has one for each name. */
export type Keeper = "cookie" | "page";

const FORM = /^([\w-]{16})\.([\w-]{43})$/;
/** How long a token is good, in seconds. */
const GOOD = 180 * 86_400;

/** A token for a new device. @param now in milliseconds. */
export function newDevice(passwordHash: string, keptIn: Keeper, now: number): string {
  const bytes = randomBytes(12);
  bytes.writeUInt32BE(Math.floor(now / 1000));
  const id = bytes.toString("base64url");
  return `${id}.${codeOf(id, passwordHash, keptIn)}`;
}

/** The id of the device, if the token was made for the account with this password hash, and is still good. */
export function deviceOf(
  token: string | undefined,
  passwordHash: string | undefined,
  keptIn: Keeper,
  now: number,
): string | undefined {
  const [, id, code] = FORM.exec(token ?? "") ?? [];
  if (id === undefined || passwordHash === undefined) return undefined;
  const good = now / 1000 < Buffer.from(id, "base64url").readUInt32BE() + GOOD;
  return sameText(code, codeOf(id, passwordHash, keptIn)) && good ? id : undefined;
}

const codeOf = (id: string, passwordHash: string, keptIn: Keeper) =>
  createHmac("sha256", passwordHash).update(`plumb-device ${keptIn} ${id}`).digest("base64url");
