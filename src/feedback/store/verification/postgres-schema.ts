/** What PostgreSQL may run or show in place of what the store says, beyond the tables' columns and keys. */
import { sql } from "kysely";
import type { Queries } from "../database/database.js";
import type { NoteProblem } from "./problem.js";

/** Texts of the functions of the store's triggers: to refuse a change, and to note a row in a table of the session. */
const REFUSES = /^\s*begin raise exception '% is append-only', tg_table_name; end\s*$/;
const REFUSES_VOTES =
  /^\s*begin\s+if tg_op = 'DELETE' and \(select state from projects where id = old\.project_id\) = 'deleted' then return old; end if;\s+raise exception 'votes is append-only';\s+end\s*$/;
const ROW = `json_build_object\\((?:'\\w+', (?:old|new)\\."\\w+"(?:, )?)*\\)`;
const NOTES = new RegExp(
  `^begin\\s+if to_regclass\\('pg_temp\\.plumb_noted'\\) is null then return null; end if;(?:\\s+if tg_op <> '(?:INSERT|DELETE)' then\\s+insert into pg_temp\\.plumb_noted \\(part, was, noted\\) values \\('[\\w.]+', [01], ${ROW}\\);\\s+end if;)+\\s+return null;\\s+end$`,
);
/** Tables that the database itself keeps anybody from changing. */
const APPEND_ONLY = ["audit", "audit_checkpoints", "votes"];
/** Bits of a trigger's kind: it looks at each row, and fires before the event. */
const [EACH_ROW, BEFORE] = [1, 2];

/** Schemas of the database itself and of sessions. */
const foreign = (namespace: string) => sql`${sql.ref(namespace)} in (select oid from pg_namespace
  where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_(temp|toast)')`;
/** What belongs to an extension is its own. */
const ofExtension = (catalog: string) => sql`exists (select 1 from pg_depend where deptype = 'e'
  and classid = ${sql.lit(catalog)}::regclass and objid = ${sql.ref(`${catalog}.oid`)})`;

/** @param tables the store's. */
export async function foreignToPostgres(
  db: Queries,
  tables: readonly string[],
  note: NoteProblem,
): Promise<void> {
  await triggers(db, note);
  for (const { what, name, relation } of [...(await code(db)), ...(await onTables(db, tables))])
    note(
      0,
      "schema",
      `${what} ${name}${relation === null ? "" : `, on ${relation},`} is none of the store's, and may change what it likes or what is seen`,
    );
}

interface Foreign {
  what: string;
  name: string;
  relation: string | null;
}

async function triggers(db: Queries, note: NoteProblem): Promise<void> {
  const { rows } = await sql<{
    name: string;
    relation: string;
    text: string;
    kind: number;
    plain: boolean;
    off: boolean;
  }>`
    select tgname as name, relname as relation, trim(prosrc) as text, tgtype as kind, tgenabled = 'D' as off,
      tgqual is null and proconfig is null and not prosecdef and lanname = 'plpgsql' as plain
    from pg_trigger join pg_class on pg_class.oid = tgrelid join pg_proc on pg_proc.oid = tgfoid
    join pg_language on pg_language.oid = prolang
    where not tgisinternal and ${foreign("relnamespace")} order by tgname`.execute(db);
  for (const { name, relation, text, kind, plain, off } of rows) {
    const refuses =
      (REFUSES.test(text) && APPEND_ONLY.includes(relation)) ||
      (REFUSES_VOTES.test(text) && relation === "votes");
    const notes = NOTES.test(text) && (kind & EACH_ROW) !== 0 && (kind & BEFORE) === 0;
    if (!plain || !(refuses || notes))
      note(0, "trigger", `${name}, on ${relation}, is none of the store's, and may change what it likes`);
    else if (notes && off) note(0, "trigger", `${name}, on ${relation}, is switched off`);
  }
}

/** Functions, operators and triggers on what is done to tables, which the database may run where the store says another thing. */
async function code(db: Queries): Promise<Foreign[]> {
  const { rows: functions } = await sql<Foreign & { text: string }>`
    select 'the function' as what, proname as name, null as relation, trim(prosrc) as text from pg_proc
    where ${foreign("pronamespace")} and not ${ofExtension("pg_proc")} order by proname`.execute(db);
  const { rows: operators } = await sql<Foreign>`
    select 'the operator' as what, oprname as name, null as relation from pg_operator
    where ${foreign("oprnamespace")} and not ${ofExtension("pg_operator")}
    union all
    select 'the cast' as what, castsource::regtype::text || ' as ' || casttarget::regtype::text as name, null as relation
    from pg_cast where oid >= 16384 and not ${ofExtension("pg_cast")}
    union all
    select 'the event trigger' as what, evtname as name, null as relation from pg_event_trigger
    where not ${ofExtension("pg_event_trigger")}
    union all
    select 'the search path' as what, current_setting('search_path') as name, null as relation
    where (current_schemas(true))[1] <> 'pg_catalog' and (current_schemas(true))[1] !~ '^pg_temp'
      or (current_schemas(true))[1] ~ '^pg_temp' and (current_schemas(true))[2] <> 'pg_catalog'`.execute(db);
  const own = [REFUSES, REFUSES_VOTES, NOTES];
  return [...functions.filter(({ text }) => !own.some((form) => form.test(text))), ...operators];
}

/** What changes or hides rows of the store's tables. */
async function onTables(db: Queries, tables: readonly string[]): Promise<Foreign[]> {
  const { rows } = await sql<Foreign>`
    with own as (select oid, relname, relpersistence, relrowsecurity from pg_class
      where relname = any(${tables}::text[]) and pg_table_is_visible(oid))
    select 'the rule' as what, rulename as name, relname as relation from pg_rewrite
    join own on own.oid = ev_class
    union all
    select 'the policy' as what, polname as name, relname as relation from pg_policy join own on own.oid = polrelid
    union all
    select 'security' as what, 'of rows' as name, relname as relation from own where relrowsecurity
    union all
    select 'the constraint' as what, conname as name, relname as relation from pg_constraint
    join own on own.oid = conrelid where contype in ('c', 'x')
    union all
    select 'the table' as what, inhrelid::regclass::text as name, relname as relation from pg_inherits
    join own on own.oid = inhparent
    union all
    select 'what is lost by a crash:' as what, relname as name, null as relation from own where relpersistence <> 'p'
    union all
    select 'the index' as what, indexrelid::regclass::text as name, relname as relation from pg_index
    join own on own.oid = indrelid where indexprs is not null`.execute(db);
  return rows;
}
