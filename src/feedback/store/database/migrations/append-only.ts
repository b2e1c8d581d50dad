import { sql, type Transaction } from "kysely";
import type { Engine } from "../database.js";
import type { Tables } from "../tables.js";

/** Makes the database itself refuse to change or delete rows of a table. */
export async function appendOnly(db: Transaction<Tables>, engine: Engine, table: string): Promise<void> {
  const message = `${table} is append-only`;
  if (engine === "sqlite") {
    for (const event of ["update", "delete"])
      await sql`create trigger ${sql.id(`${table}_no_${event}`)} before ${sql.raw(event)} on ${sql.id(table)}
        begin select raise(abort, ${sql.lit(message)}); end`.execute(db);
    return;
  }
  await sql`create or replace function plumb_refuse_change() returns trigger language plpgsql as
    $$ begin raise exception '% is append-only', tg_table_name; end $$`.execute(db);
  await sql`create trigger ${sql.id(`${table}_append_only`)} before update or delete on ${sql.id(table)}
    for each row execute function plumb_refuse_change()`.execute(db);
  await sql`create trigger ${sql.id(`${table}_no_truncate`)} before truncate on ${sql.id(table)}
    for each statement execute function plumb_refuse_change()`.execute(db);
}
