import type { ColumnDefinitionBuilder } from "kysely";
import type { Migration } from "./migration.js";

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const of = (reference: string) => (column: ColumnDefinitionBuilder) => column.notNull().references(reference);

/**
 * A lead's verdicts on items; how many votes a lead asked of an item, and when a lead last changed it; words between
 * raters and leads.
 */
export const leadVerbs: Migration = {
  name: "0008-lead-verbs",
  tables: [
    { name: "adjudications", key: ["item_id"] },
    { name: "messages", key: ["id"] },
  ],
  async up({ schema }) {
    await schema.alterTable("items").addColumn("asked", "integer").execute();
    await schema.alterTable("items").addColumn("changed_at", "bigint").execute();
    await schema
      .createTable("adjudications")
      .addColumn("item_id", "text", (c) => c.primaryKey().references("items.id"))
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("answer_json", "text", required)
      .addColumn("note", "text")
      .addColumn("decided_by", "text", required)
      .addColumn("decided_at", "bigint", required)
      .execute();
    await schema
      .createIndex("adjudications_project")
      .on("adjudications")
      .columns(["project_id", "item_id"])
      .execute();
    await schema
      .createTable("messages")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("rater_id", "text", of("raters.id"))
      .addColumn("item_id", "text", (c) => c.references("items.id"))
      .addColumn("author", "text", required)
      .addColumn("sent_by", "text", required)
      .addColumn("text", "text", required)
      .addColumn("created_at", "bigint", required)
      .addColumn("read_at", "bigint")
      .execute();
    await schema
      .createIndex("messages_project")
      .on("messages")
      .columns(["project_id", "rater_id", "created_at"])
      .execute();
  },
};
