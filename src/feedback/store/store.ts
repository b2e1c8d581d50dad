import { type AuditKey, openAuditKey, publicKeyOf } from "./audit/audit-key.js";
import { appendCheckpoint, type Checkpoint, signCheckpoint, storeCheckpoint } from "./audit/checkpoints.js";
import { readHead, Writer } from "./audit/writer.js";
import { check } from "./check.js";
import {
  checkpointFileOf,
  type Database,
  defaultKeyFile,
  openDatabase,
  type Queries,
} from "./database/database.js";
import { migrate } from "./migrate.js";
import type { StoreContext } from "./store-context.js";
import { Batcher } from "./votes/batcher.js";
import { type LeaseAnswer, LeaseRequest } from "./votes/lease.js";
import { leaseBatch } from "./votes/lease-batch.js";
import { type TakenVote, VoteRequest } from "./votes/vote.js";
import { voteBatch } from "./votes/vote-batch.js";

/** Entries of the audit log after which a checkpoint is taken. */
const CHECKPOINT_EVERY = 1000;

export interface StoreOptions {
  /** File of the signing key; created if missing. Default: next to the SQLite file; for PostgreSQL plumb-audit.key. */
  keyFile?: string;
  /** Unix milliseconds. */
  clock?: () => number;
}

/** The open store. The functions of this folder take it as their StoreContext. */
export interface Store extends Database, StoreContext {
  readonly key: AuditKey;
  /** Path of the file that keeps checkpoints outside the database. */
  readonly checkpointFile: string;
  /** Gives a rater items, including those the rater already holds. @throws StoreError missing, closed, forbidden. */
  lease(request: LeaseRequest): Promise<LeaseAnswer>;
  /**
   * Takes a vote. The same vote sent again, for example after a lost response, is stored once.
   *
   * @throws StoreError missing, forbidden, closed, expired, invalid; conflict: a different vote was cast on the lease,
   * or the item was skipped.
   */
  vote(request: VoteRequest): Promise<TakenVote>;
  /** Signs the present end of the audit log. @returns undefined when there is nothing new to sign. */
  checkpoint(): Promise<Checkpoint | undefined>;
  /** Signs a last checkpoint, waits for pending writes, and closes the database. */
  close(): Promise<void>;
}

/**
 * Opens the store and migrates its tables to the current schema.
 *
 * @param location path of a SQLite file, created if missing, or a postgres:// URL.
 */
export async function openStore(
  location: string,
  { keyFile = defaultKeyFile(location), clock = Date.now }: StoreOptions = {},
): Promise<Store> {
  // A key that cannot be used is refused before a database is made.
  publicKeyOf(keyFile);
  const database = await openDatabase(location);
  let key: AuditKey;
  try {
    await migrate(database);
    // A new key is made only once the database has answered: no secret is left behind where there is none.
    key = openAuditKey(keyFile);
  } catch (error) {
    await database.db.destroy();
    throw error;
  }
  const checkpointFile = checkpointFileOf(keyFile);
  let signed = await lastCheckpoint(database);
  let signing = false;
  const writer = new Writer(database, clock, (head) => {
    if (head - signed < CHECKPOINT_EVERY || signing) return;
    signing = true;
    // A failed checkpoint is tried again after the next commit.
    void checkpoint()
      .catch(() => undefined)
      .finally(() => {
        signing = false;
      });
  });
  const checkpoint = async (): Promise<Checkpoint | undefined> => {
    const taken = await writer.submit(async ({ db, now }) => {
      const head = await readHead(db);
      if (head.seq <= (await lastCheckpoint({ db }))) return undefined;
      const fresh = signCheckpoint(key, head, now);
      await storeCheckpoint(db, key, fresh);
      return fresh;
    });
    if (taken === undefined) return undefined;
    appendCheckpoint(checkpointFile, taken);
    signed = taken.seq;
    return taken;
  };
  const write: Store["write"] = (work) => writer.submit(work);
  const leases = new Batcher({ write }, leaseBatch);
  const votes = new Batcher({ write }, voteBatch);
  return {
    ...database,
    ...{ key, checkpointFile, clock, checkpoint, write },
    lease: async (request) => leases.submit(check(LeaseRequest, request)),
    vote: async (request) => votes.submit(check(VoteRequest, request)),
    async close() {
      try {
        await checkpoint();
        await writer.idle();
      } finally {
        await database.db.destroy();
      }
    },
  };
}

/** Number of the last signed entry; 0 if none is signed. */
async function lastCheckpoint({ db }: { db: Queries }): Promise<number> {
  const last = await db
    .selectFrom("audit_checkpoints")
    .select("seq")
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return last?.seq ?? 0;
}
