/**
 * Showings: a rater's look at an item, or the hidden repeat of it. Raters are told a showing's id instead of the
 * item's: ids of items tell when they were added, which gold items often were apart from the others, and the id of an
 * item that comes again would tell the repeat. A showing has the id of its first lease, with the letter of items.
 */
import type { Queries } from "../database/database.js";
import { among } from "../database/sets.js";
import type { Tables } from "../database/tables.js";

/** The id of the showing that began with a lease. */
export const showingId = (firstLease: string): string => `i${firstLease.slice(1)}`;

/** The showing's id for each of these leases. */
export async function showingsOf(db: Queries, leases: readonly string[]): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom("leases as held")
    .innerJoin("leases as first", (join) =>
      join
        .onRef("first.rater_id", "=", "held.rater_id")
        .onRef("first.item_id", "=", "held.item_id")
        .onRef("first.repeat_shown", "=", "held.repeat_shown"),
    )
    .select(["held.id", "first.id as first"])
    .where(among(db, "held.id", leases))
    .orderBy("first.turn", "desc")
    .execute();
  return new Map(rows.map(({ id, first }) => [id, showingId(first)]));
}

/**
 * A lease of the showing that a rater was told of; undefined if there is none with that id, or it is another rater's.
 */
export async function leaseOfShowing(
  db: Queries,
  rater: string,
  showing: string,
): Promise<Tables["leases"] | undefined> {
  return db
    .selectFrom("leases")
    .selectAll()
    .where("id", "=", `l${showing.slice(1)}`)
    .where("rater_id", "=", rater)
    .executeTakeFirst();
}
