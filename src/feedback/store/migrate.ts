import { sql, type Transaction } from "kysely";
import { PlumbError } from "../../base/errors.js";
import { dropRowNotes } from "./audit/row-changes.js";
import { lockForWriting } from "./audit/writer.js";
import type { Database, Engine } from "./database/database.js";
import { migrations } from "./database/migrations/index.js";
import type { Tables } from "./database/tables.js";

/**
 * Brings a database to the current schema: applies all missing steps in one transaction.
 *
 * @returns the names of the applied steps.
 * @throws PlumbError when the database was made by a later version.
 */
export async function migrate({ db, engine }: Database): Promise<string[]> {
  return db.transaction().execute(async (transaction) => {
    await lockForWriting(transaction, engine);
    return applyMigrations(transaction, engine);
  });
}

/**
 * Like migrate, within a transaction that holds the write lock. @param upTo number of steps to end at, from the first.
 */
export async function applyMigrations(
  db: Transaction<Tables>,
  engine: Engine,
  upTo = migrations.length,
): Promise<string[]> {
  const applied = await appliedMigrations(db);
  const unknown = applied.find((name, i) => migrations[i]?.name !== name);
  if (unknown !== undefined)
    throw new PlumbError(`The database has the migration ${unknown}, which this version does not know.`, {
      hint: "Use the version of Plumbline that wrote it, or a later one.",
    });
  const lacking = migrations.slice(applied.length, upTo);
  if (lacking.length > 0) await dropRowNotes(db, engine);
  for (const { name, up } of lacking) {
    await up(db, engine);
    await db.insertInto("migrations").values({ name, applied_at: Date.now() }).execute();
  }
  return lacking.map(({ name }) => name);
}

async function appliedMigrations(db: Transaction<Tables>): Promise<string[]> {
  await sql`create table if not exists migrations (name text primary key not null, applied_at bigint not null)`.execute(
    db,
  );
  const rows = await db.selectFrom("migrations").select("name").execute();
  return rows.map(({ name }) => name).sort();
}
