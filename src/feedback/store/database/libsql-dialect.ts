/**
 * A Kysely dialect for libsql, over the connections of `SqliteThreads`: what reads has one, what writes another.
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
import type { ReadingLane, SqliteThreads } from "./sqlite-threads.js";

/** @param lane of the reads outside of transactions. */
export function libsqlDialect(threads: SqliteThreads, lane: ReadingLane): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new LibsqlDriver(threads, lane),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class LibsqlDriver implements Driver {
  constructor(
    private readonly threads: SqliteThreads,
    private readonly lane: ReadingLane,
  ) {}

  async init(): Promise<void> {}

  /** Whether it reads or writes is known only with its first statement: until then it is no thread's. */
  async acquireConnection(): Promise<LibsqlConnection> {
    return new LibsqlConnection(this.threads, this.lane);
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    (connection as LibsqlConnection).end();
  }

  async beginTransaction(connection: DatabaseConnection, { accessMode }: TransactionSettings): Promise<void> {
    await (connection as LibsqlConnection).begin(accessMode === "read only");
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as LibsqlConnection).rollback();
  }

  async destroy(): Promise<void> {
    await this.threads.close();
  }
}

class LibsqlConnection implements DatabaseConnection {
  /** The thread of the transaction that runs, and how it is given back. */
  private held: { thread: SqliteThread; giveBack(): void } | undefined;

  constructor(
    private readonly threads: SqliteThreads,
    private readonly lane: ReadingLane,
  ) {}

  async begin(readOnly: boolean): Promise<void> {
    const thread = await (readOnly ? this.threads.snapshot() : this.threads.write());
    const giveBack = readOnly
      ? () => void thread.close().catch(() => undefined)
      : () => this.threads.doneWriting();
    this.held = { thread, giveBack };
    await thread.ask({ sql: readOnly ? "begin" : "begin immediate", parameters: [] });
  }

  async rollback(): Promise<void> {
    await this.held?.thread.ask("rollback");
  }

  end(): void {
    this.held?.giveBack();
    this.held = undefined;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { sql, parameters } = query;
    for (const [i, parameter] of parameters.entries()) checkParameter(parameter, i);
    const answer = await this.ask(query, { sql, parameters });
    if ("rows" in answer) return { rows: answer.rows as R[] };
    return { numAffectedRows: BigInt(answer.changes), rows: [] };
  }

  private async ask(
    query: CompiledQuery,
    question: { sql: string; parameters: readonly unknown[] },
  ): ReturnType<SqliteThread["ask"]> {
    if (this.held !== undefined) return this.held.thread.ask(question);
    if (onlyReads(query)) return (await this.threads.reader(this.lane)).ask(question);
    const thread = await this.threads.write();
    try {
      return await thread.ask(question);
    } finally {
      this.threads.doneWriting();
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("long results are read in pages, by key");
  }
}

const onlyReads = ({ query, sql }: CompiledQuery): boolean =>
  query.kind === "SelectQueryNode" || /^\s*select\b/i.test(sql);

function checkParameter(parameter: unknown, index: number): void {
  if (parameter === null || Number.isFinite(parameter)) return;
  if (typeof parameter === "string" && !parameter.includes("\u0000")) return;
  const what = typeof parameter === "string" ? "text with a NUL" : String(parameter);
  throw new TypeError(`query parameter ${index + 1} cannot be stored: ${what}`);
}
