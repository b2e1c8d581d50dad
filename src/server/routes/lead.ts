import { isMember } from "../../feedback/store/accounts/index.js";
import {
  adjudicateItem,
  countReviews,
  decideReviews,
  joinProject,
  restoreItem,
  setGold,
  setItemOverlap,
  votesOfReviews,
  withdrawAdjudication,
} from "../../feedback/store/index.js";
import { lead as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { itemOf } from "../item-of.js";
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
  endpoint(contract.adjudicateItem, async ({ params, body }, call) => {
    const { id } = await itemOf(call, params.item);
    await adjudicateItem(call.store, id, body, call.principal.actor);
    return undefined;
  }),
  endpoint(contract.withdrawAdjudication, async ({ params }, call) => {
    const { id } = await itemOf(call, params.item);
    await withdrawAdjudication(call.store, id, call.principal.actor);
    return undefined;
  }),
  endpoint(contract.makeGold, async ({ params, body }, call) => {
    const { id } = await itemOf(call, params.item);
    await setGold(call.store, id, body.answer, call.principal.actor);
    return undefined;
  }),
  endpoint(contract.unmakeGold, async ({ params }, call) => {
    const { id } = await itemOf(call, params.item);
    await setGold(call.store, id, null, call.principal.actor);
    return undefined;
  }),
  endpoint(contract.setItemOverlap, async ({ params, body }, call) => {
    const { id } = await itemOf(call, params.item);
    await setItemOverlap(call.store, id, body, call.principal.actor);
    return undefined;
  }),
  endpoint(contract.restoreItem, async ({ params }, call) => {
    const { id } = await itemOf(call, params.item);
    await restoreItem(call.store, id, call.principal.actor);
    return undefined;
  }),
  endpoint(contract.countReviews, async (_request, { store, project }) => ({
    counts: await countReviews(store, project.id),
  })),
  endpoint(contract.previewReviews, async ({ query }, { store, analyses, project }) => {
    const votes = await votesOfReviews(store, project.id, query);
    return analyses.ask(project.id, { kind: "exclusion", votes });
  }),
  endpoint(contract.decideReviews, async ({ body: { which, to, note } }, { store, project, principal }) => ({
    reviews: await decideReviews(
      store,
      project.id,
      "reviews" in which ? which.reviews : which,
      { state: to, note },
      principal.actor,
    ),
  })),
];
