import {
  checkReviewOf,
  decideReview,
  exportVotes,
  findItem,
  holdVotes,
  itemVotes,
  listReviews,
  type Review,
  raterVotes,
  readAudit,
  StoreError,
} from "../../feedback/store/index.js";
import { results as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";

export const resultRoutes = [
  endpoint(contract.listReviews, async ({ query }, { store, project }) => ({
    reviews: (await listReviews(store, project.id, query)).map(
      ({ project: _project, ...review }: Review) => review,
    ),
  })),
  endpoint(contract.holdVotes, async ({ body: { findings } }, { store, project, principal }) => ({
    held: await holdVotes(store, project.id, findings, principal.actor),
  })),
  endpoint(contract.decideReview, async ({ params, body }, { store, project, principal }) => {
    await checkReviewOf(store, project.id, params.review);
    await decideReview(store, params.review, body, principal.actor);
    return undefined;
  }),
  endpoint(contract.listItemVotes, async ({ params }, { store, project }) => {
    const item = await findItem(store, params.item);
    if (item.project !== project.id) throw new StoreError("missing", `There is no item ${params.item}.`);
    return { votes: await itemVotes(store, item.id) };
  }),
  endpoint(contract.listRaterVotes, async ({ params, query }, { store, project }) => ({
    votes: await raterVotes(store, project.id, params.rater, query.limit),
  })),
  endpoint(contract.exportVotes, async (_request, { store, project }) => exportVotes(store, project.id)),
  endpoint(contract.readAudit, async ({ query }, { store }) => {
    const entries = await readAudit(store, query);
    return { entries, ...(entries.length === query.limit && { next: entries[entries.length - 1].seq }) };
  }),
  endpoint(contract.verifyAudit, async (_request, { verifier }) => verifier.verify()),
];
