import { addSession, type Identity, type Session } from "../../feedback/store/accounts/index.js";
import type { Write } from "../../feedback/store/index.js";
import { newSecret, secretHash } from "./secrets.js";

export interface OpenedSession extends Session {
  token: string;
}

/** Opens a session with a new token; a token that the browser had before is never reused. */
export async function openSession(
  write: Write,
  account: Identity,
  options: { client?: string; milliseconds: number },
): Promise<OpenedSession> {
  const token = newSecret("session");
  const session = await addSession(write, account, { ...options, tokenHash: secretHash(token) });
  return { ...session, token };
}
