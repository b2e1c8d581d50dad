import { z } from "zod";
import type { Write } from "../audit/writer.js";
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import { oweScrub } from "../database/scrub.js";
import { newId, storedName, storedText } from "../ids.js";
import { releaseForeign, releaseOfRater } from "../items/held-leases.js";
import { noteDeparture } from "../projects/departures.js";
import { putMember } from "../projects/members.js";
import { findProject } from "../projects/projects.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import { findMember, type MemberState } from "./member-state.js";
import { deleteWords } from "./personal-words.js";

const languageTag = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/)
  .transform((tag) => tag.toLowerCase());

export const NewRater = z.object({
  languages: z
    .array(languageTag)
    .max(50)
    .default([])
    .describe("BCP 47 tags of the languages that the rater reads; an empty list means any"),
});

/** Personal data of a rater; it can be deleted while the votes stay. */
export const Person = z.object({
  name: storedName.optional(),
  email: storedText(320).optional(),
  notes: storedText(10_000).optional(),
});
export type Person = z.infer<typeof Person>;

/** A rater under a pseudonym. Votes and the audit log hold nothing else about the person. */
export interface Rater {
  id: string;
  languages: string[];
  /** forgotten: the personal data was deleted, and the rater can no longer work. */
  state: "active" | "forgotten";
  createdAt: number;
}

/** A rater in a project. Times are Unix milliseconds. */
export interface Member {
  rater: string;
  group?: string;
  state: MemberState;
  /** Why paused or excluded. */
  reason?: string;
  joinedAt: number;
}

export async function addRater(
  store: StoreContext,
  rater: z.input<typeof NewRater>,
  actor: string,
): Promise<Rater> {
  const { languages } = check(NewRater, rater);
  return store.write(async ({ db, now, audit }) => {
    const id = newId("r", now);
    await db
      .insertInto("raters")
      .values({ id, languages_json: JSON.stringify(languages), state: "active", created_at: now })
      .execute();
    audit(actor, "rater.added", id, { languages });
    return { id, languages, state: "active", createdAt: now };
  });
}

/** @throws StoreError missing */
export async function findRater({ db }: { db: Queries }, id: string): Promise<Rater> {
  const row = await db.selectFrom("raters").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new StoreError("missing", `There is no rater ${id}.`);
  return {
    id,
    languages: JSON.parse(row.languages_json) as string[],
    state: row.state as Rater["state"],
    createdAt: row.created_at,
  };
}

/** Replaces the personal data of a rater. The audit log records that it was set, without its contents. */
export async function setPerson(
  store: StoreContext,
  rater: string,
  person: Person,
  actor: string,
): Promise<void> {
  const { name = null, email = null, notes = null } = check(Person, person);
  return store.write(async (write) => {
    const { state } = await findRater(write, rater);
    if (state === "forgotten")
      throw new StoreError("conflict", "This rater's personal data was deleted for good.");
    const { db, now, audit } = write;
    await db
      .insertInto("people")
      .values({ rater_id: rater, name, email, notes, created_at: now })
      .onConflict((conflict) => conflict.column("rater_id").doUpdateSet({ name, email, notes }))
      .execute();
    audit(actor, "person.set", rater);
  });
}

export async function findPerson({ db }: StoreContext, rater: string): Promise<Person | undefined> {
  const row = await db.selectFrom("people").selectAll().where("rater_id", "=", rater).executeTakeFirst();
  if (row === undefined) return undefined;
  const { name, email, notes } = row;
  return {
    ...(name !== null && { name }),
    ...(email !== null && { email }),
    ...(notes !== null && { notes }),
  };
}

/** How people call a rater: by name, if one was given, and by what the rater signs in with, if there is an account. */
export interface MemberName {
  name?: string;
  login?: string;
}

/** Names of a project's raters, including those who left, by rater. */
export async function memberNames(
  { db }: { db: Queries },
  project: string,
): Promise<Map<string, MemberName>> {
  const rows = await db
    .selectFrom("memberships")
    .leftJoin("people", "people.rater_id", "memberships.rater_id")
    .leftJoin("accounts", "accounts.rater_id", "memberships.rater_id")
    .select(["memberships.rater_id", "people.name", "accounts.login"])
    .where("memberships.project_id", "=", project)
    .execute();
  return new Map(
    rows.map(({ rater_id, name, login }) => [
      rater_id,
      { ...(name !== null && { name }), ...(login !== null && { login }) },
    ]),
  );
}

