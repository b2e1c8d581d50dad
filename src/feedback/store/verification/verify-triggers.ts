/**
 * Looks for triggers that the store did not make. What a foreign trigger changes is changed within the store's own
 * transactions, so the log tells of it as if the store had meant it: one that makes somebody an admin at the next sign-in
 * would leave no other trace.
 */
import { sql } from "kysely";
import type { Queries } from "../database/database.js";
import { isPostgres } from "../database/sets.js";
import type { NoteProblem } from "./problem.js";

/** SQLite's own triggers, of every version: they refuse a change and do nothing else. */
const REFUSES =
  /^create trigger "?\w+"? before (?:update|delete) on [^;]*?\bbegin select raise\(abort, '[^';]*'\); end$/i;
/** The functions of PostgreSQL's own triggers: to refuse a change, and to note a row in a table of the session. */
const POSTGRES_REFUSES = /^\s*begin raise exception '% is append-only', tg_table_name; end\s*$/;
const POSTGRES_REFUSES_VOTES =
  /^\s*begin\s+if tg_op = 'DELETE' and \(select state from projects where id = old\.project_id\) = 'deleted' then return old; end if;\s+raise exception 'votes is append-only';\s+end\s*$/;
const ROW = `json_build_object\\((?:'\\w+', (?:old|new)\\."\\w+"(?:, )?)*\\)`;
const POSTGRES_NOTES = new RegExp(
  `^begin\\s+if to_regclass\\('pg_temp\\.plumb_noted'\\) is null then return null; end if;(?:\\s+if tg_op <> '(?:INSERT|DELETE)' then\\s+insert into pg_temp\\.plumb_noted \\(part, was, noted\\) values \\('[\\w.]+', [01], ${ROW}\\);\\s+end if;)+\\s+return null;\\s+end$`,
);

interface Trigger {
  name: string;
  relation: string;
  /** Its text, or that of its function. */
  text: string;
}

export async function verifyTriggers(db: Queries, note: NoteProblem): Promise<void> {
  const [triggers, own] = isPostgres(db)
    ? [await postgresTriggers(db), [POSTGRES_REFUSES, POSTGRES_REFUSES_VOTES, POSTGRES_NOTES]]
    : [await sqliteTriggers(db), [REFUSES]];
  for (const { name, relation, text } of triggers)
    if (!own.some((form) => form.test(text)))
      note(0, "trigger", `${name}, on ${relation}, is none of the store's, and may change what it likes`);
}

async function sqliteTriggers(db: Queries): Promise<Trigger[]> {
  const { rows } = await sql<Trigger>`select name, tbl_name as relation, trim(sql) as text from sqlite_master
    where type = 'trigger' order by name`.execute(db);
  return rows;
}

async function postgresTriggers(db: Queries): Promise<Trigger[]> {
  const { rows } = await sql<Trigger>`
    select tgname as name, relname as relation, trim(prosrc) as text from pg_trigger
    join pg_class on pg_class.oid = tgrelid join pg_proc on pg_proc.oid = tgfoid
    where not tgisinternal and pg_table_is_visible(pg_class.oid) order by tgname`.execute(db);
  return rows;
}
