import { everMember } from "../../feedback/store/accounts/index.js";
import {
  addBookmark,
  answerTraining,
  correctVote,
  findProject,
  listBookmarks,
  pastVotes,
  releaseLease,
  removeBookmark,
  renewLease,
  type Store,
  StoreError,
  saveDraft,
  skipItem,
  trainingFor,
} from "../../feedback/store/index.js";
import { work as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { asRequestError } from "../http/errors.js";

export const workRoutes = [
  endpoint(contract.takeItems, async ({ params, body }, { store, principal, metrics }) => {
    const answer = await store.lease({ ...params, ...body, rater: principal.rater });
    metrics.leases.inc(answer.leases.length);
    return { ...answer, leases: answer.leases.map(({ showing, ...lease }) => ({ ...lease, item: showing })) };
  }),
  endpoint(contract.listTraining, async ({ params }, { store, principal }) => ({
    items: await trainingFor(store, params.project, principal.rater),
  })),
  endpoint(contract.answerTraining, async ({ params, body }, { store, principal }) =>
    answerTraining(store, { ...params, ...body, rater: principal.rater }),
  ),
  endpoint(contract.castVote, async ({ params, body }, { store, principal, metrics }) => {
    const { vote, again } = await store.vote({ ...params, ...body, rater: principal.rater });
    if (!again) metrics.votes.inc();
    return { vote: vote.id, again };
  }),
  endpoint(contract.castVotes, async ({ body }, { store, principal, metrics }) => {
    const votes = await Promise.all(
      body.votes.map(async (vote) => {
        try {
          const { vote: taken, again } = await store.vote({ ...vote, rater: principal.rater });
          if (!again) metrics.votes.inc();
          return { vote: taken.id, again };
        } catch (error) {
          return refusedVote(error);
        }
      }),
    );
    return { votes };
  }),
  endpoint(contract.correctVote, async ({ params, body }, { store, principal, metrics }) => {
    const { vote, again } = await correctVote(store, { ...params, ...body, rater: principal.rater });
    if (!again) metrics.votes.inc();
    return { vote: vote.id, again };
  }),
  endpoint(contract.skipItem, async ({ params, body }, { store, principal }) => {
    await skipItem(store, params.lease, principal.rater, body);
    return undefined;
  }),
  endpoint(contract.giveBack, async ({ params }, { store, principal }) => {
    await releaseLease(store, params.lease, principal.rater);
    return undefined;
  }),
  endpoint(contract.renewLease, async ({ params }, { store, principal }) => ({
    expiresAt: await renewLease(store, params.lease, principal.rater),
  })),
  endpoint(contract.saveDraft, async ({ params, body }, { store, principal }) => {
    await saveDraft(store, params.lease, principal.rater, body.draft);
    return undefined;
  }),
  endpoint(contract.listOwnVotes, async ({ params, query }, { store, principal }) => {
    await checkWorked(store, params.project, principal.rater);
    const votes = await pastVotes(store, params.project, principal.rater, query);
    return { votes: votes.map(({ showing, ...vote }) => ({ ...vote, item: showing })) };
  }),
  endpoint(contract.listBookmarks, async ({ params }, { store, principal }) => {
    await checkWorked(store, params.project, principal.rater);
    const bookmarks = await listBookmarks(store, params.project, principal.rater);
    return { bookmarks: bookmarks.map(({ showing, ...bookmark }) => ({ item: showing, ...bookmark })) };
  }),
  endpoint(contract.addBookmark, async ({ params, body }, { store, principal }) => {
    await addBookmark(store, { showing: params.item, ...body, rater: principal.rater });
    return undefined;
  }),
  endpoint(contract.removeBookmark, async ({ params }, { store, principal }) => {
    await removeBookmark(store, principal.rater, params.item);
    return undefined;
  }),
];

/** Anyone who ever worked in a project may see their own work there. @throws StoreError missing, for others */
async function checkWorked(store: Store, project: string, rater: string): Promise<void> {
  await findProject(store, project);
  if (await everMember(store, project, rater)) return;
  throw new StoreError("missing", `There is no project ${project}.`);
}

/** The refusal of one vote among several. @throws the error itself if it is a defect of the server. */
function refusedVote(error: unknown) {
  const refused = asRequestError(error);
  if (refused === undefined) throw error;
  const { status, message, field, hint } = refused;
  return { status, error: { message, ...(field && { field }), ...(hint && { hint }) } };
}
