/** Counts again what the tables keep counts of: votes and leases of items, turns and votes of memberships. */
import { sql } from "kysely";
import { USES } from "../../../votes/judgement/index.js";
import { countsFor } from "../database/counting-sql.js";
import type { Queries } from "../database/database.js";
import type { Reported } from "./problem.js";

/** Milliseconds of a day, in which quotas are counted. */
const DAY = 86_400_000;

/** Votes, without corrections, of the membership that is looked at. */
const ofMember = sql<boolean>`votes.project_id = memberships.project_id
  and votes.rater_id = memberships.rater_id and votes.corrects is null`;
/** Cast on the day of the membership's last vote, or so many days later, or after that. */
const onOrAfter = (days: number) =>
  sql<boolean>`votes.cast_at >= cast(memberships.day + ${sql.lit(days)} as bigint) * ${sql.lit(DAY)}`;

/** @param purged projects whose rows are being deleted; their counts are not what is left of them. */
export async function verifyCounts(
  db: Queries,
  purged: ReadonlySet<string>,
  reported: Reported,
): Promise<void> {
  const items = await db
    .selectFrom("items")
    .select(["id", "project_id"])
    .where(({ or }) =>
      or([
        sql<boolean>`votes <> (select count(*) from votes where votes.item_id = items.id
          and votes.corrects is null and ${countsFor(USES.overlap)})`,
        sql<boolean>`leases <> (select count(*) from leases where leases.item_id = items.id
          and leases.state = 'live' and leases.repeat_shown = 0)`,
        sql<boolean>`available <> case when state = 'open' and gold_json is null and votes + leases < overlap
          then 1 else 0 end`,
      ]),
    )
    .execute();
  for (const { id, project_id } of items)
    if (!purged.has(project_id))
      reported.row(0, "item", id, `item ${id}: votes, leases or available is not what its rows come to`);
  const members = await db
    .selectFrom("memberships")
    .select(["project_id", "rater_id"])
    .where(({ or }) =>
      or([
        sql<boolean>`turns <> (select count(*) from leases where leases.project_id = memberships.project_id
          and leases.rater_id = memberships.rater_id)`,
        sql<boolean>`votes <> (select count(*) from votes where ${ofMember})`,
        sql<boolean>`votes = 0 and (day_votes <> 0 or day <> 0)`,
        sql<boolean>`votes > 0 and not exists (select 1 from votes where ${ofMember} and ${onOrAfter(0)})`,
        // Where the clock was set back, votes of the day that is counted may have been counted before.
        sql<boolean>`day_votes > (select count(*) from votes where ${ofMember} and ${onOrAfter(0)})`,
        sql<boolean>`day_votes < (select count(*) from votes where ${ofMember} and ${onOrAfter(0)})
          and not exists (select 1 from votes where ${ofMember} and ${onOrAfter(1)})`,
      ]),
    )
    .execute();
  for (const { project_id, rater_id } of members)
    if (!purged.has(project_id)) {
      const key = `${project_id} ${rater_id}`;
      reported.row(0, "member", key, `member ${key}: turns, votes or day is not what its rows come to`);
    }
}
