/**
 * Deleting all rows of a deleted project for good. The audit log keeps its entries, which hold ids, times, settings and
 * hashes, but no item, no answer and no word that a person wrote.
 */
import { sql } from "kysely";
import { deleteTexts } from "../audit/texts.js";
import type { Queries } from "../database/database.js";
import { migrations } from "../database/migrations/index.js";
import { oweScrub } from "../database/scrub.js";
import type { StoreContext } from "../store-context.js";
import { findDeletedProject } from "./deleted-projects.js";

/** The entry from which on rows of a project may be missing. */
export const PURGE_BEGUN = "project.purge-begun";
/** Rows deleted per write, so that raters' votes come in between. */
const TOGETHER = 500;

/**
 * Deletes a deleted project with its items, votes and all else, in many small writes; one that was interrupted goes on
 * when it is called again. In a SQLite file what was deleted is overwritten.
 *
 * @returns the number of rows.
 * @throws StoreError missing: there is no project with this id that was deleted.
 */
export async function purgeProject(store: StoreContext, id: string, actor: string): Promise<number> {
  await store.write(async (write) => {
    await findDeletedProject(write, id);
    write.audit(actor, PURGE_BEGUN, id);
    await oweScrub(write.db);
  });
  let rows = 0;
  for (const { name, key } of await tablesOfProjects(store.db)) {
    for (let deleted = TOGETHER; deleted === TOGETHER; rows += deleted)
      deleted = await store.write(({ db }) => deleteSome(db, name, key, id));
  }
  await store.write(async ({ db, audit }) => {
    await deleteTexts(
      db,
      ({ subject, details_json }) =>
        subject === id || (JSON.parse(details_json) as { project?: string }).project === id,
    );
    await db.deleteFrom("projects").where("id", "=", id).execute();
    audit(actor, "project.purged", id, { rows: rows + 1 });
  });
  await store.scrub();
  return rows + 1;
}

/** Deletes up to TOGETHER rows of a project, the last by key first, as corrections come after what they correct. */
async function deleteSome(
  db: Queries,
  table: string,
  key: readonly string[],
  project: string,
): Promise<number> {
  const columns = sql.join(key.map((column) => sql.id(column)));
  const last = sql.join(key.map((column) => sql`${sql.id(column)} desc`));
  const own =
    table === "drafts"
      ? sql`lease_id in (select id from leases where project_id = ${project})`
      : sql`project_id = ${project}`;
  const { numAffectedRows = 0n } = await sql`delete from ${sql.id(table)} where (${columns}) in
    (select ${columns} from ${sql.id(table)} where ${own} order by ${last} limit ${sql.lit(TOGETHER)})`.execute(
    db,
  );
  return Number(numAffectedRows);
}

/** The tables whose rows belong to a project, each before those that it refers to. */
async function tablesOfProjects(db: Queries): Promise<{ name: string; key: readonly string[] }[]> {
  const present = await db.introspection.getTables();
  const owned = new Set(
    present
      .filter(
        ({ name, columns }) => name === "drafts" || columns.some((column) => column.name === "project_id"),
      )
      .map(({ name }) => name),
  );
  const keys = new Map(migrations.flatMap(({ tables }) => tables).map(({ name, key }) => [name, key]));
  return [...keys]
    .reverse()
    .filter(([name]) => owned.has(name))
    .map(([name, key]) => ({ name, key }));
}
