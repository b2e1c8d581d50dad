import { sql } from "kysely";
import { z } from "zod";
import type { ItemContent } from "../../../votes/tasks/index.js";
import { diverseItems } from "../../assign/diversity.js";
import { type Selection, selectionValue } from "../../assign/selection.js";
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import { findProject } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";

/** Items read per query, and updated per statement. */
const PAGE = 500;

/**
 * Orders the open items of a project by the value of judging them, computed from the scores of their responses. Items
 * without scores come last.
 *
 * @returns how many items have a value.
 */
export async function prioritise(
  store: StoreContext,
  project: string,
  selection: Selection,
  actor: string,
): Promise<number> {
  await findProject(store, project);
  const values = new Map<string, number>();
  for (let after = 0; ; ) {
    const rows = await store.db
      .selectFrom("items")
      .select(["id", "position", "content_json"])
      .where("project_id", "=", project)
      .where("state", "=", "open")
      .where("gold_json", "is", null)
      .where("position", ">", after)
      .orderBy("position")
      .limit(PAGE)
      .execute();
    for (const { id, content_json } of rows) {
      const value = selectionValue(selection, JSON.parse(content_json) as ItemContent);
      if (value !== undefined) values.set(id, value);
    }
    if (rows.length < PAGE) break;
    after = rows[rows.length - 1].position;
  }
  return store.write(async ({ db, audit }) => {
    await db
      .updateTable("items")
      .set({ priority: -1 })
      .where("project_id", "=", project)
      .where("gold_json", "is", null)
      .execute();
    await updatePriorities(db, project, [...values]);
    audit(actor, "items.prioritised", project, { selection, items: values.size });
    return values.size;
  });
}

/** Most items chosen for diversity; the time grows with this number times the number of all items. */
const MAX_DIVERSE = 300;

/**
 * Puts first the open items that are most valuable to judge and differ from each other. The others follow in order of
 * arrival.
 *
 * @returns how many come first.
 */
export async function prioritiseDiverse(
  store: StoreContext,
  project: string,
  actor: string,
): Promise<number> {
  await findProject(store, project);
  const rows = await store.db
    .selectFrom("items")
    .select(["id", "content_json"])
    .where("project_id", "=", project)
    .where("state", "=", "open")
    .where("gold_json", "is", null)
    .orderBy("position")
    .execute();
  const contents = rows.map(({ content_json }) => JSON.parse(content_json) as ItemContent);
  const first = diverseItems(contents, MAX_DIVERSE);
  return store.write(async ({ db, audit }) => {
    await db
      .updateTable("items")
      .set({ priority: -1 })
      .where("project_id", "=", project)
      .where("gold_json", "is", null)
      .execute();
    await updatePriorities(
      db,
      project,
      first.map((index, at) => [rows[index].id, first.length - at]),
    );
    audit(actor, "items.prioritised", project, { selection: "diversity", items: first.length });
    return first.length;
  });
}

/**
 * Sets the priorities of items; the highest is handed out first.
 *
 * @throws StoreError missing: an item is not in the project.
 */
export async function setPriorities(
  store: StoreContext,
  project: string,
  priorities: ReadonlyMap<string, number>,
  actor: string,
): Promise<void> {
  const checked = check(z.map(z.string(), z.number()), new Map(priorities));
  return store.write(async (write) => {
    await findProject(write, project);
    await updatePriorities(write.db, project, [...checked]);
    write.audit(actor, "items.prioritised", project, { items: checked.size });
  });
}

async function updatePriorities(
  db: Queries,
  project: string,
  priorities: readonly (readonly [id: string, priority: number])[],
): Promise<void> {
  for (let start = 0; start < priorities.length; start += PAGE) {
    const some = priorities.slice(start, start + PAGE);
    const rows = some.map(
      ([id, priority]) => sql`(cast(${id} as text), cast(${priority} as double precision))`,
    );
    const { numAffectedRows = 0n } = await sql`with wanted (id, priority) as (values ${sql.join(rows)})
      update items set priority = wanted.priority from wanted
      where items.id = wanted.id and items.project_id = ${project}`.execute(db);
    if (Number(numAffectedRows) < some.length)
      throw new StoreError("missing", "Some of the items are not in the project.");
  }
}
