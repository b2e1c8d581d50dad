import { sha256 } from "../../../base/sha256.js";
import type { StoreContext } from "../store-context.js";

/** What a lead said that the columns of a file are: roles by the column's name, for a file with these columns, sorted. */
export interface SavedColumns {
  columns: string[];
  choices: Record<string, string>;
}

/** Most files of different columns that a project remembers. */
const MAX_SAVED = 50;

/** What was said of the columns of a project's files, the newest first. */
export async function savedColumns(
  { db }: Pick<StoreContext, "db">,
  project: string,
): Promise<SavedColumns[]> {
  const rows = await db
    .selectFrom("import_columns")
    .select(["columns_json", "choices_json"])
    .where("project_id", "=", project)
    .orderBy("saved_at", "desc")
    .execute();
  return rows.map(({ columns_json, choices_json }) => ({
    columns: JSON.parse(columns_json) as string[],
    choices: JSON.parse(choices_json) as Record<string, string>,
  }));
}

/**
 * Remembers what a file's columns are, instead of what was said of the same columns before; with no choices, that is
 * forgotten. A project keeps the newest 50.
 */
export async function saveColumns(
  store: StoreContext,
  project: string,
  { columns, choices }: SavedColumns,
): Promise<void> {
  const columns_hash = sha256(JSON.stringify(columns));
  await store.write(async ({ db, now }) => {
    const own = db.deleteFrom("import_columns").where("project_id", "=", project);
    await own.where("columns_hash", "=", columns_hash).execute();
    if (Object.keys(choices).length === 0) return;
    await db
      .insertInto("import_columns")
      .values({
        ...{ project_id: project, columns_hash, saved_at: now },
        ...{ columns_json: JSON.stringify(columns), choices_json: JSON.stringify(choices) },
      })
      .execute();
    const kept = db
      .selectFrom("import_columns")
      .select("columns_hash")
      .where("project_id", "=", project)
      .orderBy("saved_at", "desc")
      .limit(MAX_SAVED);
    await own.where("columns_hash", "not in", kept).execute();
  });
}
