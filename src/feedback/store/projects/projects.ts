import { randomInt } from "node:crypto";
import { z } from "zod";
import { AssignmentSettings } from "../../assign/settings.js";
import { TaskDefinition } from "../../tasks/index.js";
import { sha256 } from "../audit/audit-entry.js";
import { check } from "../check.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { newId, storedName, storedText } from "../ids.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";

/** A project takes work while open. Closed, its votes are final; deleted, it is only kept for its votes and the audit log. */
export const PROJECT_STATES = ["open", "paused", "closed", "deleted"] as const;
export type ProjectState = (typeof PROJECT_STATES)[number];

export const NewProject = z.object({
  name: storedName.describe("What people call it"),
  task: TaskDefinition.describe("What raters are asked to do"),
  settings: AssignmentSettings.prefault({}).describe("How its items are handed out"),
  guidelines: storedText(200_000).default("").describe("What raters are told, in Markdown"),
  seed: z.int().min(0).max(0xffffffff).optional().describe("Names the random draws; drawn if not given"),
});
export type NewProject = z.input<typeof NewProject>;

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

export interface Guidelines {
  version: number;
  text: string;
  createdAt: number;
}

/** Moves from each state; nothing comes back from deleted. */
const MOVES: Readonly<Record<ProjectState, readonly ProjectState[]>> = {
  open: ["paused", "closed", "deleted"],
  paused: ["open", "closed", "deleted"],
  closed: ["open", "deleted"],
  deleted: [],
};

/** @param actor who does it, for the audit log: `admin:<id>`, `key:<id>` or `system`. */
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
      ...{ name, seed },
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

/** Every project in the order of creation, deleted ones left out. */
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

/** @throws StoreError missing: there is none of that id, or it was deleted. */
export async function findProject(store: { db: Queries }, id: string): Promise<Project> {
  const row = await store.db.selectFrom("projects").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined || row.state === "deleted")
    throw new StoreError("missing", `There is no project ${id}.`);
  return toProject(row);
}

/** @throws StoreError conflict: the state cannot follow the present one. */
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

/** Changes how items are handed out from now on; a new overlap is for items that are added later. */
export async function changeSettings(
  store: StoreContext,
  id: string,
  change: Partial<z.input<typeof AssignmentSettings>>,
  actor: string,
): Promise<Project> {
  return store.write(async (write) => {
    const project = await findProject(write, id);
    const settings = check(AssignmentSettings, { ...project.settings, ...change });
    await write.db
      .updateTable("projects")
      .set({ settings_json: JSON.stringify(settings) })
      .where("id", "=", id)
      .execute();
    write.audit(actor, "project.settings", id, { settings });
    return { ...project, settings };
  });
}

/**
 * Publishes a new version of the guidelines.
 *
 * @param guidelines `after`: the version that its writer had before them.
 * @returns its number.
 * @throws StoreError conflict: somebody else has published since.
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
        `The guidelines are at version ${guidelinesVersion}; this text was written upon version ${after}.`,
        "Look at what has changed, bring both together, and publish upon the newest.",
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

/** Guidelines of a project, the newest first. */
export async function listGuidelines({ db }: StoreContext, id: string): Promise<Guidelines[]> {
  const rows = await db
    .selectFrom("guidelines")
    .selectAll()
    .where("project_id", "=", id)
    .orderBy("version", "desc")
    .execute();
  return rows.map(({ version, text, created_at }) => ({ version, text, createdAt: created_at }));
}

/** @throws StoreError closed: the project takes no work. */
export function checkOpen({ state, name }: Project): void {
  if (state !== "open") throw new StoreError("closed", `The project ${name} is ${state}.`);
}

export function toProject(row: Tables["projects"]): Project {
  const { id, name, seed } = row;
  return {
    ...{ id, name, seed },
    state: row.state as ProjectState,
    task: JSON.parse(row.task_json) as TaskDefinition,
    settings: JSON.parse(row.settings_json) as AssignmentSettings,
    guidelinesVersion: row.guidelines_version,
    createdAt: row.created_at,
  };
}
