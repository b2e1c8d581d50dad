/**
 * What tables consist of, as a database says and as the migrations make them: columns with their types, keys, references
 * and what is deleted with what. Both engines say it in the same words, so that both are held to one reference.
 */
import { Kysely, SqliteDialect, sql } from "kysely";
import Libsql from "libsql";
import type { Queries } from "../database/database.js";
import { isPostgres } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import { applyMigrations } from "../migrate.js";

/** Parts of each table, by its name; sorted, each in words. */
export type TableShapes = Map<string, string[]>;

interface Column {
  relation: string;
  name: string;
  type: string;
  required: boolean | number;
  preset: string | null;
  /** Whether its value is computed. */
  computed: boolean | number;
}
/** A primary key, an index of which no two rows may have the same values, or a reference to another table. */
interface Key {
  relation: string;
  kind: string;
  columns: string;
  /** Only some rows are in it. */
  partial: boolean | number;
  /** The table and columns that it refers to; empty for a key. */
  target: string;
  deletes: string;
  updates: string;
}

/**
 * @param steps number of migrations, from the first.
 * @returns the tables as they make them, and SQLite's triggers by name.
 */
export async function madeByMigrations(
  steps: number,
): Promise<{ shapes: TableShapes; triggers: Map<string, SqliteTrigger> }> {
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new Libsql(":memory:") }) });
  try {
    await db.transaction().execute((transaction) => applyMigrations(transaction, "sqlite", steps));
    return { shapes: await tableShapes(db), triggers: await sqliteTriggers(db) };
  } finally {
    await db.destroy();
  }
}

interface SqliteTrigger {
  relation: string;
  text: string;
}

/** The triggers of a SQLite database, by name. */
export async function sqliteTriggers(db: Queries): Promise<Map<string, SqliteTrigger>> {
  const { rows } = await sql<SqliteTrigger & { name: string }>`
    select name, tbl_name as relation, trim(sql) as text from sqlite_master where type = 'trigger' order by name`.execute(
    db,
  );
  return new Map(rows.map(({ name, ...trigger }) => [name, trigger]));
}

/** The tables of a database; in PostgreSQL those that are seen without naming a schema. */
export async function tableShapes(db: Queries): Promise<TableShapes> {
  const [columns, keys] = isPostgres(db) ? await readPostgres(db) : await readSqlite(db);
  const shapes: TableShapes = new Map();
  const add = (table: string, part: string) => shapes.set(table, [...(shapes.get(table) ?? []), part]);
  for (const { relation, name, type, required, preset, computed } of columns)
    add(
      relation,
      [
        `column ${name} ${type.toLowerCase()}`,
        ...(required ? ["not null"] : []),
        ...(computed ? ["computed"] : preset === null ? [] : [`default ${preset}`]),
      ].join(" "),
    );
  for (const { relation, kind, columns: own, partial, target, deletes, updates } of keys)
    add(
      relation,
      [
        `${kind} (${own})`,
        ...(partial ? ["of some rows"] : []),
        ...(target === "" ? [] : [`to ${target}`]),
        ...(target === "" || deletes === "no action" ? [] : [`on delete ${deletes}`]),
        ...(target === "" || updates === "no action" ? [] : [`on update ${updates}`]),
      ].join(" "),
    );
  for (const [table, parts] of shapes) shapes.set(table, [...new Set(parts)].sort());
  return shapes;
}

async function readSqlite(db: Queries): Promise<[Column[], Key[]]> {
  const { rows: columns } = await sql<Column>`
    select m.name as relation, c.name as name, c.type as type, c."notnull" or c.pk > 0 as required, c.dflt_value as preset,
      c.hidden <> 0 as computed
    from sqlite_master m join pragma_table_xinfo(m.name) c
    where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\'`.execute(db);
  const { rows: unique } = await sql<Key>`
    select m.name as relation, case i.origin when 'pk' then 'primary key' else 'unique' end as kind, i.partial as partial,
      (select group_concat(coalesce(name, 'an expression'), ', ') from (select name from pragma_index_info(i.name) order by seqno))
        as columns, '' as target, '' as deletes, '' as updates
    from sqlite_master m join pragma_index_list(m.name) i where m.type = 'table' and i."unique" = 1`.execute(
    db,
  );
  const { rows: references } = await sql<Key>`
    select m.name as relation, 'reference' as kind, 0 as partial, group_concat(r."from", ', ') as columns,
      r."table" || ' (' || group_concat(r."to", ', ') || ')' as target, lower(r.on_delete) as deletes,
      lower(r.on_update) as updates
    from sqlite_master m join pragma_foreign_key_list(m.name) r where m.type = 'table' group by m.name, r.id`.execute(
    db,
  );
  return [columns, [...unique, ...references]];
}

async function readPostgres(db: Queries): Promise<[Column[], Key[]]> {
  const { rows: columns } = await sql<Column>`
    select relname as relation, attname as name, format_type(atttypid, atttypmod) as type, attnotnull as required,
      pg_get_expr(adbin, adrelid) as preset, attgenerated <> '' or attidentity <> '' as computed
    from pg_class join pg_attribute on attrelid = pg_class.oid
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relkind = 'r' and attnum > 0 and not attisdropped and pg_table_is_visible(pg_class.oid)
      and relnamespace <> 'pg_catalog'::regnamespace`.execute(db);
  const names = (relation: string, numbers: string) => sql`(select string_agg(attname, ', ' order by place)
    from unnest(${sql.raw(numbers)}) with ordinality as numbered (number, place)
    join pg_attribute on attrelid = ${sql.raw(relation)} and attnum = number)`;
  const { rows: unique } = await sql<Key>`
    select relname as relation, case when indisprimary then 'primary key' else 'unique' end as kind,
      indpred is not null as partial, coalesce(${names("indrelid", "indkey::int2[]")}, 'an expression') as columns,
      '' as target, '' as deletes, '' as updates
    from pg_index join pg_class on pg_class.oid = indrelid
    where indisunique and indisvalid and pg_table_is_visible(pg_class.oid)
      and relnamespace <> 'pg_catalog'::regnamespace`.execute(db);
  const action = (
    column: string,
  ) => sql`case ${sql.raw(column)} when 'a' then 'no action' when 'r' then 'restrict'
    when 'c' then 'cascade' when 'n' then 'set null' else 'set default' end`;
  const { rows: references } = await sql<Key>`
    select relname as relation, 'reference' as kind, false as partial, ${names("conrelid", "conkey")} as columns,
      (select target.relname from pg_class target where target.oid = confrelid)
        || ' (' || ${names("confrelid", "confkey")} || ')' as target,
      ${action("confdeltype")} as deletes, ${action("confupdtype")} as updates
    from pg_constraint join pg_class on pg_class.oid = conrelid
    where contype = 'f' and pg_table_is_visible(pg_class.oid)`.execute(db);
  return [columns, [...unique, ...references]];
}
