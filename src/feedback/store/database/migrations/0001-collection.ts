import { type ColumnDefinitionBuilder, sql } from "kysely";
import { appendOnly } from "./append-only.js";
import type { Migration } from "./migration.js";

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const key = (column: ColumnDefinitionBuilder) => column.primaryKey().notNull();
const of = (reference: string) => (column: ColumnDefinitionBuilder) => column.notNull().references(reference);

/** Projects, items, raters, leases, votes, reviews and the audit log. */
export const collection: Migration = {
  name: "0001-collection",
  tables: [
    { name: "audit", key: ["seq"] },
    { name: "audit_keys", key: ["key_id"] },
    { name: "audit_checkpoints", key: ["seq"] },
    { name: "projects", key: ["id"] },
    { name: "guidelines", key: ["project_id", "version"] },
    { name: "items", key: ["id"] },
    { name: "raters", key: ["id"] },
    { name: "people", key: ["rater_id"] },
    { name: "memberships", key: ["project_id", "rater_id"] },
    { name: "leases", key: ["id"] },
    { name: "drafts", key: ["lease_id"] },
    { name: "bookmarks", key: ["rater_id", "item_id"] },
    { name: "votes", key: ["seq"] },
    { name: "reviews", key: ["id"] },
  ],
  async up(db, engine) {
    const { schema } = db;
    await schema
      .createTable("audit")
      .addColumn("seq", "bigint", key)
      .addColumn("at", "bigint", required)
      .addColumn("actor", "text", required)
      .addColumn("action", "text", required)
      .addColumn("subject", "text", required)
      .addColumn("details_json", "text", required)
      .addColumn("previous", "text", required)
      .addColumn("hash", "text", required)
      .execute();
    await schema
      .createTable("audit_keys")
      .addColumn("key_id", "text", key)
      .addColumn("public_key", "text", required)
      .addColumn("created_at", "bigint", required)
      .execute();
    await schema
      .createTable("audit_checkpoints")
      .addColumn("seq", "bigint", key)
      .addColumn("hash", "text", required)
      .addColumn("at", "bigint", required)
      .addColumn("key_id", "text", of("audit_keys.key_id"))
      .addColumn("signature", "text", required)
      .execute();
    await schema
      .createTable("projects")
      .addColumn("id", "text", key)
      .addColumn("name", "text", required)
      .addColumn("state", "text", required)
      .addColumn("task_json", "text", required)
      .addColumn("settings_json", "text", required)
      .addColumn("seed", "bigint", required)
      .addColumn("guidelines_version", "integer", required)
      .addColumn("created_at", "bigint", required)
      .execute();
    await schema
      .createTable("guidelines")
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("version", "integer", required)
      .addColumn("text", "text", required)
      .addColumn("created_at", "bigint", required)
      .addPrimaryKeyConstraint("guidelines_key", ["project_id", "version"])
      .execute();
    await schema
      .createTable("items")
      .addColumn("id", "text", key)
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("position", "integer", required)
      .addColumn("content_json", "text", required)
      .addColumn("responses", "integer", required)
      .addColumn("language", "text")
      .addColumn("audience", "text")
      .addColumn("gold_json", "text")
      .addColumn("priority", "double precision", required)
      .addColumn("state", "text", required)
      .addColumn("overlap", "integer", required)
      .addColumn("votes", "integer", required)
      .addColumn("leases", "integer", required)
      .addColumn("available", "integer", required)
      .addColumn("created_at", "bigint", required)
      .addUniqueConstraint("items_position", ["project_id", "position"])
      .execute();
    await schema
      .createIndex("items_available")
      .on("items")
      .columns(["project_id", "priority desc", "position"])
      .where(sql<boolean>`available = 1`)
      .execute();
    await schema
      .createIndex("items_gold")
      .on("items")
      .columns(["project_id", "position"])
      .where(sql<boolean>`gold_json is not null`)
      .execute();
    await schema
      .createTable("raters")
      .addColumn("id", "text", key)
      .addColumn("languages_json", "text", required)
      .addColumn("state", "text", required)
      .addColumn("created_at", "bigint", required)
      .execute();
    await schema
      .createTable("people")
      .addColumn("rater_id", "text", (c) => key(c).references("raters.id"))
      .addColumn("name", "text")
      .addColumn("email", "text", (c) => c.unique())
      .addColumn("notes", "text")
      .addColumn("created_at", "bigint", required)
      .execute();
    await schema
      .createTable("memberships")
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("rater_id", "text", of("raters.id"))
      .addColumn("group_name", "text")
      .addColumn("state", "text", required)
      .addColumn("joined_at", "bigint", required)
      .addColumn("turns", "integer", required)
      .addColumn("votes", "integer", required)
      .addColumn("day", "integer", required)
      .addColumn("day_votes", "integer", required)
      .addColumn("reliability", "double precision")
      .addPrimaryKeyConstraint("memberships_key", ["project_id", "rater_id"])
      .execute();
    await schema
      .createTable("leases")
      .addColumn("id", "text", key)
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("item_id", "text", of("items.id"))
      .addColumn("rater_id", "text", of("raters.id"))
      .addColumn("state", "text", required)
      .addColumn("turn", "integer", required)
      .addColumn("repeat_shown", "integer", required)
      .addColumn("gold", "integer", required)
      .addColumn("order_json", "text", required)
      .addColumn("guidelines_version", "integer", required)
      .addColumn("created_at", "bigint", required)
      .addColumn("expires_at", "bigint", required)
      .addColumn("reason", "text")
      .addUniqueConstraint("leases_turn", ["project_id", "rater_id", "turn"])
      .execute();
    // The database itself ensures that an item is shown to a rater once, except for hidden repeats and leases that
    // expired or were released.
    await schema
      .createIndex("leases_one_showing")
      .on("leases")
      .columns(["rater_id", "item_id"])
      .unique()
      .where(sql<boolean>`repeat_shown = 0 and state in ('live', 'voted', 'skipped')`)
      .execute();
    await schema
      .createIndex("leases_live")
      .on("leases")
      .columns(["rater_id", "project_id"])
      .where(sql<boolean>`state = 'live'`)
      .execute();
    await schema
      .createIndex("leases_live_item")
      .on("leases")
      .columns(["item_id"])
      .where(sql<boolean>`state = 'live'`)
      .execute();
    await schema
      .createIndex("leases_expiry")
      .on("leases")
      .columns(["expires_at"])
      .where(sql<boolean>`state = 'live'`)
      .execute();
    await schema
      .createTable("drafts")
      .addColumn("lease_id", "text", (c) => key(c).references("leases.id"))
      .addColumn("draft_json", "text", required)
      .addColumn("saved_at", "bigint", required)
      .execute();
    await schema
      .createTable("bookmarks")
      .addColumn("rater_id", "text", of("raters.id"))
      .addColumn("item_id", "text", of("items.id"))
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("note", "text")
      .addColumn("created_at", "bigint", required)
      .addPrimaryKeyConstraint("bookmarks_key", ["rater_id", "item_id"])
      .execute();
    await schema
      .createTable("votes")
      .addColumn("seq", "bigint", key)
      .addColumn("id", "text", (c) => c.notNull().unique())
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("item_id", "text", of("items.id"))
      .addColumn("rater_id", "text", of("raters.id"))
      .addColumn("lease_id", "text", of("leases.id"))
      .addColumn("answer_json", "text", required)
      .addColumn("order_json", "text", required)
      .addColumn("milliseconds", "bigint")
      .addColumn("cast_at", "bigint", required)
      .addColumn("guidelines_version", "integer", required)
      .addColumn("repeat_shown", "integer", required)
      .addColumn("gold", "integer", required)
      .addColumn("corrects", "text", (c) => c.references("votes.id"))
      .addColumn("group_name", "text")
      .addColumn("client", "text")
      .execute();
    await schema.createIndex("votes_project").on("votes").columns(["project_id", "seq"]).execute();
    await schema.createIndex("votes_item").on("votes").columns(["item_id", "seq"]).execute();
    await schema.createIndex("votes_rater").on("votes").columns(["rater_id", "project_id", "seq"]).execute();
    // A vote is corrected at most once; a further correction corrects the correction. The index is partial, so that no
    // search for null uses it.
    await schema
      .createIndex("votes_correction")
      .on("votes")
      .columns(["corrects"])
      .unique()
      .where(sql<boolean>`corrects is not null`)
      .execute();
    // The database itself ensures that a lease has one vote, and that a rater judges an item once except for hidden
    // repeats.
    await schema
      .createIndex("votes_one_a_lease")
      .on("votes")
      .columns(["lease_id"])
      .unique()
      .where(sql<boolean>`corrects is null`)
      .execute();
    await schema
      .createIndex("votes_one_an_item")
      .on("votes")
      .columns(["item_id", "rater_id"])
      .unique()
      .where(sql<boolean>`corrects is null and repeat_shown = 0`)
      .execute();
    await schema
      .createTable("reviews")
      .addColumn("id", "text", key)
      .addColumn("project_id", "text", of("projects.id"))
      .addColumn("vote_id", "text", of("votes.id"))
      .addColumn("lease_id", "text", of("leases.id"))
      .addColumn("filter", "text", required)
      .addColumn("evidence_json", "text", required)
      .addColumn("state", "text", required)
      .addColumn("created_at", "bigint", required)
      .addColumn("decided_at", "bigint")
      .addColumn("decided_by", "text")
      .addColumn("note", "text")
      .addUniqueConstraint("reviews_finding", ["vote_id", "filter"])
      .execute();
    await schema
      .createIndex("reviews_rejected")
      .on("reviews")
      .columns(["lease_id"])
      .where(sql<boolean>`state = 'rejected'`)
      .execute();
    await schema.createIndex("reviews_state").on("reviews").columns(["project_id", "state"]).execute();
    for (const table of ["audit", "audit_checkpoints", "votes"]) await appendOnly(db, engine, table);
  },
};
