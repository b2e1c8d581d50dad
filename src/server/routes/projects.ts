import { addStaff, projectsOfRater, projectsOfStaff } from "../../feedback/store/accounts/index.js";
import {
  activity,
  changeSettings,
  createProject,
  exportDeletedProject,
  findDeletedProject,
  listDeletedProjects,
  listGuidelines,
  listProjects,
  ownProgress,
  progress,
  publishGuidelines,
  purgeProject,
  setProjectState,
} from "../../feedback/store/index.js";
import { projects as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { shownProject } from "../shown-project.js";

const DAY = 86_400_000;

export const projectRoutes = [
  endpoint(contract.createProject, async ({ body }, { store, principal }) => {
    const project = await createProject(store, body, principal.actor);
    await addStaff(store, project.id, principal.account, principal.actor);
    return shownProject(project, true);
  }),
  endpoint(contract.listProjects, async (_request, { store, principal }) => {
    const { account, rater, role } = principal;
    const all = await listProjects(store);
    if (role === "admin") return { projects: all.map((project) => shownProject(project, true)) };
    const staff = new Set(role === "rater" ? [] : await projectsOfStaff(store, account));
    const own = new Set([...staff, ...(await projectsOfRater(store, rater))]);
    return {
      projects: all
        .filter(({ id }) => own.has(id))
        .map((project) => shownProject(project, staff.has(project.id))),
    };
  }),
  endpoint(contract.getProject, async (_request, { project, staff }) => shownProject(project, staff)),
  endpoint(contract.changeProject, async ({ body: { state, settings } }, { store, project, principal }) => {
    let changed = project;
    // The state first: it may be refused, and settings that fit the contract are not.
    if (state) changed = await setProjectState(store, project.id, state, principal.actor);
    if (settings) changed = await changeSettings(store, project.id, settings, principal.actor);
    return shownProject(changed, true);
  }),
  endpoint(contract.deleteProject, async (_request, { store, project, principal }) => {
    await setProjectState(store, project.id, "deleted", principal.actor);
    return undefined;
  }),
  endpoint(contract.listDeletedProjects, async (_request, { store }) => ({
    projects: await listDeletedProjects(store),
  })),
  endpoint(contract.exportDeletedProject, async ({ params }, { store }) => {
    await findDeletedProject(store, params.project);
    return exportDeletedProject(store, params.project);
  }),
  endpoint(contract.purgeProject, async ({ params }, { store, principal }) => ({
    rows: await purgeProject(store, params.project, principal.actor),
  })),
  endpoint(contract.getProgress, async (_request, call) => {
    const { store, leadStore, progress: kept, project, principal, staff } = call;
    return {
      // Counting a large project takes longer than a rater should wait for anything else, and many ask for it.
      ...(staff && (await kept.ask(project.id, () => progress(leadStore, project.id)))),
      ...(await ownProgress(store, project.id, principal.rater)),
    };
  }),
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
