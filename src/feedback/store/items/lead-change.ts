import type { Write } from "../audit/writer.js";
import type { Tables } from "../database/tables.js";
import { findProject } from "../projects/projects.js";
import { StoreError } from "../store-error.js";
import { recountItems } from "./recount.js";
import { decideItems } from "./stopping.js";

/** An item that a lead is about to change. @throws StoreError missing: there is none, or its project was deleted. */
export async function itemToChange({ db }: Pick<Write, "db">, id: string): Promise<Tables["items"]> {
  const row = await db.selectFrom("items").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new StoreError("missing", `There is no item ${id}.`);
  await findProject({ db }, row.project_id);
  return row;
}

/** Notes when an item was changed, and brings its state and counts up to date; to be called after every such change. */
export async function itemChanged(write: Write, { id, project_id }: Tables["items"]): Promise<void> {
  await write.db.updateTable("items").set({ changed_at: write.now }).where("id", "=", id).execute();
  await decideItems(write, await findProject(write, project_id), [id]);
  await recountItems(write.db, [id]);
}
