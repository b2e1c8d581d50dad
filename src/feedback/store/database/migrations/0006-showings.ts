import { type ColumnDefinitionBuilder, sql } from "kysely";
import type { Migration } from "./migration.js";

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const of = (reference: string) => (column: ColumnDefinitionBuilder) => column.notNull().references(reference);

/**
 * Departures of people from projects; bookmarks of a hidden repeat kept apart from those of the item's first showing;
 * an index of all that each rater was shown.
 */
export const showings: Migration = {
  name: "0006-showings",
  tables: [
    { name: "departures", key: ["project_id", "rater_id"] },
    { name: "bookmarks", key: ["rater_id", "item_id", "repeat_shown"] },
  ],
  async up(db) {
    const { schema } = db;
    await schema
      .createTable("departures")
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("rater_id", "text", of("raters.id"))
      .addColumn("at", "bigint", required)
      .addPrimaryKeyConstraint("departures_key", ["project_id", "rater_id"])
      .execute();
    await schema
      .createTable("bookmarks_by_showing")
      .addColumn("rater_id", "text", of("raters.id"))
      .addColumn("item_id", "text", of("items.id"))
      .addColumn("repeat_shown", "integer", required)
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("note", "text")
      .addColumn("created_at", "bigint", required)
      .addPrimaryKeyConstraint("bookmarks_showing", ["rater_id", "item_id", "repeat_shown"])
      .execute();
    await sql`insert into bookmarks_by_showing (rater_id, item_id, repeat_shown, project_id, note, created_at)
      select rater_id, item_id, 0, project_id, note, created_at from bookmarks`.execute(db);
    await schema.dropTable("bookmarks").execute();
    await schema.alterTable("bookmarks_by_showing").renameTo("bookmarks").execute();
    await schema.createIndex("leases_shown").on("leases").columns(["rater_id", "item_id"]).execute();
  },
};
