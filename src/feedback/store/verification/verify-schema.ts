/**
 * Looks for what the store did not make of its database. What a foreign trigger, rule, default or reference changes is
 * changed within the store's own transactions, so the log tells of it as if the store had meant it; a view or a policy in
 * place of a table shows the store other rows than there are. What is there at the moment that is looked at is found; what
 * was taken out again is not.
 */
import { sql } from "kysely";
import type { Queries } from "../database/database.js";
import { migrations } from "../database/migrations/index.js";
import { isPostgres } from "../database/sets.js";
import { foreignToPostgres } from "./postgres-schema.js";
import type { NoteProblem } from "./problem.js";
import { madeByMigrations, sqliteTriggers, type TableShapes, tableShapes } from "./table-shapes.js";

/** What a table's text says beyond its columns and keys, and the store's never do. */
const BEYOND = /\b(?:check|collate|conflict|deferrable|deferred|strict|without)\b/i;

/** Notes every problem of the schema; a database of later versions is not looked at. */
export async function verifySchema(db: Queries, note: NoteProblem): Promise<void> {
  const steps = (await db.selectFrom("migrations").select("name").orderBy("name").execute()).map(
    ({ name }) => name,
  );
  if (steps.some((name, i) => migrations[i]?.name !== name)) return;
  const made = await madeByMigrations(steps.length);
  compare(made.shapes, await tableShapes(db), note);
  if (isPostgres(db)) await foreignToPostgres(db, [...made.shapes.keys()], note);
  else await foreignToSqlite(db, made, note);
}

/** What `verifySchema` finds in an open database, in words. */
export async function schemaProblems(db: Queries): Promise<string[]> {
  const problems: string[] = [];
  await verifySchema(db, (_seq, _kind, problem) => problems.push(problem));
  return problems;
}

/** Tables of other names are nobody's business. */
function compare(wanted: TableShapes, found: TableShapes, note: NoteProblem): void {
  for (const [table, parts] of wanted) {
    const present = found.get(table);
    if (present === undefined) {
      note(0, "schema", `${table} is no table`);
      continue;
    }
    for (const part of parts) if (!present.includes(part)) note(0, "schema", `${table} lacks: ${part}`);
    for (const part of present)
      if (!parts.includes(part)) note(0, "schema", `${table} has what no version makes: ${part}`);
  }
}

async function foreignToSqlite(
  db: Queries,
  made: Awaited<ReturnType<typeof madeByMigrations>>,
  note: NoteProblem,
): Promise<void> {
  for (const [name, { relation, text }] of await sqliteTriggers(db))
    if (made.triggers.get(name)?.text !== text)
      note(0, "trigger", `${name}, on ${relation}, is none of the store's, and may change what it likes`);
  const { rows } = await sql<{ name: string; text: string }>`select name, sql as text from sqlite_master
    where type = 'table'`.execute(db);
  for (const { name, text } of rows) {
    const beyond = made.shapes.has(name) ? BEYOND.exec(text) : null;
    if (beyond !== null) note(0, "schema", `${name} has what no version makes: ${beyond[0].toLowerCase()}`);
  }
}
