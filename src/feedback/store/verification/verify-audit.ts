/**
 * Verifies that the audit log, and the data it describes, are unchanged.
 *
 * 1. Entries are numbered without gaps, each holds the hash of the previous one, and its own hash is right: no entry
 *    was altered, removed, inserted or moved.
 * 2. Every checkpoint, in the database and in the file next to the key, is signed by the key and names an entry with
 *    that hash: the log was neither cut off before it nor rewritten.
 * 3. Votes match their entries field by field, and there are no others. The contents of items and the guidelines match
 *    too.
 * 4. States of projects, raters, memberships, reviews, items and ended leases follow from the entries
 *    (`verify-states.ts`).
 *
 * Entries after the last checkpoint that were cut off together with their votes are not detected. Checkpoints are taken
 * every 1,000 entries and when the store is closed.
 */

import { canonicalJson } from "../../../base/canonical-json.js";
import { auditHash, FIRST_PREVIOUS, sha256 } from "../audit/audit-entry.js";
import { keyId, signatureHolds } from "../audit/audit-key.js";
import { type Checkpoint, checkpointText } from "../audit/checkpoints.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { itemHash } from "../items/items.js";
import { auditedVote } from "../votes/vote.js";
import { ToldStates } from "./verify-states.js";

/** Rows read per query. */
const PAGE = 1000;
/** Most problems listed; further ones are only counted. */
const MAX_LISTED = 100;

export interface AuditProblem {
  /** Number of the entry, or of the vote's entry; 0 if there is none. */
  seq: number;
  kind:
    | "entry"
    | "checkpoint"
    | "vote"
    | "item"
    | "guidelines"
    | "project"
    | "rater"
    | "member"
    | "review"
    | "lease";
  problem: string;
}

export interface AuditReport {
  entries: number;
  votes: number;
  /** Checkpoints signed by the key; `otherCheckpoints` counts those of other keys, which are not verified. */
  checkpoints: number;
  otherCheckpoints: number;
  /** The last entry. Keep a copy elsewhere: it then reveals any later cut of the log. */
  head: { seq: number; hash: string };
  /** The first problems, at most 100. */
  problems: AuditProblem[];
  problemCount: number;
}

type Note = (seq: number, kind: AuditProblem["kind"], problem: string) => void;

/**
 * @param publicKey SPKI in PEM: the key that checkpoints must be signed by.
 * @param kept checkpoints that were kept outside the database.
 */
export async function verifyAudit(
  db: Queries,
  publicKey: string,
  kept: readonly Checkpoint[] = [],
): Promise<AuditReport> {
  const problems: AuditProblem[] = [];
  let problemCount = 0;
  const note: Note = (seq, kind, problem) => {
    problemCount++;
    if (problems.length < MAX_LISTED) problems.push({ seq, kind, problem });
  };
  const key = keyId(publicKey);
  const stored = await db.selectFrom("audit_checkpoints").selectAll().orderBy("seq").execute();
  const own = [...stored, ...kept].filter(({ key_id }) => key_id === key);
  const signed = new Map<number, string>();
  for (const checkpoint of own) {
    const { seq, hash, signature } = checkpoint;
    if (!signatureHolds(checkpointText(checkpoint), signature, publicKey))
      note(seq, "checkpoint", "its signature is wrong");
    else if (signed.has(seq) && signed.get(seq) !== hash)
      note(seq, "checkpoint", "two checkpoints differ: the log was rewritten");
    else signed.set(seq, hash);
  }

  const states = new ToldStates();
  const head = await verifyChain(db, signed, note, states);
  for (const seq of signed.keys())
    if (seq > head.seq) note(seq, "checkpoint", `the log ends at ${head.seq}: entries were cut off`);
  if (head.seq > 0 && signed.size === 0) note(head.seq, "checkpoint", "no checkpoint is signed by this key");
  const votes = await verifyVotes(db, note);
  await verifyContents(db, note);
  await states.check(db, note);
  return {
    entries: head.seq,
    votes,
    checkpoints: signed.size,
    otherCheckpoints: stored.length - stored.filter(({ key_id }) => key_id === key).length,
    head,
    problems,
    problemCount,
  };
}

