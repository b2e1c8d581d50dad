import type { AssignmentSettings } from "../../assign/settings.js";
import type { Write } from "../audit/writer.js";
import type { Queries } from "../database/database.js";
import { among } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import { StoreError } from "../store-error.js";

/** A rater's membership of a project, with the rater's languages. */
export type Member = Tables["memberships"] & { languages: string[] };

const DAY = 86_400_000;

/** Days since 1970 (UTC). */
export function dayOf(time: number): number {
  return Math.floor(time / DAY);
}

/**
 * The memberships of those raters who are in the project, by rater, including paused and excluded ones. Who left, was
 * forgotten, or whose account is shut out is in no project.
 */
export async function presentMembers(
  db: Queries,
  project: string,
  raters: readonly string[],
): Promise<Map<string, Member>> {
  const rows = await db
    .selectFrom("memberships")
    .innerJoin("raters", "raters.id", "memberships.rater_id")
    .leftJoin("accounts", "accounts.rater_id", "memberships.rater_id")
    .selectAll("memberships")
    .select("raters.languages_json")
    .where("memberships.project_id", "=", project)
    .where(among(db, "memberships.rater_id", raters))
    .where("memberships.state", "in", ["active", "paused", "excluded"])
    .where("raters.state", "=", "active")
    .where((eb) => eb.or([eb("accounts.state", "is", null), eb("accounts.state", "=", "active")]))
    .execute();
  return new Map(
    rows.map(({ languages_json, ...member }) => [
      member.rater_id,
      { ...member, languages: JSON.parse(languages_json) as string[] },
    ]),
  );
}

/**
 * The membership of a rater who may work in the project at this moment. Every act of a rater asks for it, in the
 * transaction that does the act, so that no right outlasts the membership.
 *
 * @throws StoreError forbidden
 */
export async function workingMember(db: Queries, project: string, rater: string): Promise<Member> {
  return checkWorks((await presentMembers(db, project, [rater])).get(rater));
}

/** The same for a member that was read before. @throws StoreError forbidden */
export function checkWorks(member: Member | undefined): Member {
  if (member === undefined) throw notMember();
  if (member.state !== "active") throw new StoreError("forbidden", notWorking(member));
  return member;
}

export const notMember = (): StoreError =>
  new StoreError("forbidden", "The rater does not work in this project.");

/** The message for a rater who is paused or excluded. */
export function notWorking({ state, state_reason }: Pick<Member, "state" | "state_reason">): string {
  const what =
    state === "paused"
      ? "The project's lead has paused your work in this project for now; your votes count."
      : "The project's lead has ended your work in this project, and your votes do not count.";
  return state_reason === null ? what : `${what} The reason given: ${state_reason}`;
}

/**
 * Adds a rater to a project as its next member. A rater who was a member before keeps the number and the state paused
 * or excluded, and moves to the given group.
 */
export async function putMember(
  { db, now }: Pick<Write, "db" | "now">,
  { project, rater, group }: { project: string; rater: string; group: string | null },
): Promise<void> {
  const { last } = await db
    .selectFrom("memberships")
    .select((eb) => eb.fn.max("number").as("last"))
    .where("project_id", "=", project)
    .executeTakeFirstOrThrow();
  await db
    .insertInto("memberships")
    .values({
      project_id: project,
      rater_id: rater,
      group_name: group,
      state: "active",
      state_reason: null,
      joined_at: now,
      number: (last ?? 0) + 1,
      turns: 0,
      votes: 0,
      day: 0,
      day_votes: 0,
      reliability: null,
    })
    .onConflict((conflict) =>
      conflict.columns(["project_id", "rater_id"]).doUpdateSet((eb) => ({
        group_name: group,
        state: eb
          .case()
          .when("memberships.state", "in", ["paused", "excluded"])
          .then(eb.ref("memberships.state"))
          .else("active")
          .end(),
      })),
    )
    .execute();
}

/** The quota, if any, that the rater's votes and held leases have used up. @param held leases that may become votes. */
export function quotaReached(
  member: Member,
  { votesPerDay = Infinity, votesPerRater = Infinity }: AssignmentSettings,
  held: number,
  now: number,
): "day-quota" | "project-quota" | undefined {
  if (member.votes + held >= votesPerRater) return "project-quota";
  const today = member.day === dayOf(now) ? member.day_votes : 0;
  return today + held >= votesPerDay ? "day-quota" : undefined;
}
