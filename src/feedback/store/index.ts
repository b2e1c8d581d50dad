/**
 * Where projects, items, votes and the audit log live: SQLite in a file, or PostgreSQL, behind one interface. Functions take the
 * open store first. What a person can mend is thrown as StoreError, with nothing changed; `actor` says who does a thing, for
 * the audit log.
 *
 * @example
 * const store = await openStore("plumb.db");
 * const project = await createProject(store, { name: "pilot", task: { kind: "pairwise" } }, "system");
 * const [rater] = [await addRater(store, {}, "system")];
 * await joinProject(store, { project: project.id, rater: rater.id }, "system");
 * const { leases } = await store.lease({ project: project.id, rater: rater.id });
 * await store.vote({ lease: leases[0].id, rater: rater.id, answer });
 */
export { exportVotes } from "./export-votes.js";
export { addItems, findItem, type Item, listItems, NewItem } from "./items.js";
export { type Lease, type LeaseAnswer, LeaseRequest, MOST_LEASES } from "./lease.js";
export {
  changeSettings,
  createProject,
  findProject,
  type Guidelines,
  listGuidelines,
  listProjects,
  NewProject,
  PROJECT_STATES,
  type Project,
  type ProjectState,
  publishGuidelines,
  setProjectState,
} from "./projects.js";
export {
  addRater,
  findPerson,
  findRater,
  joinProject,
  leaveProject,
  listMembers,
  type Member,
  NewRater,
  Person,
  type Rater,
  setPerson,
} from "./raters.js";
export { decideReview, Finding, holdVotes, listReviews, type Review, type ReviewState } from "./reviews.js";
export { openStore, type Store, type StoreOptions } from "./store.js";
export { StoreError, type StoreProblem } from "./store-error.js";
export { CorrectionRequest, type TakenVote, VoteRequest } from "./vote.js";
export {
  correctVote,
  type PastVote,
  pastVotes,
  releaseLease,
  renewLease,
  SkipRequest,
  saveDraft,
  skipItem,
} from "./work.js";
