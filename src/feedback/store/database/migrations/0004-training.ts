import { sql } from "kysely";
import type { Migration } from "./migration.js";

/** Training: gold items with an explanation, and raters' answers to them, stored apart from votes. */
export const training: Migration = {
  name: "0004-training",
  tables: [{ name: "training_answers", key: ["rater_id", "item_id"] }],
  async up({ schema }) {
    await schema.alterTable("items").addColumn("explanation", "text").execute();
    await schema
      .createIndex("items_training")
      .on("items")
      .columns(["project_id", "position"])
      .where(sql<boolean>`explanation is not null`)
      .execute();
    await schema
      .createTable("training_answers")
      .addColumn("rater_id", "text", (c) => c.notNull().references("raters.id"))
      .addColumn("item_id", "text", (c) => c.notNull().references("items.id"))
      .addColumn("project_id", "text", (c) => c.notNull().references("projects.id"))
      .addColumn("answer_json", "text", (c) => c.notNull())
      .addColumn("answered_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("training_answers_key", ["rater_id", "item_id"])
      .execute();
    await schema
      .createIndex("training_answers_project")
      .on("training_answers")
      .columns(["project_id", "rater_id"])
      .execute();
  },
};
