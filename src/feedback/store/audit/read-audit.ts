import type { z } from "zod";
import type { Queries } from "../database/database.js";
import type { AuditEntry } from "./audit-entry.js";

/** An entry of the audit log with its details parsed. */
export type ShownAuditEntry = Omit<AuditEntry, "details_json"> & { details: z.core.util.JSONType };

/** Entries of the audit log in order, from the one after entry number `after`, at most `limit`. */
export async function readAudit(
  { db }: { db: Queries },
  { after, limit }: { after: number; limit: number },
): Promise<ShownAuditEntry[]> {
  const rows = await db
    .selectFrom("audit")
    .selectAll()
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map(({ details_json, ...entry }) => ({
    ...entry,
    details: JSON.parse(details_json) as z.core.util.JSONType,
  }));
}
