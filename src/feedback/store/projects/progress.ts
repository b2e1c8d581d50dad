import { sql } from "kysely";
import type { StoreContext } from "../store-context.js";
import { dayOf } from "./members.js";
import { findProject } from "./projects.js";

/** Progress of a project, and of one rater in it. */
export interface Progress {
  /** Items to judge, without gold and withdrawn ones. */
  items: number;
  /** Items that are decided, or have all the votes wanted. */
  done: number;
  /** Judgements that count; `wanted` is their number if no item is decided early. */
  votes: number;
  wanted: number;
  /** The rater's votes in all and today (UTC), including gold items and repeats. */
  own?: { votes: number; today: number };
}

/** @throws StoreError missing */
export async function progress(store: StoreContext, projectId: string, rater?: string): Promise<Progress> {
  await findProject(store, projectId);
  const all = await store.db
    .selectFrom("items")
    .select((eb) => [
      eb.fn.countAll<number>().as("items"),
      sql<number>`coalesce(sum(case when state = 'decided' or votes >= overlap then 1 else 0 end), 0)`.as(
        "done",
      ),
      sql<number>`coalesce(sum(votes), 0)`.as("votes"),
      sql<number>`coalesce(sum(overlap), 0)`.as("wanted"),
    ])
    .where("project_id", "=", projectId)
    .where("state", "!=", "withdrawn")
    .where("gold_json", "is", null)
    .executeTakeFirstOrThrow();
  return { ...all, ...(rater !== undefined && (await ownProgress(store, projectId, rater))) };
}

/** The part of the progress that is a rater's; nothing for those who never joined. */
export async function ownProgress(
  { db, clock }: StoreContext,
  projectId: string,
  rater: string,
): Promise<Pick<Progress, "own">> {
  const own = await db
    .selectFrom("memberships")
    .select(["votes", "day", "day_votes"])
    .where("project_id", "=", projectId)
    .where("rater_id", "=", rater)
    .executeTakeFirst();
  if (own === undefined) return {};
  return { own: { votes: own.votes, today: own.day === dayOf(clock()) ? own.day_votes : 0 } };
}