/** @returns the last entry. */
async function verifyChain(
  db: Queries,
  signed: ReadonlyMap<number, string>,
  note: Note,
  states: ToldStates,
): Promise<{ seq: number; hash: string }> {
  let head = { seq: 0, hash: FIRST_PREVIOUS };
  for await (const entry of pages(db, "audit")) {
    const { seq, hash, previous } = entry;
    if (seq !== head.seq + 1)
      note(head.seq + 1, "entry", `entries ${head.seq + 1} to ${seq - 1} are missing`);
    if (previous !== head.hash) note(seq, "entry", "does not follow the previous entry");
    if (auditHash(entry) !== hash) note(seq, "entry", "was altered: its hash is wrong");
    if (signed.has(seq) && signed.get(seq) !== hash)
      note(seq, "checkpoint", "names another entry of this number: the log was rewritten");
    states.take(entry);
    head = { seq, hash };
  }
  return head;
}

/** Compares votes with their entries. Both are read in order of seq, one page at a time. */
async function verifyVotes(db: Queries, note: Note): Promise<number> {
  let count = 0;
  const votes = pages(db, "votes");
  let vote = await votes.next();
  const entries = pages(db, "audit", ["vote.cast", "vote.corrected"]);
  for await (const { seq, details_json } of entries) {
    while (!vote.done && vote.value.seq < seq) {
      note(vote.value.seq, "vote", "the log has no entry for this vote");
      vote = await votes.next();
      count++;
    }
    if (vote.done || vote.value.seq !== seq) {
      note(seq, "vote", "is missing: the log has an entry for it");
      continue;
    }
    if (canonicalJson(auditedVote(vote.value)) !== details_json) note(seq, "vote", "was altered");
    vote = await votes.next();
    count++;
  }
  for (; !vote.done; vote = await votes.next(), count++)
    note(vote.value.seq, "vote", "the log has no entry for this vote");
  return count;
}

/** Compares items and guidelines with the entries that added them. */
async function verifyContents(db: Queries, note: Note): Promise<void> {
  let known = 0;
  for await (const { seq, subject, details_json } of pages(db, "audit", ["item.added"])) {
    known++;
    const added = JSON.parse(details_json) as { sha256: string };
    const item = await db
      .selectFrom("items")
      .select(["content_json", "gold_json", "explanation"])
      .where("id", "=", subject)
      .executeTakeFirst();
    if (item === undefined) note(seq, "item", `item ${subject} is missing`);
    else if (itemHash(item) !== added.sha256) note(seq, "item", `item ${subject} was altered`);
  }
  const items = await db
    .selectFrom("items")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .executeTakeFirstOrThrow();
  if (items.n > known) note(0, "item", `the log has no entries for ${items.n - known} items`);
  for await (const entry of pages(db, "audit", ["project.created", "guidelines.published"])) {
    const { version = 1, guidelines } = JSON.parse(entry.details_json) as {
      version?: number;
      guidelines: string;
    };
    const row = await db
      .selectFrom("guidelines")
      .select("text")
      .where("project_id", "=", entry.subject)
      .where("version", "=", version)
      .executeTakeFirst();
    if (row === undefined || sha256(row.text) !== guidelines)
      note(entry.seq, "guidelines", `version ${version} of ${entry.subject} was altered or is missing`);
  }
}

/** Rows of a table in order of seq. */
async function* pages<T extends "audit" | "votes">(
  db: Queries,
  table: T,
  actions?: readonly string[],
): AsyncGenerator<Tables[T]> {
  for (let after = -1; ; ) {
    const rows = (await db
      .selectFrom(table as "audit")
      .selectAll()
      .where("seq", ">", after)
      .$if(actions !== undefined, (query) => query.where("action", "in", actions as string[]))
      .orderBy("seq")
      .limit(PAGE)
      .execute()) as unknown as Tables[T][];
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1].seq;
  }
}
