/**
 * Opening the database: SQLite in a file, or PostgreSQL by its URL. All other code sees a Kysely instance and the
 * engine's name.
 */
import { accessSync, closeSync, constants, existsSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import { PlumbError } from "../../../base/errors.js";
import { systemCause } from "../../../base/system-error.js";
import { StoreError } from "../store-error.js";
import { libsqlDialect } from "./libsql-dialect.js";
import { keepForOwner } from "./owner-only.js";
import { postgresPool } from "./postgres-pool.js";
import { type ReadingLane, SqliteThreads } from "./sqlite-threads.js";
import type { Tables } from "./tables.js";

export type Engine = "sqlite" | "postgresql";

/** An open database and its connections. */
export interface Database {
  engine: Engine;
  /** For writes, and for reads of a few rows. Destroying it closes all connections. */
  db: Kysely<Tables>;
  /** For reads that may take long, such as those of leads, on connections of their own: they hold up no other. */
  longReads: Kysely<Tables>;
}

/** A query interface, inside a transaction or not. */
export type Queries = Kysely<Tables> | Transaction<Tables>;

/**
 * How long a writer waits for another process's write by default; whoever asked waits at most twice as long, for the
 * write before too.
 */
const BUSY_MILLISECONDS = 5000;
/** Size of SQLite's page cache: the default of 2 MiB is smaller than the indexes of a hundred thousand votes. */
const CACHE_KIBIBYTES = 65_536;
/** Pages of the write-ahead log (32 MiB) before it is moved into the database; each move waits for the disk twice. */
const CHECKPOINT_PAGES = 8000;
/**
 * Connections of one process to PostgreSQL: in all, and of them for long reads. Writes take turns on one of the others.
 */
const POOL_SIZE = 10;
const LONG_POOL_SIZE = 3;

function isPostgresUrl(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location);
}

/**
 * @param location path of a SQLite file, created if missing, or a postgres:// URL.
 * @param busyMilliseconds how long a writer waits for another process's write.
 * @throws PlumbError when the database cannot be opened.
 */
export async function openDatabase(
  location: string,
  busyMilliseconds = BUSY_MILLISECONDS,
): Promise<Database> {
  return isPostgresUrl(location)
    ? openPostgres(location, busyMilliseconds)
    : openSqlite(location, busyMilliseconds);
}

/**
 * Opens an existing database that holds a store.
 *
 * @throws PlumbError when it does not exist, or holds no store.
 */
export async function openExistingDatabase(location: string): Promise<Database> {
  if (!isPostgresUrl(location) && !existsSync(location))
    throw new PlumbError(`There is no database ${location}.`, {
      hint: "Pass its path with --db, or set DATABASE_URL.",
    });
  const database = await openDatabase(location);
  const tables = await database.db.introspection.getTables();
  if (tables.some(({ name }) => name === "audit")) return database;
  await database.db.destroy();
  throw new PlumbError(`${withoutPassword(location)} is not a Plumbline database: it has no audit log.`);
}

/** Resolves once the database has answered a query that reads no table. */
export async function pingDatabase({ db }: { db: Queries }): Promise<void> {
  await sql`select 1`.execute(db);
}

/** Where the database is: the given location, else DATABASE_URL, else plumb.db in the working directory. */
export function databaseLocation(given?: string): string {
  return given ?? (process.env.DATABASE_URL || "plumb.db");
}

/** Default path of a database's signing key: next to the SQLite file; for PostgreSQL, in the working directory. */
export function defaultKeyFile(location: string): string {
  return isPostgresUrl(location) ? "plumb-audit.key" : `${location}.audit-key`;
}

/** Path of the file that keeps checkpoints outside the database. */
export function checkpointFileOf(keyFile: string): string {
  return `${keyFile}.checkpoints`;
}

async function openSqlite(path: string, busyMilliseconds: number): Promise<Database> {
  try {
    keepForOwner(path);
    const threads = new SqliteThreads({
      path,
      busyMilliseconds,
      pragmas: [
        `busy_timeout = ${busyMilliseconds}`,
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        `cache_size = ${-CACHE_KIBIBYTES}`,
        `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
      ],
    });
    await threads.open();
    const reading = (lane: ReadingLane) => new Kysely<Tables>({ dialect: libsqlDialect(threads, lane) });
    return { engine: "sqlite", db: reading("short"), longReads: reading("long") };
  } catch (error) {
    const why = systemCause(error)?.why ?? whyUnusable(path) ?? messageOf(error);
    throw new PlumbError(`Cannot open the database ${path}: ${why}.`, {
      hint: "Choose a SQLite database or a file that does not exist yet, in a folder that you may write to.",
      cause: error,
    });
  }
}

/** Why a file cannot hold a database, where SQLite gives only a number; undefined if the file system allows it. */
function whyUnusable(path: string): string | undefined {
  try {
    if (existsSync(path)) closeSync(openSync(path, "r+"));
    accessSync(dirname(resolve(path)), constants.W_OK);
    return undefined;
  } catch (error) {
    return systemCause(error)?.why;
  }
}

async function openPostgres(url: string, busyMilliseconds: number): Promise<Database> {
  const [pool, longPool] = [POOL_SIZE - LONG_POOL_SIZE, LONG_POOL_SIZE].map((size) =>
    postgresPool(url, size, busyMilliseconds),
  );
  try {
    (await pool.connect()).release();
  } catch (error) {
    await pool.end();
    throw new PlumbError(
      `Cannot reach the PostgreSQL database ${withoutPassword(url)}: ${messageOf(error)}.`,
      {
        hint: "Check DATABASE_URL, and that the server runs and accepts this user.",
        cause: error,
      },
    );
  }
  const end = async () => {
    await Promise.all([pool.end(), longPool.end()]);
  };
  const over = (connect: typeof pool.connect, end: () => Promise<void>) =>
    new Kysely<Tables>({ dialect: new PostgresDialect({ pool: { connect, end } }) });
  return {
    engine: "postgresql",
    db: over(pool.connect, end),
    longReads: over(longPool.connect, async () => undefined),
  };
}

/** A database URL that is safe to show or log. */
export function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^:/@]*):[^@]*@/, "$1:***@");
}

/** In the database's own words, which name the fault, where `error` is what raters are told. */
function messageOf(given: unknown): string {
  const error = given instanceof StoreError ? given.cause : given;
  return error instanceof Error
    ? error.message || String((error as NodeJS.ErrnoException).code)
    : String(error);
}
