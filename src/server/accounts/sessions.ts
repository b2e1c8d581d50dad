import { newId } from "../../feedback/store/ids.js";
import type { Write } from "../../feedback/store/index.js";
import type { Tables } from "../../feedback/store/tables.js";
import { RequestError } from "../http/request-error.js";
import { newSecret, secretHash } from "./secrets.js";

/** Sessions of one account; of more, the one used longest ago ends. */
const MOST_SESSIONS = 20;
/** Most characters of a browser's name that are kept. */
const MOST_CLIENT = 200;

export interface OpenedSession {
  id: string;
  token: string;
  expiresAt: number;
}

/** Opens a session with a new token; a token that the browser had before is never taken over. */
export async function openSession(
  { db, now, audit }: Write,
  account: Pick<Tables["accounts"], "id" | "role">,
  { client, milliseconds }: { client?: string; milliseconds: number },
): Promise<OpenedSession> {
  await db.deleteFrom("sessions").where("expires_at", "<=", now).execute();
  const before = await db
    .selectFrom("sessions")
    .select("id")
    .where("account_id", "=", account.id)
    .orderBy("seen_at", "desc")
    .execute();
  const over = before.slice(MOST_SESSIONS - 1).map(({ id }) => id);
  if (over.length > 0) await db.deleteFrom("sessions").where("id", "in", over).execute();
  const token = newSecret("session");
  const session = { id: newId("s", now), token, expiresAt: now + milliseconds };
  await db
    .insertInto("sessions")
    .values({
      id: session.id,
      token_hash: secretHash(token),
      account_id: account.id,
      created_at: now,
      seen_at: now,
      expires_at: session.expiresAt,
      client: client === undefined ? null : printableStart(client),
    })
    .execute();
  audit(`${account.role}:${account.id}`, "session.opened", session.id, { account: account.id });
  return session;
}

/** @throws RequestError 404: the account has no such session. */
export async function endSession(
  { db, audit }: Write,
  account: string,
  session: string,
  actor: string,
): Promise<void> {
  const ended = await db
    .deleteFrom("sessions")
    .where("id", "=", session)
    .where("account_id", "=", account)
    .executeTakeFirst();
  if (ended.numDeletedRows === 0n) throw new RequestError(404, `There is no session ${session}.`);
  audit(actor, "session.ended", session, { account });
}

const printableStart = (text: string) => text.replace(/[^\x20-\x7e]/g, "?").slice(0, MOST_CLIENT);
