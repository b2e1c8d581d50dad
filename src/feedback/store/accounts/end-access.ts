import type { Write } from "../audit/writer.js";
import { withdrawUnused } from "./invitations.js";

/** How many ways in were ended. */
export interface EndedAccess {
  sessions: number;
  keys: number;
  invitations: number;
}

/**
 * Ends every session, API key and unused invitation, whoever has them: for a database that went back to an earlier
 * moment, which cannot know which of them were withdrawn since.
 */
export async function endAllAccess(write: Write, actor: string): Promise<EndedAccess> {
  const { db, audit } = write;
  const invitations = await withdrawUnused(write, actor);
  const keys = await db.selectFrom("api_keys").select("id").orderBy("id").execute();
  await db.deleteFrom("api_keys").execute();
  for (const { id } of keys) audit(actor, "key.revoked", id);
  const { numDeletedRows } = await db.deleteFrom("sessions").executeTakeFirstOrThrow();
  const ended = { sessions: Number(numDeletedRows), keys: keys.length, invitations };
  if (ended.sessions + ended.keys + ended.invitations > 0) audit(actor, "access.ended", "", ended);
  return ended;
}
