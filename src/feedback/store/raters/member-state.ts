/** Stops and resumes a rater's work in a project. */
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { storedText } from "../ids.js";
import { releaseOfRater } from "../items/held-leases.js";
import { recountItems } from "../items/recount.js";
import { decideItems } from "../items/stopping.js";
import { findProject } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";

/** paused: no new work, but votes count. excluded: no work, and votes do not count until the rater is active again. */
export const MEMBER_STATES = ["active", "paused", "excluded"] as const;
/** Whether a rater may work in a project. */
export type MemberState = (typeof MEMBER_STATES)[number];

/** Items recounted per query. */
const TOGETHER = 500;

/**
 * Pauses, excludes or reactivates a rater. Pausing and excluding release the rater's leases. Affected items are decided
 * and recounted again. The audit log records the reason.
 *
 * @param reason shown to the rater; required to pause and to exclude.
 * @throws StoreError missing: no such project or member; invalid: the reason is missing.
 */
export async function setMemberState(
  store: StoreContext,
  {
    project: id,
    rater,
    state,
    reason,
  }: { project: string; rater: string; state: MemberState; reason?: string },
  actor: string,
): Promise<void> {
  const told = reason === undefined || state === "active" ? null : check(storedText(2000), reason);
  if (state !== "active" && !told?.trim())
    throw new StoreError("invalid", "reason: required; the rater will see it.");
  return store.write(async (write) => {
    const { db, audit } = write;
    const project = await findProject(write, id);
    const before = await findMember(db, id, rater);
    if (before.state === state && before.state_reason === told) return;
    await db
      .updateTable("memberships")
      .set({ state, state_reason: told })
      .where("project_id", "=", id)
      .where("rater_id", "=", rater)
      .execute();
    if (state !== "active") await releaseOfRater(write, rater, id);
    const items =
      (before.state === "excluded") === (state === "excluded") ? [] : await votedItems(db, id, rater);
    for (let start = 0; start < items.length; start += TOGETHER) {
      const some = items.slice(start, start + TOGETHER);
      await decideItems(write, project, some);
      await recountItems(db, some);
    }
    const details = { project: id, from: before.state, to: state };
    audit(actor, "member.state", rater, details, { reason: told });
  });
}

/** @throws StoreError missing: the rater is not in the project, or has left it. */
export async function findMember(
  db: Queries,
  project: string,
  rater: string,
): Promise<Tables["memberships"]> {
  const row = await db
    .selectFrom("memberships")
    .selectAll()
    .where("project_id", "=", project)
    .where("rater_id", "=", rater)
    .where("state", "!=", "left")
    .executeTakeFirst();
  if (row === undefined) throw new StoreError("missing", `${rater} is not in the project.`);
  return row;
}

async function votedItems(db: Queries, project: string, rater: string): Promise<string[]> {
  const rows = await db
    .selectFrom("votes")
    .select("item_id")
    .distinct()
    .where("rater_id", "=", rater)
    .where("project_id", "=", project)
    .execute();
  return rows.map(({ item_id }) => item_id);
}
