import type { z } from "zod";
import { groupBy } from "../../../base/group-by.js";
import type { Queries } from "../database/database.js";
import type { AuditEntry } from "./audit-entry.js";
import { ROWS_CHANGED } from "./row-changes.js";

/** An entry of the audit log with its details parsed, and the words that people wrote, unless they were deleted. */
export type ShownAuditEntry = Omit<AuditEntry, "details_json"> & {
  details: z.core.util.JSONType;
  texts?: Record<string, string>;
};

/**
 * Entries of the audit log in order, from the one after entry number `after`, at most `limit`.
 *
 * @param rows false leaves out entries that only tell hashes of rows.
 */
export async function readAudit(
  { db }: { db: Queries },
  { after, limit, rows: withRows = true }: { after: number; limit: number; rows?: boolean },
): Promise<ShownAuditEntry[]> {
  const rows = await db
    .selectFrom("audit")
    .selectAll()
    .where("seq", ">", after)
    .$if(!withRows, (query) => query.where("action", "!=", ROWS_CHANGED))
    .orderBy("seq")
    .limit(limit)
    .execute();
  const written = await db
    .selectFrom("audit_texts")
    .selectAll()
    .where("seq", ">", after)
    .where("seq", "<=", rows.at(-1)?.seq ?? 0)
    .execute();
  const textsOf = groupBy(written, ({ seq }) => seq);
  return rows.map(({ details_json, ...entry }) => {
    const texts = textsOf.get(entry.seq);
    return {
      ...entry,
      details: JSON.parse(details_json) as z.core.util.JSONType,
      ...(texts && { texts: Object.fromEntries(texts.map(({ name, text }) => [name, text])) }),
    };
  });
}
