/** Secrets that the server gives out: 256 random bits, of which only a SHA-256 is kept. */
import { createHash, createHmac, randomBytes } from "node:crypto";

export const SECRET_KINDS = { session: "ses", invitation: "inv", key: "key" } as const;
/** Characters of a key that are kept to tell it from others: 24 of its bits. */
export const PREFIX_LENGTH = "plumb_key_".length + 4;

export function newSecret(kind: keyof typeof SECRET_KINDS): string {
  return `plumb_${SECRET_KINDS[kind]}_${randomBytes(32).toString("base64url")}`;
}

/** With 256 random bits in it a secret needs no slow hash; looking it up by its hash takes the same time for all wrong ones. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** What a session's page sends with changes: made from the cookie's token, which another site cannot read. */
export function csrfToken(sessionToken: string): string {
  return createHmac("sha256", sessionToken).update("plumb-csrf").digest("base64url");
}
