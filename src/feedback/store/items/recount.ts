import { sql } from "kysely";
import { USES } from "../../../votes/judgement/index.js";
import { countsFor } from "../database/counting-sql.js";
import type { Queries } from "../database/database.js";
import { among } from "../database/sets.js";

/**
 * Recomputes the counts of items: `votes` from the judgements that count towards the overlap, `leases` from the live
 * leases, and `available` from both. Corrections are not counted separately.
 */
export async function recountItems(db: Queries, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable("items")
    .set({
      votes: sql<number>`(select count(*) from votes where votes.item_id = items.id
        and votes.corrects is null and ${countsFor(USES.overlap)})`,
      leases: sql<number>`(select count(*) from leases where leases.item_id = items.id
        and leases.state = 'live' and leases.repeat_shown = 0)`,
    })
    .where(among(db, "id", ids))
    .execute();
  await db
    .updateTable("items")
    .set({
      available: sql<number>`case when state = 'open' and gold_json is null and votes + leases < overlap
        then 1 else 0 end`,
    })
    .where(among(db, "id", ids))
    .execute();
}
