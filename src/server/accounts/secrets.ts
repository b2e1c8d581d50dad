/** Secrets that the server gives out: 256 random bits, stored only as their SHA-256. */

import { createHmac, randomBytes } from "node:crypto";
import { sha256 } from "../../base/sha256.js";

const SECRET_KINDS = { session: "ses", invitation: "inv", key: "key" } as const;
/** Characters of a key that are stored so that its owner can recognise it; they hold 24 of its bits. */
export const PREFIX_LENGTH = "plumb_key_".length + 4;

export function newSecret(kind: keyof typeof SECRET_KINDS): string {
  return `plumb_${SECRET_KINDS[kind]}_${randomBytes(32).toString("base64url")}`;
}

/** A secret of 256 random bits needs no slow hash, and the time of a lookup by the hash reveals nothing about it. */
export function secretHash(secret: string): string {
  return sha256(secret);
}

/** What a page sends with every change: derived from the session cookie's token, which another site cannot read. */
export function csrfToken(sessionToken: string): string {
  return createHmac("sha256", sessionToken).update("plumb-csrf").digest("base64url");
}
