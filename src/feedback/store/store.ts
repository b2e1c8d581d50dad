import { type AuditKey, openAuditKey, publicKeyOf } from "./audit/audit-key.js";
import type { Checkpoint } from "./audit/checkpoints.js";
import { prepareRowNotes } from "./audit/row-changes.js";
import { Signer } from "./audit/signer.js";
import { lockForWriting, Writer } from "./audit/writer.js";
import { check } from "./check.js";
import { checkpointFileOf, type Database, defaultKeyFile, openDatabase } from "./database/database.js";
import { Scrubber } from "./database/scrub.js";
import { migrate } from "./migrate.js";
import type { StoreContext } from "./store-context.js";
import { Batcher } from "./votes/batcher.js";
import { type LeaseAnswer, LeaseRequest } from "./votes/lease.js";
import { leaseBatch } from "./votes/lease-batch.js";
import { type TakenVote, VoteRequest } from "./votes/vote.js";
import { voteBatch } from "./votes/vote-batch.js";

/** How a store is opened; every option may be left out. */
export interface StoreOptions {
  /** File of the signing key; created if missing. Default: next to the SQLite file; for PostgreSQL plumb-audit.key. */
  keyFile?: string;
  /** Unix milliseconds. */
  clock?: () => number;
  /** How long a write waits for another process's write, in milliseconds; default 5000. */
  busyMilliseconds?: number;
}

/** The open store. The functions of this folder take it as their StoreContext. */
export interface Store extends Database, StoreContext {
  readonly key: AuditKey;
  /** Path of the SQLite file, or the postgres:// URL. */
  readonly location: string;
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
  { keyFile = defaultKeyFile(location), clock = Date.now, busyMilliseconds }: StoreOptions = {},
): Promise<Store> {
  // A key that cannot be used is refused before a database is made.
  publicKeyOf(keyFile);
  const database = await openDatabase(location, busyMilliseconds);
  let key: AuditKey;
  try {
    await migrate(database);
    await database.db.transaction().execute(async (transaction) => {
      await lockForWriting(transaction, database.engine);
      await prepareRowNotes(transaction, database.engine);
    });
    // A new key is made only once the database has answered: no secret is left behind where there is none.
    key = openAuditKey(keyFile);
  } catch (error) {
    await database.db.destroy();
    throw error;
  }
  const checkpointFile = checkpointFileOf(keyFile);
  const writer: Writer = new Writer(database, clock, (head) => signer.committed(head));
  const write: Store["write"] = (work) => writer.submit(work);
  const signer: Signer = new Signer(key, checkpointFile, database.db, write);
  const scrubber = new Scrubber(database);
  try {
    await scrubber.scrub();
    await signer.begin();
  } catch (error) {
    signer.stop();
    await database.db.destroy();
    throw error;
  }
  const leases = new Batcher({ write }, leaseBatch);
  const votes = new Batcher({ write }, voteBatch);
  return {
    ...database,
    key,
    location,
    checkpointFile,
    clock,
    write,
    checkpoint: () => signer.sign(),
    scrub: () => scrubber.scrub(),
    lease: async (request) => leases.submit(check(LeaseRequest, request)),
    vote: async (request) => votes.submit(check(VoteRequest, request)),
    async close() {
      try {
        signer.stop();
        await signer.sign();
        await writer.idle();
        await scrubber.end();
      } finally {
        await database.db.destroy();
      }
    },
  };
}
