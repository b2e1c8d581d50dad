import { sql } from "kysely";
import type { Migration } from "./migration.js";

/**
 * Numbers the members of each project in the order they joined. The number seeds a rater's random draws, because ids
 * are random.
 */
export const memberNumbers: Migration = {
  name: "0005-member-numbers",
  tables: [],
  async up(db) {
    await db.schema
      .alterTable("memberships")
      .addColumn("number", "integer", (column) => column.notNull().defaultTo(0))
      .execute();
    await sql`update memberships set number = (select count(*) from memberships as earlier
      where earlier.project_id = memberships.project_id and (earlier.joined_at < memberships.joined_at
        or (earlier.joined_at = memberships.joined_at and earlier.rater_id <= memberships.rater_id)))`.execute(
      db,
    );
    await db.schema
      .createIndex("memberships_number")
      .unique()
      .on("memberships")
      .columns(["project_id", "number"])
      .execute();
  },
};
