import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.js";
import type { AuditEntry } from "./audit-entry.js";

/** Deletes the words that people wrote into entries of the log, for those entries that `which` picks. */
export async function deleteTexts(
  db: Transaction<Tables>,
  which: (entry: Pick<AuditEntry, "actor" | "action" | "subject" | "details_json">) => boolean,
): Promise<void> {
  const entries = await db
    .selectFrom("audit")
    .select(["audit.seq", "audit.actor", "audit.action", "audit.subject", "audit.details_json"])
    .where("audit.seq", "in", (eb) => eb.selectFrom("audit_texts").select("audit_texts.seq"))
    .execute();
  for (const { seq, ...entry } of entries)
    if (which(entry)) await db.deleteFrom("audit_texts").where("seq", "=", seq).execute();
}
