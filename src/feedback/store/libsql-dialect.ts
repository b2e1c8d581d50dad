/**
 * Kysely over libsql's synchronous interface, on one connection.
 *
 * Kysely's own SQLite dialect would run over it, but libsql 0.5 ends the process on a parameter that it does not know (a
 * boolean) and cuts text at a NUL, so every parameter is checked here. Write transactions begin immediately: two processes
 * that read and then write cannot then both hold what the other needs.
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
import type Libsql from "libsql";

/** Prepared statements that are kept, the first made being the first to go. */
const KEPT_STATEMENTS = 256;

export function libsqlDialect(database: Libsql.Database): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new LibsqlDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class LibsqlDriver implements Driver {
  private readonly connection: LibsqlConnection;
  private readonly waiting: (() => void)[] = [];
  private taken = false;

  constructor(private readonly database: Libsql.Database) {
    this.connection = new LibsqlConnection(database);
  }

  async init(): Promise<void> {}

  /** First come, first served. */
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

  /** A transaction that SQLite has already rolled back (disk full, for one) is over; the first error is the one to report. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.database.inTransaction) await connection.executeQuery(CompiledQuery.raw("rollback"));
  }

  async destroy(): Promise<void> {
    this.database.close();
  }
}

class LibsqlConnection implements DatabaseConnection {
  private readonly statements = new Map<string, Libsql.Statement<unknown[]>>();

  constructor(private readonly database: Libsql.Database) {}

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    for (const [i, parameter] of parameters.entries()) checkParameter(parameter, i);
    const statement = this.prepared(sql);
    if (statement.reader) return { rows: statement.all(parameters) as R[] };
    const { changes } = statement.run(parameters);
    return { numAffectedRows: BigInt(changes), rows: [] };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("long results are read in pages, by key");
  }

  private prepared(sql: string): Libsql.Statement<unknown[]> {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    this.statements.set(sql, statement);
    if (this.statements.size > KEPT_STATEMENTS) {
      const [oldest] = this.statements.keys();
      this.statements.delete(oldest);
    }
    return statement;
  }
}

function checkParameter(parameter: unknown, index: number): void {
  if (parameter === null || Number.isFinite(parameter)) return;
  if (typeof parameter === "string" && !parameter.includes("\u0000")) return;
  const what = typeof parameter === "string" ? "text with a NUL" : String(parameter);
  throw new TypeError(`query parameter ${index + 1} cannot be stored: ${what}`);
}
