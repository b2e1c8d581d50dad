import { type AuditKey, openAuditKey } from "./audit/audit-key.js";
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

/** Entries of the audit log between two checkpoints, at most. */
const CHECKPOINT_EVERY = 1000;

export interface StoreOptions {
  /** File of the signing key; made if missing. Default: beside the SQLite file, else plumb-audit.key. */
  keyFile?: string;
  /** Unix milliseconds. */
  clock?: () => number;
}

/** The open store. The functions of this folder take it as their StoreContext. */
export interface Store extends Database, StoreContext {
  readonly key: AuditKey;
  /** Where checkpoints are kept outside the database. */
  readonly checkpointFile: string;
  /** Gives a rater items, and again those that it holds. @throws StoreError missing, closed, forbidden. */
  lease(request: LeaseRequest): Promise<LeaseAnswer>;
  /**
   * Takes a vote. The same vote again, as after a lost answer, is taken once.
   *
   * @throws StoreError missing, forbidden, closed, expired, invalid; conflict: another vote was cast on the lease.
   */
  vote(request: VoteRequest): Promise<TakenVote>;
  /** Signs how far the audit log has come. @returns undefined when it is empty. */
  checkpoint(): Promise<Checkpoint | undefined>;
  /** Waits for what is being written, signs a last checkpoint, and closes. */
  close(): Promise<void>;
}

/**
 * Opens the store and brings its tables to today's form.
 *
 * @param location path of a SQLite file, made if it is missing, or a postgres:// URL.
 */
export async function openStore(
  location: string,
  { keyFile = defaultKeyFile(location), clock = Date.now }: StoreOptions = {},
): Promise<Store> {
  const key = openAuditKey(keyFile);
  const database = await openDatabase(location);
  try {
    await migrate(database);
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
    // One that fails is tried again after the next commit.
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

/** How far the log was when it was last signed. */
async function lastCheckpoint({ db }: { db: Queries }): Promise<number> {
  const last = await db
    .selectFrom("audit_checkpoints")
    .select("seq")
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return last?.seq ?? 0;
}
