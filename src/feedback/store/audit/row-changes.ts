/**
 * Which covered rows a transaction changes. The database itself notes them, by triggers that fire only for the writer's
 * transactions, so no function that writes can forget to say so, and nothing that was written past the writer gets into
 * the log.
 *
 * SQLite: triggers and a table that exist on one connection only (TEMP). PostgreSQL: a trigger on each covered table,
 * which does nothing unless its session has made the table of notes for the transaction.
 */

import { sql, type Transaction } from "kysely";
import { sha256 } from "../../../base/sha256.js";
import type { Engine, Queries } from "../database/database.js";
import type { Tables } from "../database/tables.js";
import { PARTS, type Part, type PartName, rowHash, rowKey } from "./coverage.js";

/** A part of a row before and after a transaction, as hashes; null where there is no row. */
export interface RowChange {
  part: PartName;
  key: string;
  was: string | null;
  is: string | null;
}

/** Notes read per query. */
const PAGE = 500;
/** Most columns of a part. */
const WIDTH = Math.max(...PARTS.map(({ columns }) => columns.length));
const columnNames = Array.from({ length: WIDTH }, (_, i) => `c${i}`);

/** How the names of PostgreSQL's triggers and their functions begin; then the version and the part. */
const PREFIX = "plumb_note_";

/** Makes the connection (SQLite) or the database (PostgreSQL) note changes of covered rows. Called when opening. */
export async function prepareRowNotes(db: Transaction<Tables>, engine: Engine): Promise<void> {
  if (engine === "postgresql") return preparePostgres(db);
  await sql
    .raw(
      `create temp table if not exists plumb_noted (id integer primary key, part text not null, was integer not null, ${columnNames.join(", ")})`,
    )
    .execute(db);
  for (const { name, table, columns } of PARTS) {
    const note = (row: "old" | "new") =>
      `insert into plumb_noted (part, was, ${columnNames.slice(0, columns.length).join(", ")})
        values ('${name}', ${row === "old" ? 1 : 0}, ${columns.map((column) => `${row}."${column}"`).join(", ")});`;
    const events = [
      ["insert", "after insert", note("new")],
      ["update", `after update of ${columns.map((c) => `"${c}"`).join(", ")}`, note("old") + note("new")],
      ["delete", "after delete", note("old")],
    ];
    for (const [event, when, notes] of events)
      await sql
        .raw(
          `create temp trigger if not exists "plumb_note_${name}_${event}" ${when} on main."${table}" begin ${notes} end`,
        )
        .execute(db);
  }
}

/** The body of the trigger of a part; one session that notes has made the table of notes. */
function postgresNotes({ name, columns }: Part): string {
  const row = (which: "old" | "new") =>
    `json_build_object(${columns.map((column) => `'${column}', ${which}."${column}"`).join(", ")})`;
  return `begin
    if to_regclass('pg_temp.plumb_noted') is null then return null; end if;
    if tg_op <> 'INSERT' then
      insert into pg_temp.plumb_noted (part, was, noted) values ('${name}', 1, ${row("old")});
    end if;
    if tg_op <> 'DELETE' then
      insert into pg_temp.plumb_noted (part, was, noted) values ('${name}', 0, ${row("new")});
    end if;
    return null;
  end`;
}

/** Makes the triggers, unless those of this version are there; those of other versions are dropped. */
async function preparePostgres(db: Transaction<Tables>): Promise<void> {
  const version = `${PREFIX}${sha256(PARTS.map(postgresNotes).join()).slice(0, 12)}`;
  const all = await postgresTriggers(db);
  const present = all.filter(({ trigger }) => trigger.startsWith(version));
  if (present.length === PARTS.length && all.length === present.length) return;
  await dropRowNotes(db, "postgresql");
  for (const part of PARTS) {
    const name = `${version}_${part.name}`;
    await sql
      .raw(
        `create or replace function "${name}"() returns trigger language plpgsql as $$ ${postgresNotes(part)} $$`,
      )
      .execute(db);
    await sql`create trigger ${sql.id(name)} after insert or delete or update of
      ${sql.join(part.columns.map((column) => sql.id(column)))} on ${sql.id(part.table)}
      for each row execute function ${sql.id(name)}()`.execute(db);
  }
}

/** Drops PostgreSQL's triggers, which hold on to columns, before a migration; the next opening makes them anew. */
export async function dropRowNotes(db: Transaction<Tables>, engine: Engine): Promise<void> {
  if (engine === "sqlite") return;
  for (const { trigger, relation } of await postgresTriggers(db))
    await sql`drop trigger ${sql.id(trigger)} on ${sql.id(relation)}`.execute(db);
}

