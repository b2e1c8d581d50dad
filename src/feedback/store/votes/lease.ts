import { z } from "zod";
import { groupBy } from "../../../base/group-by.js";
import type { ItemContent } from "../../../votes/tasks/index.js";
import type { Queries } from "../database/database.js";
import { among } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import { showingsOf } from "../items/showings.js";

/** Most leases that a rater can hold in a project at once: the item on the screen and those fetched ahead. */
export const MAX_LEASES = 5;

export const LeaseRequest = z.object({
  project: z.string().max(64),
  rater: z.string().max(64),
  count: z
    .int()
    .min(1)
    .max(MAX_LEASES)
    .default(1)
    .describe("How many items the rater wants to hold: 2 means one to judge and the next one"),
});
export type LeaseRequest = z.input<typeof LeaseRequest>;

/**
 * What a rater is shown. Nothing but `item` reveals whether an item is gold or a repeat, or where a response came from.
 */
export interface Lease {
  id: string;
  /** The item's own id, which raters are not told. */
  item: string;
  /** What raters are told instead (items/showings.ts). */
  showing: string;
  prompt: ItemContent["prompt"];
  /** Texts in screen order. */
  responses: string[];
  guidelinesVersion: number;
  createdAt: number;
  expiresAt: number;
  /** The saved draft of an answer not yet given. */
  draft?: unknown;
}

/** Reasons for giving fewer leases than requested. */
export const NO_LEASE = ["no-items", "day-quota", "project-quota", "training", "paused", "excluded"] as const;

/** The leases that a rater holds, oldest first, and the reason if there are fewer than requested. */
export interface LeaseAnswer {
  leases: Lease[];
  /**
   * no-items: nothing is left for this rater now. day-quota, project-quota: the rater has reached a quota. training:
   * the rater must finish training first. paused, excluded: a lead has stopped the rater's work.
   */
  none?: (typeof NO_LEASE)[number];
  /** For paused and excluded: a message for the rater. */
  why?: string;
}

/** Leases as raters see them. */
export async function shownLeases(db: Queries, rows: readonly Tables["leases"][]): Promise<Lease[]> {
  if (rows.length === 0) return [];
  const items = await db
    .selectFrom("items")
    .select(["id", "content_json"])
    .where(
      among(
        db,
        "id",
        rows.map((row) => row.item_id),
      ),
    )
    .execute();
  const drafts = await db
    .selectFrom("drafts")
    .selectAll()
    .where(
      among(
        db,
        "lease_id",
        rows.map((row) => row.id),
      ),
    )
    .execute();
  const showings = await showingsOf(
    db,
    rows.map((row) => row.id),
  );
  const contents = new Map(items.map(({ id, content_json }) => [id, content_json]));
  const drafted = groupBy(drafts, ({ lease_id }) => lease_id);
  return rows.map((row) => {
    const { prompt, responses } = JSON.parse(contents.get(row.item_id) ?? "") as ItemContent;
    const order = JSON.parse(row.order_json) as number[];
    const draft = drafted.get(row.id)?.[0];
    return {
      id: row.id,
      item: row.item_id,
      showing: showings.get(row.id) as string,
      prompt,
      responses: order.map((index) => responses[index].text),
      guidelinesVersion: row.guidelines_version,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      ...(draft && { draft: JSON.parse(draft.draft_json) as unknown }),
    };
  });
}
