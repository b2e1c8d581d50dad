import {
  decideReview,
  exportVotes,
  findItem,
  holdVotes,
  itemVotes,
  listReviews,
  type Review,
  raterVotes,
  readCheckpoints,
  StoreError,
  verifyAudit,
} from "../../feedback/store/index.js";
import { results as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";

/** Verification reads everything, so only one at a time. */
let verifying = false;

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
    const own = await store.db
      .selectFrom("reviews")
      .select("id")
      .where("id", "=", params.review)
      .where("project_id", "=", project.id)
      .executeTakeFirst();
    if (own === undefined) throw new RequestError(404, `There is no review ${params.review}.`);
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
    const rows = await store.db
      .selectFrom("audit")
      .selectAll()
      .where("seq", ">", query.after)
      .orderBy("seq")
      .limit(query.limit)
      .execute();
    const entries = rows.map(({ details_json, ...entry }) => ({
      ...entry,
      details: JSON.parse(details_json),
    }));
    return { entries, ...(rows.length === query.limit && { next: rows[rows.length - 1].seq }) };
  }),
  endpoint(contract.verifyAudit, async (_request, { store }) => {
    if (verifying)
      throw new RequestError(409, "The audit log is being verified already.", { hint: "Try again later." });
    verifying = true;
    try {
      await store.checkpoint();
      const { checkpoints } = readCheckpoints(store.checkpointFile);
      return await verifyAudit(store.db, store.key.publicKey, checkpoints);
    } finally {
      verifying = false;
    }
  }),
];