async function postgresTriggers(db: Transaction<Tables>): Promise<{ trigger: string; relation: string }[]> {
  const { rows } = await sql<{ trigger: string; relation: string }>`
    select tgname as trigger, relname as relation from pg_trigger join pg_class on pg_class.oid = tgrelid
    where starts_with(tgname, ${PREFIX}) and pg_table_is_visible(pg_class.oid)`.execute(db);
  return rows;
}

/** Begins to note, at the start of a transaction. What was noted outside of one is dropped. */
export async function beginRowNotes(db: Transaction<Tables>, engine: Engine): Promise<void> {
  // A connection that took the place of one whose thread ended notes nothing yet.
  if (engine === "sqlite" && !(await notes(db))) await prepareRowNotes(db, engine);
  await (engine === "sqlite"
    ? sql`delete from plumb_noted`
    : sql`create temp table if not exists plumb_noted (id bigint generated always as identity, part text, was integer,
        noted json) on commit delete rows`
  ).execute(db);
}

async function notes(db: Transaction<Tables>): Promise<boolean> {
  const { rows } = await sql`select 1 from sqlite_temp_master where name = 'plumb_noted'`.execute(db);
  return rows.length > 0;
}

/** What the transaction changed up to now, each part of a row once, in the order of the first changes. */
export async function takeRowChanges(db: Transaction<Tables>, engine: Engine): Promise<RowChange[]> {
  const changes = new Map<string, RowChange>();
  for (let after = 0; ; ) {
    const { rows } = await sql<{ id: number; part: PartName; was: number } & Record<string, unknown>>`
      select * from ${sql.raw(engine === "sqlite" ? "plumb_noted" : "pg_temp.plumb_noted")}
      where id > ${after} order by id limit ${sql.lit(PAGE)}`.execute(db);
    for (const { part: name, was, ...noted } of rows) {
      const part = partNamed(name);
      const row = engine === "sqlite" ? named(part, noted) : (noted.noted as Record<string, unknown>);
      const [key, hash] = [rowKey(part, row), rowHash(part, row)];
      const known = changes.get(`${name} ${key}`);
      if (known !== undefined) known.is = was === 1 ? null : hash;
      else
        changes.set(`${name} ${key}`, {
          part: name,
          key,
          ...(was === 1 ? { was: hash, is: null } : { was: null, is: hash }),
        });
    }
    if (rows.length < PAGE) break;
    after = rows[rows.length - 1].id;
  }
  return [...changes.values()].filter(({ was, is }) => was !== is);
}

const byName = new Map(PARTS.map((part) => [part.name, part]));
const partNamed = (name: PartName): Part => byName.get(name) as Part;

function named({ columns }: Part, noted: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(columns.map((column, i) => [column, noted[columnNames[i]]]));
}

/** Most rows that one entry of the log tells of. */
const ROWS_TOGETHER = 1000;
export const ROWS_CHANGED = "rows.changed";

/** A change as an entry writes it. */
type ToldChange = [key: string, was: string | null, is: string | null];
export type ToldChanges = Partial<Record<PartName, ToldChange[]>>;

/** The details of the entries that tell of changes. */
export function* toldChanges(changes: readonly RowChange[]): Generator<{ rows: ToldChanges }> {
  for (let start = 0; start < changes.length; start += ROWS_TOGETHER) {
    const rows: ToldChanges = {};
    for (const { part, key, was, is } of changes.slice(start, start + ROWS_TOGETHER)) {
      rows[part] ??= [];
      rows[part].push([key, was, is]);
    }
    yield { rows };
  }
}

/** All rows of a part's table, in order of their keys, read in pages. */
export async function* rowsOfPart(
  db: Queries,
  { table, key, columns: hashed }: Part,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const columns = sql.join(key.map((column) => sql.id(column)));
  const wanted = sql.join(hashed.map((column) => sql.id(column)));
  for (let last: unknown[] | undefined; ; ) {
    const { rows } = await sql<Record<string, unknown>>`select ${wanted} from ${sql.id(table)}
      ${last === undefined ? sql`` : sql`where (${columns}) > (${sql.join(last)})`}
      order by ${columns} limit ${sql.lit(PAGE)}`.execute(db);
    yield* rows;
    if (rows.length < PAGE) return;
    const [end] = rows.slice(-1);
    last = key.map((column) => end[column]);
  }
}
