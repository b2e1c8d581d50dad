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

/** Items read per query, and looked up per statement. */
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
  await reorder(store, project, values);
  await store.write(async ({ audit }) => {
    audit(actor, "items.prioritised", project, { selection, items: values.size });
  });
  return values.size;
}

/** Items looked at, and at most changed, in one write, which holds up others' writes for some milliseconds. */
const PIECE = 100;

/**
 * Gives every item that is no gold item its priority among the values, or -1. Only items whose priority changes are
 * written (and told of in the log), in pieces, between which raters' requests are answered.
 */
async function reorder(
  store: StoreContext,
  project: string,
  values: ReadonlyMap<string, number>,
): Promise<void> {
  for (let after = 0; ; ) {
    const rows = await store.db
      .selectFrom("items")
      .select(["id", "position", "priority"])
      .where("project_id", "=", project)
      .where("gold_json", "is", null)
      .where("position", ">", after)
      .orderBy("position")
      .limit(PIECE)
      .execute();
    const changed = rows.flatMap(({ id, priority }): [string, number][] => {
      const wanted = values.get(id) ?? -1;
      return wanted === priority ? [] : [[id, wanted]];
    });
    if (changed.length > 0) await store.write(({ db }) => updatePriorities(db, project, changed));
    if (rows.length < PIECE) return;
    after = rows[rows.length - 1].position;
  }
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
  await reorder(store, project, new Map(first.map((index, at) => [rows[index].id, first.length - at])));
  await store.write(async ({ audit }) => {
    audit(actor, "items.prioritised", project, { selection: "diversity", items: first.length });
  });
  return first.length;
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
  const checked = [...check(z.map(z.string(), z.number()), new Map(priorities))];
  await findProject(store, project);
  for (let start = 0; start < checked.length; start += PAGE) {
    const ids = checked.slice(start, start + PAGE).map(([id]) => id);
    const { n } = await store.db
      .selectFrom("items")
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .where("project_id", "=", project)
      .where("id", "in", ids)
      .executeTakeFirstOrThrow();
    if (Number(n) < ids.length) throw new StoreError("missing", "Some of the items are not in the project.");
  }
  for (let start = 0; start < checked.length; start += PIECE)
    await store.write(({ db }) => updatePriorities(db, project, checked.slice(start, start + PIECE)));
  await store.write(async (write) => {
    write.audit(actor, "items.prioritised", project, { items: checked.length });
  });
}

/** @param priorities of at most PIECE items. */
async function updatePriorities(
  db: Queries,
  project: string,
  priorities: readonly (readonly [id: string, priority: number])[],
): Promise<void> {
  const rows = priorities.map(
    ([id, priority]) => sql`(cast(${id} as text), cast(${priority} as double precision))`,
  );
  await sql`with wanted (id, priority) as (values ${sql.join(rows)})
    update items set priority = wanted.priority from wanted
    where items.id = wanted.id and items.project_id = ${project}`.execute(db);
}
