import type { Migration } from "./migration.js";

/** What leads said that the columns of a project's files are, for the next file with the same columns. */
export const importColumns: Migration = {
  name: "0009-import-columns",
  tables: [{ name: "import_columns", key: ["project_id", "columns_hash"] }],
  async up({ schema }) {
    await schema
      .createTable("import_columns")
      .addColumn("project_id", "text", (c) => c.notNull().references("projects.id"))
      .addColumn("columns_hash", "text", (c) => c.notNull())
      .addColumn("columns_json", "text", (c) => c.notNull())
      .addColumn("choices_json", "text", (c) => c.notNull())
      .addColumn("saved_at", "bigint", (c) => c.notNull())
      .addPrimaryKeyConstraint("import_columns_key", ["project_id", "columns_hash"])
      .execute();
  },
};
