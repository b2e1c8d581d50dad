import { sql } from "kysely";
import type { Queries } from "./database.js";
import { among } from "./sets.js";

/** Brings the counts of items up to their votes and live leases. Judgements of raters count; repeats, corrections, what a reviewer
 * rejected and what excluded raters said do not. */
export async function recountItems(db: Queries, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable("items")
    .set({
      votes: sql<number>`(select count(*) from votes where votes.item_id = items.id
        and votes.corrects is null and votes.repeat_shown = 0
        and not exists (select 1 from reviews where reviews.lease_id = votes.lease_id
          and reviews.state = 'rejected')
        and not exists (select 1 from memberships where memberships.project_id = votes.project_id
          and memberships.rater_id = votes.rater_id and memberships.state = 'excluded'))`,
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
