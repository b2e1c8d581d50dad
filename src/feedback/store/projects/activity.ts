import { sql } from "kysely";
import type { Queries } from "../database/database.js";

/** What happened in a project on one day (UTC). */
export interface ActiveDay {
  /** Start of the day, in Unix milliseconds. */
  day: number;
  /** Votes cast, including those on gold items and repeats, without corrections. */
  votes: number;
  /** Raters who cast at least one vote. */
  raters: number;
}

const DAY = 86_400_000;

/** Days on which votes were cast, in order. @param since Unix milliseconds; earlier votes are left out. */
export async function activity(
  { db }: { db: Queries },
  project: string,
  since: number,
): Promise<ActiveDay[]> {
  const day = sql<number>`cast_at / ${sql.lit(DAY)}`;
  const rows = await db
    .selectFrom("votes")
    .select((eb) => [
      day.as("day"),
      eb.fn.countAll<number>().as("votes"),
      eb.fn.count<number>("rater_id").distinct().as("raters"),
    ])
    .where("project_id", "=", project)
    .where("corrects", "is", null)
    .where("cast_at", ">=", since)
    .groupBy(day)
    .orderBy(day)
    .execute();
  return rows.map(({ day, votes, raters }) => ({ day: day * DAY, votes, raters }));
}
