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
export { type ActiveDay, activity } from "./activity.js";
export { publicKeyOf } from "./audit-key.js";
export { type BackupSummary, backup } from "./backup.js";
export { addBookmark, type Bookmark, listBookmarks, removeBookmark } from "./bookmarks.js";
export { type Checkpoint, readCheckpoints } from "./checkpoints.js";
export {
  checkpointFileOf,
  databaseLocation,
  defaultKeyFile,
  openDatabase,
  openExistingDatabase,
  pingDatabase,
  withoutPassword,
} from "./database.js";
export { databaseSettings } from "./database-settings.js";
export { exportVotes } from "./export-votes.js";
export {
  addItems,
  findItem,
  ITEM_STATES,
  type Item,
  type ItemQuery,
  type ItemState,
  itemProblem,
  listItems,
  MAX_ITEMS_AT_ONCE,
  NewItem,
  withdrawItem,
} from "./items.js";
export { type Lease, type LeaseAnswer, LeaseRequest, MAX_LEASES, NO_LEASE } from "./lease.js";
export { loadProject, type ProjectData, readProject } from "./load-project.js";
export { findMember, MEMBER_STATES, type MemberState, setMemberState } from "./member-state.js";
export { putMember } from "./members.js";
export { prioritise, prioritiseDiverse, setPriorities } from "./prioritise.js";
export { type Progress, progress } from "./progress.js";
export { projectStamp } from "./project-stamp.js";
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
  deletePersonalData,
  findPerson,
  findRater,
  joinProject,
  leaveProject,
  listMembers,
  type Member,
  memberNames,
  NewRater,
  Person,
  type Rater,
  setPerson,
  setReliabilities,
} from "./raters.js";
export { readAudit } from "./read-audit.js";
export { type RestoreSummary, restore } from "./restore.js";
export { checkReviewOf, decideReview, Finding, holdVotes, listReviews, type Review } from "./reviews.js";
export { itemVotes, raterVotes, type StandingVote } from "./standing-votes.js";
export { openStore, type Store, type StoreOptions } from "./store.js";
export type { StoreContext } from "./store-context.js";
export { StoreError, type StoreProblem } from "./store-error.js";
export {
  answerTraining,
  MAX_TRAINING,
  type TrainingFeedback,
  type TrainingItem,
  trainingFor,
} from "./training.js";
export { type AuditProblem, type AuditReport, verifyAudit } from "./verify-audit.js";
export { type DatabaseKeys, verifyDatabase } from "./verify-database.js";
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
export type { Write } from "./writer.js";
