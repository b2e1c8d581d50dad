/**
 * Statements over many rows or ids. Their text does not depend on the number of rows or ids, or takes only a few forms,
 * because compiling a statement takes Kysely and the database longer than running it.
 */
import { CompiledQuery, PostgresAdapter, type RawBuilder, sql, type Transaction } from "kysely";
import type { Queries } from "./database.js";
import type { Tables } from "./tables.js";

/** Most rows of one insert: SQLite allows 32,766 parameters, PostgreSQL 65,535. */
const ROWS_TOGETHER = 512;
/** Cached insert statements, by engine, table, columns and number of rows. */
const inserts = new Map<string, string>();

/** Whether the queries go to PostgreSQL; else to SQLite. */
export const isPostgres = (db: Queries): boolean => db.getExecutor().adapter instanceof PostgresAdapter;

/** The condition `column in (values)`, with all values as one parameter. */
export function among(db: Queries, column: string, values: readonly string[]): RawBuilder<boolean> {
  return isPostgres(db)
    ? sql<boolean>`${sql.ref(column)} = any(${values}::text[])`
    : sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`;
}

/** Inserts any number of rows that have the same columns, in batches whose sizes are powers of two. */
export async function insertRows<T extends keyof Tables & string>(
  db: Transaction<Tables>,
  table: T,
  rows: readonly Tables[T][],
): Promise<void> {
  if (rows.length === 0) return;
  const columns = Object.keys(rows[0]);
  for (let start = 0; start < rows.length; ) {
    const count = Math.min(ROWS_TOGETHER, 2 ** Math.floor(Math.log2(rows.length - start)));
    const values = rows
      .slice(start, start + count)
      .flatMap((row) => columns.map((column) => (row as Record<string, unknown>)[column]));
    await db.executeQuery(CompiledQuery.raw(insertText(db, table, columns, count), values));
    start += count;
  }
}

function insertText(db: Queries, table: string, columns: readonly string[], count: number): string {
  const numbered = isPostgres(db);
  const key = `${numbered} ${table} ${columns.join()} ${count}`;
  const known = inserts.get(key);
  if (known !== undefined) return known;
  const row = (r: number) =>
    `(${columns.map((_, c) => (numbered ? `$${r * columns.length + c + 1}` : "?")).join()})`;
  const names = columns.map((column) => `"${column}"`).join();
  const text = `insert into "${table}" (${names}) values ${Array.from({ length: count }, (_, r) => row(r)).join()}`;
  inserts.set(key, text);
  return text;
}
