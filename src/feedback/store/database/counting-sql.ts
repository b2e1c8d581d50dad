/**
 * The uses of judgements (judgement/judgement.ts) as SQL conditions on the votes table, so the store need not read all
 * votes.
 */
import { type RawBuilder, sql } from "kysely";
import type { Use } from "../../../votes/judgement/index.js";

/** Whether no later vote corrects this one. */
export const isLatest: RawBuilder<boolean> = sql<boolean>`not exists (select 1 from votes as later
  where later.corrects = votes.id)`;

/**
 * Whether the judgement that a votes row belongs to counts for a use. The result is the same for all corrections of a
 * judgement.
 */
export function countsFor({ gold, repeats, held, excluded }: Use): RawBuilder<boolean> {
  const conditions = [
    ...(gold ? [] : [sql`votes.gold = 0`]),
    ...(repeats ? [] : [sql`votes.repeat_shown = 0`]),
    ...(excluded
      ? []
      : [
          sql`not exists (select 1 from memberships where memberships.project_id = votes.project_id
            and memberships.rater_id = votes.rater_id and memberships.state = 'excluded')`,
        ]),
    sql`not exists (select 1 from reviews where reviews.lease_id = votes.lease_id
      and ${held ? sql`reviews.state = 'rejected'` : sql`reviews.state in ('rejected', 'held')`})`,
  ];
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}