/** Where a rater goes; no group if none is given. */
export interface Place {
  project: string;
  rater: string;
  group?: string;
}

/** Adds a rater to a project. An existing member moves as in `moveMember`. @throws StoreError missing */
export async function joinProject(store: StoreContext, place: Place, actor: string): Promise<void> {
  return store.write(async (write) => {
    await findProject(write, place.project);
    await findRater(write, place.rater);
    await put(write, place, actor);
  });
}

/**
 * Moves a member to another group; items of other groups that the member holds go back. A paused or excluded one stays
 * so.
 *
 * @throws StoreError missing: the rater is not in the project, or has left it.
 */
export async function moveMember(store: StoreContext, place: Place, actor: string): Promise<void> {
  return store.write(async (write) => {
    await findMember(write.db, place.project, place.rater);
    await put(write, place, actor);
  });
}

async function put(write: Write, { project, rater, group }: Place, actor: string): Promise<void> {
  const name = group === undefined ? null : check(storedName, group);
  await putMember(write, { project, rater, group: name });
  await releaseForeign(write, { project, rater, group: name });
  write.audit(actor, "member.joined", rater, { project, group: name });
}

/**
 * Ends a rater's work in a project; the votes stay and count. Items that the rater holds go to others, and invitations
 * made before do not let the rater in again.
 *
 * @throws StoreError missing; conflict: the rater is excluded.
 */
export async function leaveProject(
  store: StoreContext,
  project: string,
  rater: string,
  actor: string,
): Promise<void> {
  return store.write(async (write) => {
    const { db, audit } = write;
    const { state } = await findMember(db, project, rater);
    if (state === "excluded")
      throw new StoreError(
        "conflict",
        "The rater is excluded.",
        "Leaving would make the excluded votes count again. Set the rater to active first.",
      );
    await db
      .updateTable("memberships")
      .set({ state: "left", state_reason: null })
      .where("project_id", "=", project)
      .where("rater_id", "=", rater)
      .execute();
    await releaseOfRater(write, rater, project);
    await noteDeparture(write, project, rater);
    audit(actor, "member.left", rater, { project });
  });
}

/** Raters of a project in the order they joined, including paused and excluded ones. */
export async function listMembers({ db }: StoreContext, project: string): Promise<Member[]> {
  const rows = await db
    .selectFrom("memberships")
    .selectAll()
    .where("project_id", "=", project)
    .where("state", "!=", "left")
    .orderBy("joined_at")
    .orderBy("rater_id")
    .execute();
  return rows.map(({ rater_id, group_name, state, state_reason, joined_at }) => ({
    rater: rater_id,
    ...(group_name !== null && { group: group_name }),
    state: state as MemberState,
    ...(state_reason !== null && { reason: state_reason }),
    joinedAt: joined_at,
  }));
}

/**
 * Deletes the personal data of a rater and ends the rater's work: what the rater holds goes to others. The votes stay,
 * under the pseudonym. Rows of other tables that refer to `people` are deleted too, and what was written by and of the
 * rater; in a SQLite file also what is left of it in free space. Free text in the rater's answers is not changed.
 *
 * @returns whether there was any personal data.
 */
export async function deletePersonalData(
  store: StoreContext,
  rater: string,
  actor: string,
): Promise<boolean> {
  const known = await store.write(async (write) => {
    const { db, audit } = write;
    await findRater(write, rater);
    await releaseOfRater(write, rater);
    const deleted = await db.deleteFrom("people").where("rater_id", "=", rater).executeTakeFirst();
    await db.updateTable("raters").set({ state: "forgotten" }).where("id", "=", rater).execute();
    await deleteWords(write, rater);
    await oweScrub(db);
    audit(actor, "person.deleted", rater);
    return deleted.numDeletedRows > 0n;
  });
  await store.scrub();
  return known;
}

/**
 * Stores each rater's probability of a correct answer, as estimated by aggregation; early stopping weighs votes by it.
 */
export async function setReliabilities(
  store: StoreContext,
  project: string,
  reliabilities: ReadonlyMap<string, number>,
  actor: string,
): Promise<void> {
  const checked = check(z.map(z.string(), z.number().min(0).max(1)), new Map(reliabilities));
  return store.write(async (write) => {
    await findProject(write, project);
    for (const [rater, reliability] of checked)
      await write.db
        .updateTable("memberships")
        .set({ reliability })
        .where("project_id", "=", project)
        .where("rater_id", "=", rater)
        .execute();
    write.audit(actor, "raters.weighed", project, { reliabilities: Object.fromEntries(checked) });
  });
}
