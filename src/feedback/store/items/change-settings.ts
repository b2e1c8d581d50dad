/** Changes how a project's items are handed out, those that it has included. */
import { sql } from "kysely";
import type { z } from "zod";
import { canonicalJson } from "../../../base/canonical-json.js";
import { AssignmentSettings } from "../../assign/settings.js";
import type { Write } from "../audit/writer.js";
import { check } from "../check.js";
import { findProject, type Project } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { recountItems } from "./recount.js";
import { decideAnew } from "./stopping.js";

/** Items decided anew in one write, so that raters get their turn in between. */
const TOGETHER = 200;

/** What changes; null lifts a setting that need not be there, such as a quota. */
export type SettingsChange = {
  [Name in keyof z.input<typeof AssignmentSettings>]?: z.input<typeof AssignmentSettings>[Name] | null;
};

/**
 * Changes how items are handed out from now on. Items that have the project's overlap get the new one: a higher one
 * asks for more votes, also of items that had enough. Items that were given another overlap keep it. With another rule
 * for stopping early, or none, it is decided anew which items need no more votes.
 *
 * @throws StoreError missing, invalid
 */
export async function changeSettings(
  store: StoreContext,
  id: string,
  change: SettingsChange,
  actor: string,
): Promise<Project> {
  const { before, project } = await store.write(async (write) => {
    const before = await findProject(write, id);
    const wanted = Object.entries({ ...before.settings, ...change }).filter(([, value]) => value !== null);
    const settings = check(AssignmentSettings, Object.fromEntries(wanted));
    await write.db
      .updateTable("projects")
      .set({ settings_json: JSON.stringify(settings) })
      .where("id", "=", id)
      .execute();
    write.audit(actor, "project.settings", id, { settings });
    if (settings.overlap !== before.settings.overlap)
      await changeOverlap(write, id, before.settings.overlap, settings.overlap, actor);
    return { before, project: { ...before, settings } };
  });
  const [old, fresh] = [before, project].map(({ settings }) => canonicalJson(settings.stop ?? null));
  if (old !== fresh) await decideAll(store, id);
  return project;
}

async function changeOverlap(
  { db, audit }: Write,
  project: string,
  from: number,
  to: number,
  actor: string,
): Promise<void> {
  const changed = await db
    .updateTable("items")
    .set({
      overlap: to,
      available: sql<number>`case when state = 'open' and gold_json is null and votes + leases < ${to}
        then 1 else 0 end`,
    })
    .where("project_id", "=", project)
    .where("overlap", "=", from)
    .executeTakeFirst();
  audit(actor, "items.overlap", project, { from, to, items: Number(changed.numUpdatedRows) });
}

/** Decides every judged item by the project's present rule. */
async function decideAll(store: StoreContext, id: string): Promise<void> {
  for (let after = 0; ; ) {
    const rows = await store.db
      .selectFrom("items")
      .select(["id", "position"])
      .where("project_id", "=", id)
      .where("state", "in", ["open", "decided"])
      .where("votes", ">", 0)
      .where("position", ">", after)
      .orderBy("position")
      .limit(TOGETHER)
      .execute();
    const ids = rows.map((row) => row.id);
    if (ids.length > 0)
      await store.write(async (write) => {
        await decideAnew(write, await findProject(write, id), ids);
        await recountItems(write.db, ids);
      });
    if (rows.length < TOGETHER) return;
    after = rows[rows.length - 1].position;
  }
}
