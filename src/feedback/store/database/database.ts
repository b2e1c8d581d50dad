/** Opening the database: SQLite in a file, or PostgreSQL by its URL. Everything above sees one Kysely and the engine's name. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import { PlumbError } from "../../../base/errors.js";
import { libsqlDialect } from "./libsql-dialect.js";
import { SqliteThread } from "./sqlite-thread.js";
import type { Tables } from "./tables.js";

export type Engine = "sqlite" | "postgresql";

export interface Database {
  engine: Engine;
  db: Kysely<Tables>;
}

/** A query interface that is in a transaction or not. */
export type Queries = Kysely<Tables> | Transaction<Tables>;

/** How long a writer waits for another process that writes. */
const BUSY_MILLISECONDS = 10_000;
/** Pages of SQLite's that stay in memory: its default of 2 MiB is less than the indexes of a hundred thousand votes. */
const CACHE_KIBIBYTES = 65_536;
/** Pages of the write-ahead log (32 MiB) after which they are moved into the database: each move waits for the disk twice. */
const CHECKPOINT_PAGES = 8000;
/** Connections of one process to PostgreSQL; writes take turns on one of them. */
const POOL_SIZE = 10;
/** PostgreSQL's type number of bigint; its values here stay below 2^53. */
const INT8 = 20;

export function isPostgresUrl(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location);
}

/**
 * @param location path of a SQLite file, made if it is missing, or a postgres:// URL.
 * @throws PlumbError when it cannot be opened.
 */
export async function openDatabase(location: string): Promise<Database> {
  return isPostgresUrl(location) ? openPostgres(location) : openSqlite(location);
}

/**
 * Opens a database that is there already, and in which a store was opened before.
 *
 * @throws PlumbError when it is not there, or holds no store.
 */
export async function openExistingDatabase(location: string): Promise<Database> {
  if (!isPostgresUrl(location) && !existsSync(location))
    throw new PlumbError(`There is no database ${location}.`, {
      hint: "Name it with --db, or set DATABASE_URL.",
    });
  const database = await openDatabase(location);
  const tables = await database.db.introspection.getTables();
  if (tables.some(({ name }) => name === "audit")) return database;
  await database.db.destroy();
  throw new PlumbError(`${withoutPassword(location)} holds no votes of Plumbline's.`);
}

/** Resolves once the database has answered a query that reads nothing. */
export async function pingDatabase({ db }: { db: Queries }): Promise<void> {
  await sql`select 1`.execute(db);
}

/** Where the database is: what was said, else DATABASE_URL, else plumb.db here. */
export function databaseLocation(given?: string): string {
  return given ?? (process.env.DATABASE_URL || "plumb.db");
}

/** Where the signing key of a database is, unless said otherwise: beside the SQLite file, else here. */
export function defaultKeyFile(location: string): string {
  return isPostgresUrl(location) ? "plumb-audit.key" : `${location}.audit-key`;
}

/** Where checkpoints are kept outside the database. */
export function checkpointFileOf(keyFile: string): string {
  return `${keyFile}.checkpoints`;
}

async function openSqlite(path: string): Promise<Database> {
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
    const thread = await SqliteThread.open({
      ...{ path, busyMilliseconds: BUSY_MILLISECONDS },
      pragmas: [
        `busy_timeout = ${BUSY_MILLISECONDS}`,
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        `cache_size = ${-CACHE_KIBIBYTES}`,
        `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
      ],
    });
    return { engine: "sqlite", db: new Kysely<Tables>({ dialect: libsqlDialect(thread) }) };
  } catch (error) {
    throw new PlumbError(`Cannot open the database ${path}: ${messageOf(error)}.`, {
      hint: "Name a file that is a SQLite database or does not exist, in a folder that you may write to.",
      cause: error,
    });
  }
}

async function openPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: BUSY_MILLISECONDS,
    lock_timeout: BUSY_MILLISECONDS,
    types: {
      getTypeParser: (id: number, format?: "text" | "binary") =>
        id === INT8 ? Number : pg.types.getTypeParser(id, format as "text"),
    },
  } as pg.PoolConfig);
  // An idle connection that breaks is replaced by the pool; a query on a broken one fails by itself.
  pool.on("error", () => undefined);
  try {
    (await pool.connect()).release();
  } catch (error) {
    await pool.end();
    throw new PlumbError(
      `Cannot reach the PostgreSQL database ${withoutPassword(url)}: ${messageOf(error)}.`,
      {
        hint: "Check DATABASE_URL, and that the server runs and lets this user in.",
        cause: error,
      },
    );
  }
  return { engine: "postgresql", db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }) };
}

/** A database's address as it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^:/@]*):[^@]*@/, "$1:***@");
}

function messageOf(error: unknown): string {
  return error instanceof Error
    ? error.message || String((error as NodeJS.ErrnoException).code)
    : String(error);
}
