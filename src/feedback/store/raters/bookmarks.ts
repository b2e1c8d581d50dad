import { check } from "../check.js";
import { storedText } from "../ids.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";

export interface Bookmark {
  item: string;
  note?: string;
  createdAt: number;
}

/**
 * Bookmarks an item; the note replaces an earlier one. @throws StoreError missing: the rater was never shown the item.
 */
export async function addBookmark(
  store: StoreContext,
  { rater, item, note }: { rater: string; item: string; note?: string },
): Promise<void> {
  const text = note === undefined ? null : check(storedText(2000), note);
  return store.write(async ({ db, now }) => {
    const lease = await db
      .selectFrom("leases")
      .select("project_id")
      .where("rater_id", "=", rater)
      .where("item_id", "=", item)
      .executeTakeFirst();
    if (lease === undefined) throw new StoreError("missing", `The rater was not shown ${item}.`);
    await db
      .insertInto("bookmarks")
      .values({
        rater_id: rater,
        item_id: item,
        project_id: lease.project_id,
        note: text,
        created_at: now,
      })
      .onConflict((conflict) => conflict.columns(["rater_id", "item_id"]).doUpdateSet({ note: text }))
      .execute();
  });
}

export async function removeBookmark(store: StoreContext, rater: string, item: string): Promise<void> {
  await store.write(({ db }) =>
    db.deleteFrom("bookmarks").where("rater_id", "=", rater).where("item_id", "=", item).execute(),
  );
}

/** A rater's bookmarks in a project, newest first. */
export async function listBookmarks(
  { db }: StoreContext,
  project: string,
  rater: string,
): Promise<Bookmark[]> {
  const rows = await db
    .selectFrom("bookmarks")
    .selectAll()
    .where("project_id", "=", project)
    .where("rater_id", "=", rater)
    .orderBy("created_at", "desc")
    .orderBy("item_id")
    .execute();
  return rows.map(({ item_id, note, created_at }) => ({
    item: item_id,
    ...(note !== null && { note }),
    createdAt: created_at,
  }));
}
