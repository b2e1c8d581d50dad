/**
 * Overwriting what was deleted. SQLite overwrites freed cells and pages with zeros (`secure_delete`), but a page that
 * was split keeps copies of the cells that moved, and the write-ahead log keeps earlier pages until it starts anew. So
 * after personal data were deleted the file is written anew (VACUUM) and the log cut to nothing. That this is owed is
 * noted in the transaction of the deletion (`user_version`, which only grows and is odd while it is owed), so that a
 * killed process leaves the note to the next.
 *
 * PostgreSQL does such work by itself in its own time; docs/operations.md says what to do there.
 */
import { sql } from "kysely";
import type { Database, Queries } from "./database.js";
import { isPostgres } from "./sets.js";

/** How long the cutting of the log waits for readers before it is left for later. */
const PATIENCE_MILLISECONDS = 500;

/** Notes, within a transaction that deletes personal data, that the file has to be written anew. */
export async function oweScrub(db: Queries): Promise<void> {
  if (isPostgres(db)) return;
  const version = await versionOf(db);
  await setVersion(db, owes(version) ? version + 2 : version + 1);
}

const owes = (version: number): boolean => version % 2 === 1;

async function versionOf(db: Queries): Promise<number> {
  const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(db);
  return rows[0].user_version;
}

async function setVersion(db: Queries, version: number): Promise<void> {
  await sql`pragma user_version = ${sql.lit(version)}`.execute(db);
}

/** How long after a try that others' reading made vain the next one is. */
const AGAIN_MILLISECONDS = 5000;

/** Does what is owed on one connection: at once, again while others read, and at the end. */
export class Scrubber {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database) {}

  /**
   * Writes the file anew if that is owed; writers wait meanwhile, about a second for each 100 MB. Where it cannot be
   * done now (others read all the time, or the disk is full), it is tried again in the background.
   */
  async scrub(): Promise<void> {
    if (this.database.engine !== "sqlite" || (await scrub(this.database).catch(() => false))) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.scrub();
    }, AGAIN_MILLISECONDS).unref();
  }

  /** A last try, without a further one; what is then still owed is done at the next opening. */
  async end(): Promise<void> {
    if (this.database.engine === "sqlite") await scrub(this.database).catch(() => false);
    clearTimeout(this.timer);
  }
}

/** @returns false if others were reading all the time, or more was deleted meanwhile, so that it is still owed. */
async function scrub({ db }: Database): Promise<boolean> {
  // Each statement waits for its turn among the writes, of which some may come in between.
  const version = await versionOf(db);
  if (!owes(version)) return true;
  await sql`vacuum`.execute(db);
  const { rows: waits } = await sql<{ timeout: number }>`pragma busy_timeout`.execute(db);
  await sql`pragma busy_timeout = ${sql.lit(PATIENCE_MILLISECONDS)}`.execute(db);
  try {
    const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(db);
    if (rows[0].busy !== 0) return false;
  } finally {
    await sql`pragma busy_timeout = ${sql.lit(waits[0].timeout)}`.execute(db);
  }
  return db.transaction().execute(async (transaction) => {
    if ((await versionOf(transaction)) !== version) return false;
    await setVersion(transaction, version + 1);
    return true;
  });
}
