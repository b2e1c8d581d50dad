/** Takes items back from raters who hold them; if they may have them again, they get them where they left off. */

import type { Write } from "../audit/writer.js";
import { among } from "../database/sets.js";
import { recountItems } from "./recount.js";

/** Releases the live leases of a rater, in one project or in all. */
export async function releaseOfRater(write: Write, rater: string, project?: string): Promise<void> {
  const live = await write.db
    .selectFrom("leases")
    .select(["id", "item_id"])
    .where("state", "=", "live")
    .where("rater_id", "=", rater)
    .$if(project !== undefined, (query) => query.where("project_id", "=", project as string))
    .execute();
  await release(write, live);
}

/** Releases the live leases of an item. */
export async function releaseOfItem(write: Write, item: string): Promise<void> {
  const live = await write.db
    .selectFrom("leases")
    .select(["id", "item_id"])
    .where("state", "=", "live")
    .where("item_id", "=", item)
    .execute();
  await release(write, live);
}

/** Releases what a rater holds of items that are for other groups than the rater's. */
export async function releaseForeign(
  write: Write,
  { project, rater, group }: { project: string; rater: string; group: string | null },
): Promise<void> {
  const live = await write.db
    .selectFrom("leases")
    .innerJoin("items", "items.id", "leases.item_id")
    .select(["leases.id", "leases.item_id"])
    .where("leases.state", "=", "live")
    .where("leases.rater_id", "=", rater)
    .where("leases.project_id", "=", project)
    .where("items.audience", "is not", null)
    .$if(group !== null, (query) => query.where("items.audience", "!=", group))
    .execute();
  await release(write, live);
}

async function release({ db }: Write, leases: readonly { id: string; item_id: string }[]): Promise<void> {
  if (leases.length === 0) return;
  await db
    .updateTable("leases")
    .set({ state: "taken" })
    .where(
      among(
        db,
        "id",
        leases.map(({ id }) => id),
      ),
    )
    .execute();
  await recountItems(db, [...new Set(leases.map(({ item_id }) => item_id))]);
}
