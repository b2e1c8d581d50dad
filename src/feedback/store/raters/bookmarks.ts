import { check } from "../check.js";
import { storedText } from "../ids.js";
import { leaseOfShowing, showingId } from "../items/showings.js";
import { workingMember } from "../projects/members.js";
import { findProject } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";

/** An item that a rater marked to come back to. Times are Unix milliseconds. */
export interface Bookmark {
  /** The item as the rater was told of it (items/showings.ts). */
  showing: string;
  note?: string;
  createdAt: number;
}

/**
 * Bookmarks what a rater was shown; the note replaces an earlier one.
 *
 * @throws StoreError missing: the rater was never shown it; forbidden: the rater does not work in the project now.
 */
export async function addBookmark(
  store: StoreContext,
  { rater, showing, note }: { rater: string; showing: string; note?: string },
): Promise<void> {
  const text = note === undefined ? null : check(storedText(2000), note);
  return store.write(async ({ db, now }) => {
    const lease = await leaseOfShowing(db, rater, showing);
    if (lease === undefined) throw new StoreError("missing", `The rater was not shown ${showing}.`);
    const { item_id, repeat_shown, project_id } = lease;
    await findProject({ db }, project_id);
    await workingMember(db, project_id, rater);
    await db
      .insertInto("bookmarks")
      .values({ rater_id: rater, item_id, repeat_shown, project_id, note: text, created_at: now })
      .onConflict((conflict) =>
        conflict.columns(["rater_id", "item_id", "repeat_shown"]).doUpdateSet({ note: text }),
      )
      .execute();
  });
}

export async function removeBookmark(store: StoreContext, rater: string, showing: string): Promise<void> {
  await store.write(async ({ db }) => {
    const lease = await leaseOfShowing(db, rater, showing);
    if (lease === undefined) return;
    await db
      .deleteFrom("bookmarks")
      .where("rater_id", "=", rater)
      .where("item_id", "=", lease.item_id)
      .where("repeat_shown", "=", lease.repeat_shown)
      .execute();
  });
}

/** A rater's bookmarks in a project, newest first. */
export async function listBookmarks(
  { db }: StoreContext,
  project: string,
  rater: string,
): Promise<Bookmark[]> {
  const rows = await db
    .selectFrom("bookmarks")
    .innerJoin("leases", (join) =>
      join
        .onRef("leases.rater_id", "=", "bookmarks.rater_id")
        .onRef("leases.item_id", "=", "bookmarks.item_id")
        .onRef("leases.repeat_shown", "=", "bookmarks.repeat_shown"),
    )
    .select(["leases.id", "bookmarks.item_id", "bookmarks.repeat_shown"])
    .select(["bookmarks.note", "bookmarks.created_at"])
    .where("bookmarks.project_id", "=", project)
    .where("bookmarks.rater_id", "=", rater)
    .orderBy("bookmarks.created_at", "desc")
    .orderBy("leases.turn")
    .execute();
  const firsts = new Map<string, Bookmark>();
  for (const { id, item_id, repeat_shown, note, created_at } of rows) {
    const key = `${item_id} ${repeat_shown}`;
    if (firsts.has(key)) continue;
    firsts.set(key, {
      showing: showingId(id),
      ...(note !== null && { note }),
      createdAt: created_at,
    });
  }
  return [...firsts.values()];
}
