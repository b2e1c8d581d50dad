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

/** Those of the raters who may work in the project. */
export async function workingMembers(
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
    .where("memberships.state", "=", "active")
    .where("raters.state", "=", "active")
    .execute();
  return new Map(
    rows.map(({ languages_json, ...member }) => [
      member.rater_id,
      { ...member, languages: JSON.parse(languages_json) as string[] },
    ]),
  );
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
