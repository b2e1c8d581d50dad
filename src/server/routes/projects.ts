import { addStaff, projectsOfRater, projectsOfStaff } from "../../feedback/store/accounts/index.js";
import {
  activity,
  changeSettings,
  createProject,
  listGuidelines,
  listProjects,
  ownProgress,
  type Project,
  progress,
  publishGuidelines,
  setProjectState,
} from "../../feedback/store/index.js";
import type { Principal } from "../accounts/principal.js";
import { projects as contract } from "../contract/index.js";
import { type Call, endpoint } from "../endpoint.js";

const DAY = 86_400_000;

export const projectRoutes = [
  endpoint(contract.createProject, async ({ body }, { store, principal }) => {
    const project = await createProject(store, body, principal.actor);
    await addStaff(store, project.id, principal.account, principal.actor);
    return shown(project, principal);
  }),
  endpoint(contract.listProjects, async (_request, { store, principal }) => {
    const all = await listProjects(store);
    const own = principal.role === "admin" ? undefined : await ownProjects(store, principal);
    return {
      projects: all.filter(({ id }) => own?.has(id) ?? true).map((project) => shown(project, principal)),
    };
  }),
  endpoint(contract.getProject, async (_request, { project, principal }) => shown(project, principal)),
  endpoint(contract.changeProject, async ({ body: { state, settings } }, { store, project, principal }) => {
    let changed = project;
    if (settings) changed = await changeSettings(store, project.id, settings, principal.actor);
    if (state) changed = await setProjectState(store, project.id, state, principal.actor);
    return shown(changed, principal);
  }),
  endpoint(contract.deleteProject, async (_request, { store, project, principal }) => {
    await setProjectState(store, project.id, "deleted", principal.actor);
    return undefined;
  }),
  endpoint(
    contract.getProgress,
    async (_request, { store, leadStore, progress: kept, project, principal }) => ({
      // Counting a large project takes longer than a rater should wait for anything else, and many ask for it.
      ...(await kept.ask(project.id, () => progress(leadStore, project.id))),
      ...(await ownProgress(store, project.id, principal.rater)),
    }),
  ),
  endpoint(contract.listActivity, async ({ query: { days } }, { store, project }) => {
    const today = store.clock() - (store.clock() % DAY);
    return { today, days: await activity(store, project.id, today - (days - 1) * DAY) };
  }),
  endpoint(contract.listGuidelines, async (_request, { store, project }) => ({
    guidelines: await listGuidelines(store, project.id),
  })),
  endpoint(contract.publishGuidelines, async ({ body }, { store, project, principal }) => ({
    version: await publishGuidelines(store, project.id, body, principal.actor),
  })),
];

/** Hides the seed, and from raters also how gold items and repeats are mixed in. */
function shown({ seed: _seed, settings, ...rest }: Project, { role }: Principal) {
  return { ...rest, ...(role !== "rater" && { settings }) };
}

async function ownProjects(
  store: Call["store"],
  { account, rater, role }: Principal,
): Promise<ReadonlySet<string>> {
  const staff = role === "rater" ? [] : await projectsOfStaff(store, account);
  return new Set([...staff, ...(await projectsOfRater(store, rater))]);
}
