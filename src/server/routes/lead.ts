import { isMember } from "../../feedback/store/accounts/index.js";
import { joinProject } from "../../feedback/store/index.js";
import { lead as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { makeSampleProject } from "../sample-project.js";
import { shownProject } from "../shown-project.js";

/** Group of staff who judge in their own project, so that their votes can be told from the others'. */
const STAFF_GROUP = "staff";

export const leadRoutes = [
  endpoint(contract.makeSample, async ({ body: { language } }, { store, principal }) => {
    return shownProject(await makeSampleProject(store, language, principal), true);
  }),
  endpoint(contract.rateOwnProject, async (_request, { store, project, principal }) => {
    const place = { project: project.id, rater: principal.rater };
    if (!(await isMember(store, place.project, place.rater)))
      await joinProject(store, { ...place, group: STAFF_GROUP }, principal.actor);
    return undefined;
  }),
];
