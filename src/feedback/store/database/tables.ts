/**
 * The tables as queries see them; migrations/ creates them. In both engines, times are Unix milliseconds, booleans are
 * 0 or 1, and columns that end in `_json` hold JSON as text.
 */

import type { AccountTables } from "./account-tables.js";

/**
 * Columns of every table, as Kysely types its queries. Times are Unix milliseconds; names that end in `_json` hold
 * JSON.
 */
export interface Tables extends AccountTables {
  migrations: { name: string; applied_at: number };
  projects: {
    id: string;
    name: string;
    state: string;
    task_json: string;
    settings_json: string;
    seed: number;
    guidelines_version: number;
    created_at: number;
  };
  guidelines: { project_id: string; version: number; text: string; created_at: number };
  items: {
    id: string;
    project_id: string;
    /** Order of arrival within the project, from 1. */
    position: number;
    content_json: string;
    responses: number;
    language: string | null;
    /** Group of raters that the item is for; null for all. */
    audience: string | null;
    gold_json: string | null;
    /** Why the gold answer is right; makes the item a training item. */
    explanation: string | null;
    priority: number;
    state: string;
    /** Judgements wanted; `votes` and `leases` count those cast and the live leases. */
    overlap: number;
    votes: number;
    leases: number;
    /** 1 while another rater may get the item: it is open, not gold, and votes + leases < overlap. */
    available: number;
    created_at: number;
    /** Votes that a lead asked for, before which early stopping decides nothing; null: none in particular. */
    asked: number | null;
    /** When a lead last changed whether it is gold, its overlap or its state; null: never. */
    changed_at: number | null;
  };
  /** Verdicts of leads, which are their items' results. */
  adjudications: {
    item_id: string;
    project_id: string;
    answer_json: string;
    note: string | null;
    /** Who decided, as the audit log names them. */
    decided_by: string;
    decided_at: number;
  };
  /** Words between a rater and the leads of a project. */
  messages: {
    id: string;
    project_id: string;
    rater_id: string;
    /** What they are about, if about an item. */
    item_id: string | null;
    /** staff or rater. */
    author: string;
    /** Who sent it, as the audit log names them. */
    sent_by: string;
    text: string;
    created_at: number;
    /** When the other side read it. */
    read_at: number | null;
  };
  raters: { id: string; languages_json: string; state: string; created_at: number };
  /** Personal data, kept separate so that it can be deleted. */
  people: {
    rater_id: string;
    name: string | null;
    email: string | null;
    notes: string | null;
    created_at: number;
  };
  memberships: {
    project_id: string;
    rater_id: string;
    group_name: string | null;
    /** active; paused: no new work; excluded: no work, and votes do not count; left. */
    state: string;
    /** Why paused or excluded. */
    state_reason: string | null;
    joined_at: number;
    /** The rater's number, from 1, among all who ever joined the project. */
    number: number;
    /** Leases that the rater has had in the project. */
    turns: number;
    /** Votes cast, without corrections. */
    votes: number;
    /** Day of the last vote, in days since 1970 (UTC); `day_votes` counts the votes of that day. */
    day: number;
    day_votes: number;
    /** Probability of a correct answer, as estimated by the last aggregation. */
    reliability: number | null;
  };
  /** When somebody was last removed from a project, as a rater or from its staff. */
  departures: { project_id: string; rater_id: string; at: number };
  leases: {
    id: string;
    project_id: string;
    item_id: string;
    rater_id: string;
    /** live; voted; skipped; released: the rater gave it back; taken: it was taken from the rater; expired. */
    state: string;
    /** Number of the rater's earlier leases in the project; seeds the random draws. */
    turn: number;
    repeat_shown: number;
    gold: number;
    order_json: string;
    guidelines_version: number;
    created_at: number;
    expires_at: number;
    /** Why the item was skipped. */
    reason: string | null;
  };
  training_answers: {
    rater_id: string;
    item_id: string;
    project_id: string;
    answer_json: string;
    answered_at: number;
  };
  import_columns: {
    project_id: string;
    /** Of the columns' names, in their alphabet. */
    columns_hash: string;
    columns_json: string;
    choices_json: string;
    saved_at: number;
  };
  drafts: { lease_id: string; draft_json: string; saved_at: number };
  bookmarks: {
    rater_id: string;
    item_id: string;
    /** 1 for the bookmark of a hidden repeat of the item. */
    repeat_shown: number;
    project_id: string;
    note: string | null;
    created_at: number;
  };
  votes: {
    /** Number of the vote's entry in the audit log; gives the order of votes. */
    seq: number;
    id: string;
    project_id: string;
    item_id: string;
    rater_id: string;
    lease_id: string;
    answer_json: string;
    order_json: string;
    milliseconds: number | null;
    cast_at: number;
    guidelines_version: number;
    repeat_shown: number;
    gold: number;
    corrects: string | null;
    group_name: string | null;
    client: string | null;
  };
  reviews: {
    id: string;
    project_id: string;
    vote_id: string;
    lease_id: string;
    filter: string;
    evidence_json: string;
    state: string;
    created_at: number;
    decided_at: number | null;
    decided_by: string | null;
    note: string | null;
  };
  audit: {
    seq: number;
    at: number;
    actor: string;
    action: string;
    subject: string;
    details_json: string;
    previous: string;
    hash: string;
  };
  /** What people wrote when they did what an entry tells of: the entry has its hash, and the text can be deleted. */
  audit_texts: { seq: number; name: string; text: string };
  audit_checkpoints: {
    seq: number;
    hash: string;
    at: number;
    key_id: string;
    signature: string;
    /** The entry of the checkpoint before this one; 0 for the first; null for those of earlier versions. */
    previous_seq: number | null;
  };
  audit_keys: { key_id: string; public_key: string; created_at: number };
}
