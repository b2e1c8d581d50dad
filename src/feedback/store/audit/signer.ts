/** Signs the end of the audit log: when the store is opened and closed, every thousand entries, and by time. */
import { type Kysely, sql } from "kysely";
import type { Tables } from "../database/tables.js";
import type { AuditKey } from "./audit-key.js";
import {
  appendCheckpoints,
  type Checkpoint,
  lastSigned,
  readCheckpoints,
  signCheckpoint,
  storeCheckpoint,
  storeKey,
} from "./checkpoints.js";
import { PARTS, rowHash, rowKey } from "./coverage.js";
import { ROWS_CHANGED, type RowChange, rowsOfPart, toldChanges } from "./row-changes.js";
import { readHead, type Write } from "./writer.js";

/** Entries after which a checkpoint is taken, and milliseconds after which one is taken if there are fewer. */
const EVERY_ENTRIES = 1000;
const EVERY_MILLISECONDS = 30_000;

/** The first entry of a log that covers rows, and the entry of a key that signs from then on. */
export const LOG_BEGUN = "log.begun";
export const KEY_BEGUN = "log.key";

export class Signer {
  private signed = 0;
  private signing: Promise<unknown> | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** Checkpoints that are in the database and not yet in the file. */
  private pending: Checkpoint[] = [];

  constructor(
    private readonly key: AuditKey,
    /** Path of the file that keeps checkpoints outside the database. */
    private readonly file: string,
    private readonly db: Kysely<Tables>,
    private readonly write: <T>(work: (write: Write) => Promise<T>) => Promise<T>,
  ) {}

  /**
   * Begins the log, or in a log of an earlier version the record of rows; introduces the key if it is new; adds to the
   * file what a killed process could not; signs.
   */
  async begin(): Promise<void> {
    await this.write(async (write) => {
      const { db, audit, now } = write;
      const known = await db
        .selectFrom("audit")
        .select(["action", "subject"])
        .where(sql<boolean>`action in ('log.begun', 'log.key')`) // as in the index
        .execute();
      await storeKey(db, this.key, now);
      const introduced = { publicKey: this.key.publicKey };
      if (!known.some(({ action }) => action === LOG_BEGUN)) {
        audit("system", LOG_BEGUN, this.key.id, introduced);
        for (const rows of toldChanges(await presentRows(db))) audit("system", ROWS_CHANGED, "", rows);
      } else if (!known.some(({ subject }) => subject === this.key.id))
        audit("system", KEY_BEGUN, this.key.id, introduced);
    });
    const { checkpoints } = readCheckpoints(this.file);
    const kept = new Set(checkpoints.map(({ seq, key_id }) => `${seq} ${key_id}`));
    const stored = await this.db
      .selectFrom("audit_checkpoints")
      .selectAll()
      .where("key_id", "=", this.key.id)
      .where("previous_seq", "is not", null)
      .orderBy("seq")
      .execute();
    this.pending = stored.filter(({ seq, key_id }) => !kept.has(`${seq} ${key_id}`));
    this.signed = await lastSigned(this.db);
    await this.sign();
  }

  /** Called after each commit with the number of the log's last entry. */
  committed(head: number): void {
    if (head <= this.signed) return;
    if (head - this.signed >= EVERY_ENTRIES) this.signSoon();
    else
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.signSoon();
      }, EVERY_MILLISECONDS).unref();
  }

  /** Signs the present end of the log. @returns undefined when there is nothing new to sign. */
  async sign(): Promise<Checkpoint | undefined> {
    const taken = await this.write(async ({ db, now }) => {
      const [head, last] = [await readHead(db), await lastSigned(db)];
      if (head.seq <= last) return undefined;
      const fresh = signCheckpoint(this.key, head, now, last);
      await storeCheckpoint(db, fresh);
      return fresh;
    });
    if (taken !== undefined) this.pending.push(taken);
    if (this.pending.length > 0) appendCheckpoints(this.file, this.pending);
    this.pending = [];
    this.signed = Math.max(this.signed, taken?.seq ?? 0);
    return taken;
  }

  /** Ends the signing by time. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private signSoon(): void {
    // One that fails is tried again after the next commit.
    this.signing ??= this.sign()
      .catch(() => undefined)
      .finally(() => {
        this.signing = undefined;
      });
  }
}

/** Every covered row of a database, as changes from nothing. */
async function presentRows(db: Write["db"]): Promise<RowChange[]> {
  const changes: RowChange[] = [];
  for (const part of PARTS)
    for await (const row of rowsOfPart(db, part))
      changes.push({ part: part.name, key: rowKey(part, row), was: null, is: rowHash(part, row) });
  return changes;
}
