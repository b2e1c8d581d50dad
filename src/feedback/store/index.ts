/**
 * Storage of projects, items, votes and the audit log: SQLite in a file, or PostgreSQL, behind one interface. Functions
 * take the open store as their first argument. Problems that a caller can fix are thrown as StoreError, with nothing
 * changed. `actor` names who acts, for the audit log.
 *
 * @example
 * import { addRater, createProject, joinProject, openStore } from "plumbline/store";
 *
 * const store = await openStore("plumb.db");
 * const project = await createProject(store, { name: "pilot", task: { kind: "pairwise" } }, "system");
 * const rater = await addRater(store, {}, "system");
 * await joinProject(store, { project: project.id, rater: rater.id }, "system");
 * for (const { id: lease } of (await store.lease({ project: project.id, rater: rater.id })).leases)
 *   await store.vote({
 *     ...{ lease, rater: rater.id },
 *     answer: { kind: "pairwise", aspects: { overall: { verdict: "left" } } },
 *   });
 */

export type { ReviewState } from "../../votes/judgement/judgement.js";
export type { Selection } from "../assign/selection.js";
export type { AssignmentSettings } from "../assign/settings.js";
export type { EndedAccess } from "./accounts/end-access.js";
export type { AuditEntry } from "./audit/audit-entry.js";
export type { AuditKey } from "./audit/audit-key.js";
export { publicKeyOf } from "./audit/audit-key.js";
export { type Checkpoint, readCheckpoints } from "./audit/checkpoints.js";
export type { RowKind } from "./audit/coverage.js";
export type { ShownAuditEntry } from "./audit/read-audit.js";
export { readAudit } from "./audit/read-audit.js";
export type { Write } from "./audit/writer.js";
export { type BackupSummary, backup } from "./backup/backup.js";
export { renewCheckpointFile } from "./backup/renew-checkpoint-file.js";
export { type RestoreOptions, type RestoreSummary, restore } from "./backup/restore.js";
export type { AccountTables } from "./database/account-tables.js";
export type { Database, Queries } from "./database/database.js";
export {
  checkpointFileOf,
  databaseLocation,
  defaultKeyFile,
  openDatabase,
  openExistingDatabase,
  pingDatabase,
  withoutPassword,
} from "./database/database.js";
export type { Tables } from "./database/tables.js";
export { databaseSettings } from "./database-settings.js";
export {
  type Adjudication,
  adjudicateItem,
  findAdjudication,
  withdrawAdjudication,
} from "./items/adjudications.js";
export { MAX_OVERLAP, restoreItem, setGold, setItemOverlap } from "./items/change-item.js";
export { changeSettings, type SettingsChange } from "./items/change-settings.js";
export {
  addItems,
  findItem,
  ITEM_STATES,
  type Item,
  type ItemQuery,
  type ItemState,
  isDone,
  itemProblem,
  listItems,
  MAX_ITEMS_AT_ONCE,
  NewItem,
  withdrawItem,
} from "./items/items.js";
export { prioritise, prioritiseDiverse, setPriorities } from "./items/prioritise.js";
export { type ActiveDay, activity } from "./projects/activity.js";
export {
  type DeletedProject,
  type ExportedRow,
  exportDeletedProject,
  findDeletedProject,
  listDeletedProjects,
} from "./projects/deleted-projects.js";
export { type SavedColumns, saveColumns, savedColumns } from "./projects/import-columns.js";
export { putMember } from "./projects/members.js";
export { ownProgress, type Progress, progress } from "./projects/progress.js";
export { projectStamp } from "./projects/project-stamp.js";
export {
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
} from "./projects/projects.js";
export { purgeProject } from "./projects/purge.js";
export { addBookmark, type Bookmark, listBookmarks, removeBookmark } from "./raters/bookmarks.js";
export { findMember, MEMBER_STATES, type MemberState, setMemberState } from "./raters/member-state.js";
export {
  type Conversation,
  conversations,
  MAX_MESSAGE,
  type Message,
  markRead,
  messagesOf,
  type OwnMessage,
  ownMessages,
  writeToLeads,
  writeToRater,
} from "./raters/messages.js";
export {
  addRater,
  deletePersonalData,
  findPerson,
  findRater,
  joinProject,
  leaveProject,
  listMembers,
  type Member,
  type MemberName,
  memberNames,
  moveMember,
  NewRater,
  Person,
  type Place,
  type Rater,
  setPerson,
  setReliabilities,
} from "./raters/raters.js";
export { listSkips, type Skip } from "./raters/skips.js";
export { openStore, type Store, type StoreOptions } from "./store.js";
export type { StoreContext } from "./store-context.js";
export { StoreError, type StoreProblem } from "./store-error.js";
export type { AuditProblem } from "./verification/problem.js";
export { type AuditReport, verifyAudit } from "./verification/verify-audit.js";
export { type DatabaseKeys, verifyDatabase, verifyOpenStore } from "./verification/verify-database.js";
export { schemaProblems } from "./verification/verify-schema.js";
export { type ExportedVote, exportVotes } from "./votes/export-votes.js";
export { type Lease, type LeaseAnswer, LeaseRequest, MAX_LEASES, NO_LEASE } from "./votes/lease.js";
export type { ProjectItem, ProjectMember } from "./votes/load-project.js";
export { loadProject, type ProjectData, readProject, readRawProject } from "./votes/load-project.js";
export type { TrainingRequest } from "./votes/rater-training.js";
export {
  answerTraining,
  MAX_TRAINING,
  type TrainingFeedback,
  type TrainingItem,
  trainingFor,
} from "./votes/rater-training.js";
export {
  checkReviewOf,
  countReviews,
  decideReview,
  decideReviews,
  HeldVote,
  holdVotes,
  listReviews,
  type Review,
  type ReviewChoice,
  type ReviewDecision,
  votesOfReviews,
} from "./votes/reviews.js";
export { itemVotes, raterVotes, type StandingVote } from "./votes/standing-votes.js";
export { CorrectionRequest, type TakenVote, VoteRequest } from "./votes/vote.js";
export {
  correctVote,
  type PastVote,
  pastVotes,
  releaseLease,
  renewLease,
  SkipRequest,
  saveDraft,
  skipItem,
} from "./votes/work.js";
