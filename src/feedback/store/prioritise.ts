import { type Selection, selectionValue } from "../assign/selection.js";
import type { ItemContent } from "../tasks/index.js";
import { findProject } from "./projects.js";
import type { Store } from "./store.js";

/** Items read at once. */
const PAGE = 500;

/**
 * Orders the open items of a project by what their votes are worth, from the scores that their responses carry; those without
 * scores come last.
 *
 * @returns how many items have a value.
 */
export async function prioritise(
  store: Store,
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
  const without = { priority: -1 };
  return store.write(async ({ db, audit }) => {
    await db
      .updateTable("items")
      .set(without)
      .where("project_id", "=", project)
      .where("gold_json", "is", null)
      .execute();
    for (const [id, priority] of values)
      await db.updateTable("items").set({ priority }).where("id", "=", id).execute();
    audit(actor, "items.prioritised", project, { selection, items: values.size });
    return values.size;
  });
}
