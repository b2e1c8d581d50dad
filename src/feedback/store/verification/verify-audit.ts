/**
 * Verifies that the audit log, and the data it describes, are unchanged.
 *
 * 1. Entries are numbered without gaps, each holds the hash of the previous one, and its own hash is right: no entry
 *    was altered, removed, inserted or moved.
 * 2. Every checkpoint, in the database and in the file next to the key, is signed by a key that the log introduced,
 *    names the checkpoint before it, and an entry with that hash: the log was neither cut off before it nor rewritten.
 * 3. Votes match their entries field by field, and there are no others. The contents of items and the guidelines match
 *    too.
 * 4. States of projects, raters, memberships, reviews, items and ended leases follow from the entries
 *    (`verify-states.ts`), all rows of covered tables are as the log last left them (`verify-rows.ts`), and counts are
 *    what the rows come to (`verify-counts.ts`).
 * 5. Tables are as the migrations make them, with no trigger, rule, default or view of others (`verify-schema.ts`).
 *
 * Entries after the last checkpoint that were cut off together with what they did are not detected. Checkpoints are
 * taken when a store is opened and closed, every 1,000 entries, and half a minute after an entry.
 */

import { canonicalJson } from "../../../base/canonical-json.js";
import { sha256 } from "../../../base/sha256.js";
import { auditHash, FIRST_PREVIOUS } from "../audit/audit-entry.js";
import { keyId } from "../audit/audit-key.js";
import type { Checkpoint } from "../audit/checkpoints.js";
import { PARTS, type Part } from "../audit/coverage.js";
import { ROWS_CHANGED, rowsOfPart } from "../audit/row-changes.js";
import { KEY_BEGUN, LOG_BEGUN } from "../audit/signer.js";
import type { Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { itemHash } from "../items/items.js";
import { PURGE_BEGUN } from "../projects/purge.js";
import { auditedVote, auditedVoteOfEarlier } from "../votes/vote.js";
import { type AuditProblem, type NoteProblem, Reported } from "./problem.js";
import { type SignedEntries, verifyCheckpoints } from "./verify-checkpoints.js";
import { verifyCounts } from "./verify-counts.js";
import { ToldRows } from "./verify-rows.js";
import { verifySchema } from "./verify-schema.js";
import { ToldStates } from "./verify-states.js";

/** What an item shows and expects. */
const CONTENTS = PARTS.find(({ name }) => name === "items.contents") as Part;
/** Rows read per query. */
const PAGE = 1000;
/** Most problems listed; further ones are only counted. */
const MAX_LISTED = 100;

/**
 * What verification of the audit log found: no problem means that nothing was written past the store, as far as it is
 * signed.
 */
export interface AuditReport {
  entries: number;
  votes: number;
  /** Checkpoints signed by the key; `otherCheckpoints` counts those of other keys. */
  checkpoints: number;
  otherCheckpoints: number;
  /** Number of the last entry that a checkpoint signs; those after it can be cut off without a trace. */
  signed: number;
  /** The last entry. Keep a copy elsewhere: it then reveals any later cut of the log. */
  head: { seq: number; hash: string };
  /** The first problems, at most 100. */
  problems: AuditProblem[];
  problemCount: number;
  /** What could not be verified, though nothing is wrong with it. */
  notes: string[];
}

/**
 * @param publicKey SPKI in PEM: the key that checkpoints must be signed by.
 * @param kept checkpoints that were kept outside the database; undefined if there is no file of them.
 */
export async function verifyAudit(
  db: Queries,
  publicKey: string,
  kept?: readonly Checkpoint[],
): Promise<AuditReport> {
  const problems: AuditProblem[] = [];
  let problemCount = 0;
  const note: NoteProblem = (seq, kind, problem) => {
    problemCount++;
    if (problems.length < MAX_LISTED) problems.push({ seq, kind, problem });
  };
  const checkpoints = await verifyCheckpoints(db, publicKey, kept, note);
  const { signed } = checkpoints;
  const log = new Log(note);
  const head = await verifyChain(db, signed, note, log);
  for (const seq of signed.keys())
    if (seq > head.seq) note(seq, "checkpoint", `the log ends at ${head.seq}: entries were cut off`);
  const last = Math.max(0, ...[...signed.keys()].filter((seq) => seq <= head.seq));
  const notes = verifySigning(keyId(publicKey), checkpoints, log, head.seq, note);
  await verifySchema(db, note);
  const reported = new Reported(note);
  const votes = await verifyVotes(db, log.purged, note);
  await verifyContents(db, log.rows, note, reported);
  await log.states.check(db, log.rows, log.purged, reported);
  await log.rows.check(db, reported);
  if (log.rows.begun !== undefined) await verifyCounts(db, log.purged, reported);
  return {
    entries: head.seq,
    votes,
    checkpoints: checkpoints.own,
    otherCheckpoints: checkpoints.others,
    signed: last,
    head,
    problems,
    problemCount,
    notes: problemCount > 0 ? [] : [...notes, ...unsigned(last, head.seq)],
  };
}

function unsigned(last: number, head: number): string[] {
  if (last === head) return [];
  const which = last + 1 === head ? `Entry ${head} is` : `Entries ${last + 1} to ${head} are`;
  return [
    `${which} not signed yet: the server signs within half a minute, when it starts and when it stops.`,
  ];
}

/** What the entries of a log tell, taken in order. */
class Log {
  constructor(private readonly note: NoteProblem) {}

  readonly states = new ToldStates();
  readonly rows = new ToldRows();
  /** Projects whose rows were or are being deleted. */
  readonly purged = new Set<string>();
  /** The keys that the log introduces, with the number of the entry. */
  readonly keys = new Map<string, number>();
  /** The last of the entries with which a store began, when nothing else was written since; else 0. */
  beginning = 0;

  take(entry: Tables["audit"]): void {
    const { seq, action, subject } = entry;
    const begins = action === LOG_BEGUN || action === KEY_BEGUN;
    if (begins) this.keys.set(subject, seq);
    this.beginning = begins || (action === ROWS_CHANGED && this.beginning === seq - 1) ? seq : this.beginning;
    if (action === PURGE_BEGUN) this.purged.add(subject);
    try {
      this.states.take(entry);
      this.rows.take(entry);
    } catch {
      this.note(seq, "entry", "has details that no version writes");
    }
  }
}

/** Whether the right keys signed. @returns what could not be verified. */
function verifySigning(
  own: string,
  { keys, unlinked, known, own: ownCount, others, any, lacking }: SignedEntries,
  log: Log,
  head: number,
  note: NoteProblem,
): string[] {
  if (head === 0) return [];
  const notes: string[] = [];
  if (log.rows.begun === undefined)
    notes.push("The log is of an earlier version: it covers more once this version has opened the database.");
  for (const [key, first] of keys)
    if ((log.keys.get(key) ?? Number.POSITIVE_INFINITY) > first)
      note(first, "checkpoint", `is signed by ${key}, a key that the log did not introduce before`);
  for (const seq of unlinked)
    if (log.rows.begun !== undefined && seq >= log.rows.begun)
      note(seq, "checkpoint", "does not name the one before it");
  for (const [key, seq] of log.keys)
    if (!known.has(key)) note(seq, "checkpoint", `the public key of ${key} is gone`);
  if (ownCount === 0) {
    // A store that was killed as it began has signed nothing yet.
    const justBegun = log.beginning === head && (!any || log.keys.has(own));
    if (!justBegun && (any || log.rows.begun !== undefined))
      note(head, "checkpoint", "no checkpoint is signed by this key");
  }
  if (others > 0)
    notes.push(
      `${others} checkpoints were signed by other keys: they hold by the public keys that the database has, which ` +
        "--public-key with a copy of yours would prove.",
    );
  if (lacking > 0)
    notes.push(`The file of checkpoints lacks ${lacking} that the database has: the next start adds them.`);
  return notes;
}

/** @returns the last entry. */
async function verifyChain(
  db: Queries,
  signed: ReadonlyMap<number, string>,
  note: NoteProblem,
  log: Log,
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
    log.take(entry);
    head = { seq, hash };
  }
  return head;
}

