import type { ColumnDefinitionBuilder } from "kysely";
import type { Migration } from "./migration.js";

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const key = (column: ColumnDefinitionBuilder) => column.primaryKey().notNull();
const unique = (column: ColumnDefinitionBuilder) => column.notNull().unique();
/** Refers to an account; the row is deleted with it. */
const ofAccount = (column: ColumnDefinitionBuilder) =>
  column.notNull().references("accounts.id").onDelete("cascade");

/** Accounts, sessions, API keys, invitations, and the staff of projects. */
export const accounts: Migration = {
  name: "0002-accounts",
  tables: [
    { name: "accounts", key: ["id"] },
    { name: "sessions", key: ["id"] },
    { name: "api_keys", key: ["id"] },
    { name: "invitations", key: ["id"] },
    { name: "staff", key: ["project_id", "account_id"] },
  ],
  async up({ schema }) {
    await schema
      .createTable("accounts")
      .addColumn("id", "text", key)
      .addColumn("rater_id", "text", (c) => unique(c).references("people.rater_id").onDelete("cascade"))
      .addColumn("login", "text", unique)
      .addColumn("password_hash", "text", required)
      .addColumn("role", "text", required)
      .addColumn("state", "text", required)
      .addColumn("totp_secret", "text")
      .addColumn("totp_confirmed", "integer", required)
      .addColumn("totp_step", "bigint", required)
      .addColumn("created_at", "bigint", required)
      .execute();
    await schema
      .createTable("sessions")
      .addColumn("id", "text", key)
      .addColumn("token_hash", "text", unique)
      .addColumn("account_id", "text", ofAccount)
      .addColumn("created_at", "bigint", required)
      .addColumn("seen_at", "bigint", required)
      .addColumn("expires_at", "bigint", required)
      .addColumn("client", "text")
      .execute();
    await schema.createIndex("sessions_account").on("sessions").columns(["account_id"]).execute();
    await schema.createIndex("sessions_expiry").on("sessions").columns(["expires_at"]).execute();
    await schema
      .createTable("api_keys")
      .addColumn("id", "text", key)
      .addColumn("key_hash", "text", unique)
      .addColumn("prefix", "text", required)
      .addColumn("account_id", "text", ofAccount)
      .addColumn("name", "text", required)
      .addColumn("scopes_json", "text", required)
      .addColumn("created_at", "bigint", required)
      .addColumn("expires_at", "bigint")
      .execute();
    await schema.createIndex("api_keys_account").on("api_keys").columns(["account_id"]).execute();
    await schema
      .createTable("invitations")
      .addColumn("id", "text", key)
      .addColumn("token_hash", "text", unique)
      .addColumn("role", "text", required)
      .addColumn("project_id", "text", (c) => c.references("projects.id"))
      .addColumn("group_name", "text")
      .addColumn("created_by", "text", required)
      .addColumn("created_at", "bigint", required)
      .addColumn("expires_at", "bigint", required)
      .addColumn("used_at", "bigint")
      .execute();
    await schema
      .createIndex("invitations_project")
      .on("invitations")
      .columns(["project_id", "created_at"])
      .execute();
    await schema
      .createTable("staff")
      .addColumn("project_id", "text", (c) => c.notNull().references("projects.id"))
      .addColumn("account_id", "text", ofAccount)
      .addColumn("created_at", "bigint", required)
      .addPrimaryKeyConstraint("staff_key", ["project_id", "account_id"])
      .execute();
    await schema.createIndex("staff_account").on("staff").columns(["account_id"]).execute();
  },
};
