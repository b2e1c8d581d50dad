import type { AssignmentSettings } from "../assign/settings.js";
import type { Queries } from "./database.js";
import { among } from "./sets.js";
import type { Tables } from "./tables.js";

/** A rater in a project, as handing out needs it. */
export type Member = Tables["memberships"] & { languages: string[] };

const DAY = 86_400_000;

/** Days since 1970 (UTC). */
export function dayOf(time: number): number {
  return Math.floor(time / DAY);
}

/** Those of the raters who are in the project, paused and excluded ones too. */
export async function presentMembers(
  db: Queries,
  project: string,
  raters: readonly string[],
): Promise<Map<string, Member>> {
  const rows = await db
    .selectFrom("memberships")
    .innerJoin("raters", "raters.id", "memberships.rater_id")
    .selectAll("memberships")
    .select("raters.languages_json")
    .where("memberships.project_id", "=", project)
    .where(among(db, "memberships.rater_id", raters))
    .where("memberships.state", "in", ["active", "paused", "excluded"])
    .where("raters.state", "=", "active")
    .execute();
  return new Map(
    rows.map(({ languages_json, ...member }) => [
      member.rater_id,
      { ...member, languages: JSON.parse(languages_json) as string[] },
    ]),
  );
}

/** What a rater who is paused or excluded is told. */
export function notWorking({ state, state_reason }: Pick<Member, "state" | "state_reason">): string {
  const what =
    state === "paused"
      ? "The project's lead has paused your work in this project for now; your votes count."
      : "The project's lead has ended your work in this project, and your votes do not count.";
  return state_reason === null ? what : `${what} The reason given: ${state_reason}`;
}

/** Which quota the rater's votes, and the leases that may become votes, have used up. */
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
