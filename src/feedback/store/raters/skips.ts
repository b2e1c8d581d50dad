import type { Queries } from "../database/database.js";

/** An item that a rater skipped. Times are Unix milliseconds. */
export interface Skip {
  item: string;
  rater: string;
  /** The reason's name, as `SkipRequest` has it. */
  reason: string;
  /** The rater's own words. */
  note?: string;
  at: number;
}

/** The reason by which a rater says that an item distresses. */
const DISTRESS = "harmful";

/** Skips of a project, those of distress first, then the newest. When an item was taken stands for when it was skipped. */
export async function listSkips({ db }: { db: Queries }, project: string, limit: number): Promise<Skip[]> {
  const rows = await db
    .selectFrom("leases")
    .select(["item_id", "rater_id", "reason", "created_at"])
    .where("project_id", "=", project)
    .where("state", "=", "skipped")
    .orderBy((eb) => eb.case().when("reason", "like", `${DISTRESS}%`).then(0).else(1).end())
    .orderBy("created_at", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ item_id, rater_id, reason, created_at }) => {
    const [name, ...words] = (reason ?? "other").split(": ");
    const note = words.join(": ");
    return { item: item_id, rater: rater_id, reason: name, ...(note && { note }), at: created_at };
  });
}
