/** Projects that were deleted: nobody works in them or sees them, and they can be exported or purged (purge.ts). */
import { sql } from "kysely";
import type { Queries } from "../database/database.js";
import { StoreError } from "../store-error.js";

/** A project that was deleted and not yet purged, with what it still holds. Times are Unix milliseconds. */
export interface DeletedProject {
  id: string;
  name: string;
  createdAt: number;
  items: number;
  votes: number;
}

/**
 * What an export holds of a project, in this order. Invitations, departures, drafts and bookmarks are no part of it.
 */
const EXPORTED = [
  { table: "guidelines", key: ["version"] },
  { table: "items", key: ["position"] },
  { table: "memberships", key: ["rater_id"] },
  { table: "leases", key: ["id"] },
  { table: "votes", key: ["seq"] },
  { table: "reviews", key: ["id"] },
  { table: "training_answers", key: ["rater_id", "item_id"] },
] as const;
/** Rows read per query. */
const PAGE = 500;

/** A line of an export: a row as the database has it, with the name of its table. */
export interface ExportedRow {
  table: string;
  row: Record<string, string | number | null>;
}

/** Deleted projects that were not purged, in the order in which they were made. */
export async function listDeletedProjects({ db }: { db: Queries }): Promise<DeletedProject[]> {
  const rows = await db
    .selectFrom("projects")
    .select(["id", "name", "created_at"])
    .select((eb) => [
      eb
        .selectFrom("items")
        .select(eb.fn.countAll<number>().as("n"))
        .whereRef("items.project_id", "=", "projects.id")
        .as("items"),
      eb
        .selectFrom("votes")
        .select(eb.fn.countAll<number>().as("n"))
        .whereRef("votes.project_id", "=", "projects.id")
        .as("votes"),
    ])
    .where("state", "=", "deleted")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(({ id, name, created_at, items, votes }) => ({
    id,
    name,
    createdAt: created_at,
    items: items ?? 0,
    votes: votes ?? 0,
  }));
}

/** @throws StoreError missing: there is no project with this id that was deleted. */
export async function findDeletedProject({ db }: { db: Queries }, id: string): Promise<void> {
  const row = await db.selectFrom("projects").select("state").where("id", "=", id).executeTakeFirst();
  if (row?.state !== "deleted")
    throw new StoreError(
      "missing",
      `There is no deleted project ${id}.`,
      row && "It was not deleted: that comes first.",
    );
}

/**
 * Everything that a deleted project holds of work, row by row: the project itself, guidelines, items, pseudonyms of its
 * raters, what each was shown, votes and reviews.
 */
export async function* exportDeletedProject(
  { db }: { db: Queries },
  id: string,
): AsyncGenerator<ExportedRow> {
  const project = await db.selectFrom("projects").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  yield { table: "projects", row: project };
  for (const { table, key } of EXPORTED) {
    const columns = sql.join(key.map((column) => sql.id(column)));
    for (let last: unknown[] | undefined; ; ) {
      const { rows } = await sql<ExportedRow["row"]>`select * from ${sql.id(table)} where project_id = ${id}
        ${last === undefined ? sql`` : sql`and (${columns}) > (${sql.join(last)})`}
        order by ${columns} limit ${sql.lit(PAGE)}`.execute(db);
      for (const row of rows) yield { table, row };
      if (rows.length < PAGE) break;
      const [end] = rows.slice(-1);
      last = key.map((column) => end[column]);
    }
  }
}
