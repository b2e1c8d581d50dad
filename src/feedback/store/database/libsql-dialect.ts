/**
 * A Kysely dialect for libsql, on one connection.
 *
 * Kysely's own SQLite dialect would work, but libsql 0.5 ends the process on a parameter of an unsupported type (such
 * as a boolean) and cuts text at a NUL, so every parameter is checked here. Write transactions use BEGIN IMMEDIATE, so
 * two processes that read and then write cannot deadlock.
 */

import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from "kysely";
import type { SqliteThread } from "./sqlite-thread.js";

export function libsqlDialect(thread: SqliteThread): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new LibsqlDriver(thread),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class LibsqlDriver implements Driver {
  private readonly connection: LibsqlConnection;
  private readonly waiting: (() => void)[] = [];
  private taken = false;

  constructor(private readonly thread: SqliteThread) {
    this.connection = new LibsqlConnection(thread);
  }

  async init(): Promise<void> {}

  /** Callers get the connection in the order they ask. */
  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.taken) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.taken = true;
    return this.connection;
  }

  async releaseConnection(): Promise<void> {
    const next = this.waiting.shift();
    if (next === undefined) this.taken = false;
    else next();
  }

  async beginTransaction(connection: DatabaseConnection, { accessMode }: TransactionSettings): Promise<void> {
    const begin = accessMode === "read only" ? "begin" : "begin immediate";
    await connection.executeQuery(CompiledQuery.raw(begin));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(): Promise<void> {
    await this.thread.ask("rollback");
  }

  async destroy(): Promise<void> {
    await this.thread.close();
  }
}

class LibsqlConnection implements DatabaseConnection {
  constructor(private readonly thread: SqliteThread) {}

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    for (const [i, parameter] of parameters.entries()) checkParameter(parameter, i);
    const answer = await this.thread.ask({ sql, parameters });
    if ("rows" in answer) return { rows: answer.rows as R[] };
    return { numAffectedRows: BigInt(answer.changes), rows: [] };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("long results are read in pages, by key");
  }
}

function checkParameter(parameter: unknown, index: number): void {
  if (parameter === null || Number.isFinite(parameter)) return;
  if (typeof parameter === "string" && !parameter.includes("\u0000")) return;
  const what = typeof parameter === "string" ? "text with a NUL" : String(parameter);
  throw new TypeError(`query parameter ${index + 1} cannot be stored: ${what}`);
}
