/** The thread that holds a SQLite connection. It runs one statement at a time, in order of arrival. */
import { parentPort, workerData } from "node:worker_threads";
import Libsql from "libsql";
import { giveWay } from "../../../base/give-way.js";
import type { SqliteAnswer, SqliteQuestion, SqliteSettings } from "./sqlite-thread.js";

/** Most prepared statements kept; the oldest is dropped first. */
const KEPT_STATEMENTS = 256;

const { path, busyMilliseconds, pragmas, givesWay } = workerData as SqliteSettings;
if (givesWay) giveWay();
const statements = new Map<string, Libsql.Statement<unknown[]>>();
let database: Libsql.Database | undefined;

parentPort?.on("message", (question: SqliteQuestion) => parentPort?.postMessage(answerTo(question)));

function answerTo(question: SqliteQuestion): SqliteAnswer {
  try {
    if (question === "open") return open();
    if (database === undefined) throw new Error("the database is closed");
    if (question === "close") return close(database);
    // SQLite may already have rolled back (for example, disk full); then only the first error is reported.
    if (question === "rollback" && !database.inTransaction) return { changes: 0 };
    const { sql, parameters } = question === "rollback" ? { sql: "rollback", parameters: [] } : question;
    const statement = prepared(database, sql);
    if (statement.reader) return { rows: statement.all(parameters) };
    return { changes: statement.run(parameters).changes };
  } catch (error) {
    const { message, code, rawCode: raw } = error as Error & { code?: string; rawCode?: number };
    return { error: { message, ...(code !== undefined && { code }), ...(raw !== undefined && { raw }) } };
  }
}

function open(): SqliteAnswer {
  database = new Libsql(path, { timeout: busyMilliseconds });
  for (const pragma of pragmas) database.exec(`PRAGMA ${pragma}`);
  return { changes: 0 };
}

function close(open: Libsql.Database): SqliteAnswer {
  statements.clear();
  open.close();
  database = undefined;
  return { changes: 0 };
}

function prepared(database: Libsql.Database, sql: string): Libsql.Statement<unknown[]> {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const statement = database.prepare(sql);
  statements.set(sql, statement);
  if (statements.size > KEPT_STATEMENTS) statements.delete(statements.keys().next().value as string);
  return statement;
}
