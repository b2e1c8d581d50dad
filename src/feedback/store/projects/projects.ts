import { randomInt } from "node:crypto";
import { z } from "zod";
import { sha256 } from "../../../base/sha256.js";
import { TaskDefinition } from "../../../votes/tasks/index.js";
import { AssignmentSettings } from "../../assign/settings.js";
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { newId, storedName, storedText } from "../ids.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";

/**
 * A project takes work only while open. The votes of a closed project are final; a deleted one is kept only for its
 * votes and the audit log.
 */
export const PROJECT_STATES = ["open", "paused", "closed", "deleted"] as const;
/** Whether a project takes votes. */
export type ProjectState = (typeof PROJECT_STATES)[number];

export const NewProject = z.object({
  name: storedName.describe("Name for people to read"),
  task: TaskDefinition.describe("What raters are asked to do"),
  settings: AssignmentSettings.prefault({}).describe("How items are handed out"),
  guidelines: storedText(200_000).default("").describe("Instructions for raters, in Markdown"),
  seed: z.int().min(0).max(0xffffffff).optional().describe("Seed of the random draws; default: a random one"),
});
export type NewProject = z.input<typeof NewProject>;

/** A project: the task, and how its items are handed out. Times are Unix milliseconds. */
export interface Project {
  id: string;
  name: string;
  state: ProjectState;
  task: TaskDefinition;
  settings: AssignmentSettings;
  seed: number;
  guidelinesVersion: number;
  createdAt: number;
}

/** A version of a project's guidelines: versions count from 1 and are never changed. */
export interface Guidelines {
  version: number;
  text: string;
  createdAt: number;
}

/** States that may follow each state; deleted is final. */
const MOVES: Readonly<Record<ProjectState, readonly ProjectState[]>> = {
  open: ["paused", "closed", "deleted"],
  paused: ["open", "closed", "deleted"],
  closed: ["open", "deleted"],
  deleted: [],
};

/** @param actor who acts, for the audit log: `admin:<id>`, `key:<id>` or `system`. */
export async function createProject(
  store: StoreContext,
  project: NewProject,
  actor: string,
): Promise<Project> {
  const { name, task, settings, guidelines, seed = randomInt(2 ** 32) } = check(NewProject, project);
  return store.write(async ({ db, now, audit }) => {
    const row: Tables["projects"] = {
      id: newId("p", now),
      state: "open",
      task_json: JSON.stringify(task),
      settings_json: JSON.stringify(settings),
      guidelines_version: 1,
      created_at: now,
      name,
      seed,
    };
    await db.insertInto("projects").values(row).execute();
    await db
      .insertInto("guidelines")
      .values({ project_id: row.id, version: 1, text: guidelines, created_at: now })
      .execute();
    audit(actor, "project.created", row.id, { name, task, settings, seed, guidelines: sha256(guidelines) });
    return toProject(row);
  });
}

/** All projects in order of creation, without deleted ones. */
export async function listProjects({ db }: StoreContext): Promise<Project[]> {
  const rows = await db
    .selectFrom("projects")
    .selectAll()
    .where("state", "!=", "deleted")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(toProject);
}

/** @throws StoreError missing: there is no such project, or it was deleted. */
export async function findProject(store: { db: Queries }, id: string): Promise<Project> {
  const row = await store.db.selectFrom("projects").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined || row.state === "deleted")
    throw new StoreError("missing", `There is no project ${id}.`);
  return toProject(row);
}

/** @throws StoreError missing; conflict: the project cannot go from its present state to this one. */
export async function setProjectState(
  store: StoreContext,
  id: string,
  state: ProjectState,
  actor: string,
): Promise<Project> {
  return store.write(async (write) => {
    const project = await findProject(write, id);
    if (project.state === state) return project;
    if (!MOVES[project.state].includes(state))
      throw new StoreError("conflict", `The project is ${project.state}; it cannot become ${state}.`);
    await write.db.updateTable("projects").set({ state }).where("id", "=", id).execute();
    write.audit(actor, "project.state", id, { from: project.state, to: state });
    return { ...project, state };
  });
}

/**
 * Publishes a new version of the guidelines.
 *
 * @param guidelines `after`: the version that the new text was based on.
 * @returns its number.
 * @throws StoreError conflict: a newer version was published since.
 */
export async function publishGuidelines(
  store: StoreContext,
  id: string,
  { text, after }: { text: string; after: number },
  actor: string,
): Promise<number> {
  const checked = check(storedText(200_000), text);
  return store.write(async (write) => {
    const { guidelinesVersion } = await findProject(write, id);
    if (after !== guidelinesVersion)
      throw new StoreError(
        "conflict",
        `The guidelines are at version ${guidelinesVersion}; this text is based on version ${after}.`,
        "Review what has changed, merge the two texts, and publish on top of the newest version.",
      );
    const version = guidelinesVersion + 1;
    await write.db
      .insertInto("guidelines")
      .values({ project_id: id, version, text: checked, created_at: write.now })
      .execute();
    await write.db
      .updateTable("projects")
      .set({ guidelines_version: version })
      .where("id", "=", id)
      .execute();
    write.audit(actor, "guidelines.published", id, { version, guidelines: sha256(checked) });
    return version;
  });
}

/** Guidelines of a project, newest first. */
export async function listGuidelines({ db }: StoreContext, id: string): Promise<Guidelines[]> {
  const rows = await db
    .selectFrom("guidelines")
    .selectAll()
    .where("project_id", "=", id)
    .orderBy("version", "desc")
    .execute();
  return rows.map(({ version, text, created_at }) => ({ version, text, createdAt: created_at }));
}

/** @throws StoreError closed: the project is not open. */
export function checkOpen({ state, name }: Project): void {
  if (state !== "open") throw new StoreError("closed", `The project ${name} is ${state}.`);
}

export function toProject(row: Tables["projects"]): Project {
  const { id, name, seed } = row;
  return {
    id,
    name,
    seed,
    state: row.state as ProjectState,
    task: JSON.parse(row.task_json) as TaskDefinition,
    settings: JSON.parse(row.settings_json) as AssignmentSettings,
    guidelinesVersion: row.guidelines_version,
    createdAt: row.created_at,
  };
}