/** Compares votes with their entries. Both are read in order of seq, one page at a time. */
async function verifyVotes(db: Queries, purged: ReadonlySet<string>, note: NoteProblem): Promise<number> {
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
      if (!purged.has(String(detailsOf(details_json).project_id)))
        note(seq, "vote", "is missing: the log has an entry for it");
      continue;
    }
    const forms = [auditedVote, auditedVoteOfEarlier].map((form) =>
      canonicalJson(form(vote.value as VoteRow)),
    );
    if (!forms.includes(details_json)) note(seq, "vote", "was altered");
    vote = await votes.next();
    count++;
  }
  for (; !vote.done; vote = await votes.next(), count++)
    note(vote.value.seq, "vote", "the log has no entry for this vote");
  return count;
}

/** Compares items and guidelines with the entries that added them, or last said which answer is known. */
async function verifyContents(
  db: Queries,
  rows: ToldRows,
  note: NoteProblem,
  reported: Reported,
): Promise<void> {
  const items = new Map<string, string>();
  for await (const row of rowsOfPart(db, CONTENTS))
    items.set(String(row.id), itemHash(row as unknown as Tables["items"]));
  let known = 0;
  // Making an item gold, and no longer, changes what it was added as.
  const last = new Map<string, { seq: number; sha256: unknown }>();
  for await (const { seq, action, subject, details_json } of pages(db, "audit", [
    "item.added",
    "item.gold",
  ])) {
    if (action === "item.added") known++;
    last.set(subject, { seq, sha256: detailsOf(details_json).sha256 });
  }
  for (const [item, { seq, sha256: told }] of last) {
    const hash = items.get(item);
    if (hash === undefined) {
      if (!rows.deleted("items", item)) reported.row(seq, "item", item, `item ${item} is missing`);
    } else if (hash !== told) reported.row(seq, "item", item, `item ${item} was altered`);
  }
  if (items.size > known) note(0, "item", `the log has no entries for ${items.size - known} items`);
  for await (const entry of pages(db, "audit", ["project.created", "guidelines.published"])) {
    const { version = 1, guidelines } = detailsOf(entry.details_json);
    const row = await db
      .selectFrom("guidelines")
      .select("text")
      .where("project_id", "=", entry.subject)
      .where("version", "=", Number(version) || 0)
      .executeTakeFirst();
    const key = `${entry.subject} ${version}`;
    const problem = `version ${version} of ${entry.subject} was altered or is missing`;
    if (row === undefined ? !rows.deleted("guidelines", key) : sha256(row.text) !== guidelines)
      reported.row(entry.seq, "guidelines", key, problem);
  }
}

type VoteRow = Tables["votes"];

/** Details of an entry; none where they are not as any version writes them, which the chain then shows. */
function detailsOf(json: string): Record<string, unknown> {
  try {
    return { ...(JSON.parse(json) as Record<string, unknown>) };
  } catch {
    return {};
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
