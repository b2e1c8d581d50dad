/**
 * Allows one writer at a time, and groups many writes into one commit.
 *
 * A durable commit costs a write to disk, so writes that are requested while another commit runs wait and are then done
 * together: one transaction, a savepoint for each write if there are several, one commit. No caller gets an answer
 * before the commit. Every write of every process goes through one lock (SQLite's own, or an advisory lock in
 * PostgreSQL), because the audit log is one chain. Under the lock a write sees everything committed before, so counting
 * and then inserting needs no further locks.
 *
 * After the entries of the writes come those that tell of all covered rows that the transaction changed, by their
 * hashes before and after (`row-changes.ts`).
 */

import { sql, type Transaction } from "kysely";
import { canonicalJson } from "../../../base/canonical-json.js";
import { sha256 } from "../../../base/sha256.js";
import type { Database, Engine } from "../database/database.js";
import { insertRows } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import { StoreError } from "../store-error.js";
import { type AuditEntry, auditHash, FIRST_PREVIOUS } from "./audit-entry.js";
import { beginRowNotes, ROWS_CHANGED, takeRowChanges, toldChanges } from "./row-changes.js";

/** Most writes in one transaction. */
const MAX_TOGETHER = 256;
/** Number of Plumbline's lock among a PostgreSQL database's advisory locks. */
const ADVISORY_LOCK = 7_586_321;

/** What a write may use. */
export interface Write {
  db: Transaction<Tables>;
  /** When the write began, in Unix milliseconds. */
  now: number;
  /**
   * Records an action in the audit log. Details must hold no words that a person wrote: those are `texts`, of which the
   * entry has the SHA-256 as `<name>Sha256`, and which can be deleted later.
   *
   * @returns the number of the entry.
   */
  audit(
    actor: string,
    action: string,
    subject: string,
    details?: object,
    texts?: Readonly<Record<string, string | null | undefined>>,
  ): number;
}

interface Queued {
  work: (write: Write) => Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export class Writer {
  private queue: Queued[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: () => number,
    /** Called after each commit with the number of the log's last entry. */
    private readonly onCommitted: (head: number) => void,
  ) {}

  /** Does a write. It is on disk when the promise resolves; nothing of it is stored when the promise rejects. */
  submit<T>(work: (write: Write) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.queue.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.running ??= this.run();
    });
  }

  /** Resolves when no write is pending. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    // Writes requested within the same turn of the event loop join this commit.
    await new Promise(setImmediate);
    while (this.queue.length > 0) {
      const together = this.queue.splice(0, MAX_TOGETHER);
      let answers: (() => void)[] = [];
      try {
        const committed = await this.commit(together);
        answers = committed.answers;
        this.onCommitted(committed.head);
      } catch (error) {
        answers = together.map(
          ({ reject }) =>
            () =>
              reject(error),
        );
      }
      for (const answer of answers) answer();
      await new Promise(setImmediate);
    }
    // This is in the same turn as the last look at the queue, so a later write starts a new run.
    this.running = undefined;
  }

  private commit(together: readonly Queued[]): Promise<Together> {
    const { db, engine } = this.database;
    return db.transaction().execute(async (transaction) => {
      await lockForWriting(transaction, engine);
      return writeTogether(transaction, engine, this.clock, together);
    });
  }
}

/**
 * What some writes came to: for each a function that resolves or rejects its promise, to be called after the commit.
 */
interface Together {
  answers: (() => void)[];
  /** Number of the log's last entry. */
  head: number;
}

/** Does a write within a transaction that holds the write lock, as part of it. */
export async function writeWithin<T>(
  transaction: Transaction<Tables>,
  engine: Engine,
  work: (write: Write) => Promise<T>,
): Promise<T> {
  let value: unknown;
  const queued = { work, resolve: (done: unknown) => void (value = done), reject: () => undefined };
  const { answers } = await writeTogether(transaction, engine, Date.now, [queued]);
  for (const answer of answers) answer();
  return value as T;
}

async function writeTogether(
  transaction: Transaction<Tables>,
  engine: Engine,
  clock: () => number,
  together: readonly Queued[],
): Promise<Together> {
  const head = await readHead(transaction);
  await beginRowNotes(transaction, engine);
  const entries: Omit<AuditEntry, "previous" | "hash">[] = [];
  const written: Tables["audit_texts"][] = [];
  const answers: (() => void)[] = [];
  // A single write needs no savepoint: it is rolled back with its transaction.
  const alone = together.length === 1;
  let last = 0;
  for (const { work, resolve, reject } of together) {
    const [before, textsBefore] = [entries.length, written.length];
    const now = clock();
    last = now;
    const audit: Write["audit"] = (actor, action, subject, details = {}, texts = {}) => {
      const seq = head.seq + entries.length + 1;
      const hashes: Record<string, string> = {};
      for (const [name, text] of Object.entries(texts))
        if (typeof text === "string") {
          hashes[`${name}Sha256`] = sha256(text);
          written.push({ seq, name, text });
        }
      const details_json = canonicalJson({ ...details, ...hashes });
      entries.push({ seq, at: now, actor, action, subject, details_json });
      return seq;
    };
    if (!alone) await sql`savepoint one_write`.execute(transaction);
    try {
      const value = await work({ db: transaction, now, audit });
      if (!alone) await sql`release savepoint one_write`.execute(transaction);
      answers.push(() => resolve(value));
    } catch (error) {
      // A database that cannot be used may have given up the transaction, with the writes before this one.
      if (alone || (error instanceof StoreError && error.problem === "unavailable")) throw error;
      await sql`rollback to savepoint one_write`.execute(transaction);
      await sql`release savepoint one_write`.execute(transaction);
      entries.length = before;
      written.length = textsBefore;
      answers.push(() => reject(error));
    }
  }
  await insertRows(transaction, "audit_texts", written);
  for (const details of toldChanges(await takeRowChanges(transaction, engine)))
    entries.push({
      seq: head.seq + entries.length + 1,
      at: last,
      actor: "system",
      action: ROWS_CHANGED,
      subject: "",
      details_json: canonicalJson(details),
    });
  await append(transaction, head, entries);
  return { answers, head: head.seq + entries.length };
}

async function append(
  db: Transaction<Tables>,
  head: { hash: string },
  entries: readonly Omit<AuditEntry, "previous" | "hash">[],
): Promise<void> {
  if (entries.length === 0) return;
  let previous = head.hash;
  const chained = entries.map((entry): AuditEntry => {
    const hash = auditHash({ ...entry, previous });
    const link = { ...entry, previous, hash };
    previous = hash;
    return link;
  });
  await insertRows(db, "audit", chained);
}

/** Waits until no other transaction writes, and blocks other writers until this transaction ends. */
export async function lockForWriting(db: Transaction<Tables>, engine: Engine): Promise<void> {
  // A SQLite transaction already began with the write lock.
  if (engine === "postgresql") await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(db);
}

/** Number and hash of the log's last entry; 0 and FIRST_PREVIOUS if the log is empty. */
export async function readHead(
  db: Pick<Database["db"], "selectFrom">,
): Promise<{ seq: number; hash: string }> {
  const last = await db
    .selectFrom("audit")
    .select(["seq", "hash"])
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return last ?? { seq: 0, hash: FIRST_PREVIOUS };
}
