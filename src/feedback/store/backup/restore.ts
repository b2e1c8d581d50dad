/**
 * Restoring a backup. The whole file is read and checked first (checksum, tables, every value). Then one transaction
 * creates the tables as they were when the backup was taken, fills them, verifies the audit chain, and applies later
 * migrations. If any step fails, the database stays as it was.
 */

import { createHash } from "node:crypto";
import { sql, type Transaction } from "kysely";
import { z } from "zod";
import { PlumbError } from "../../../base/errors.js";
import { jsonOrUndefined } from "../../../base/json-values.js";
import { readLines } from "../../../data/read-lines.js";
import { type EndedAccess, endAllAccess } from "../accounts/end-access.js";
import { auditHash, FIRST_PREVIOUS } from "../audit/audit-entry.js";
import { prepareRowNotes } from "../audit/row-changes.js";
import { lockForWriting, writeWithin } from "../audit/writer.js";
import type { Database, Queries } from "../database/database.js";
import { migrations } from "../database/migrations/index.js";
import { oweScrub } from "../database/scrub.js";
import { insertRows } from "../database/sets.js";
import type { Tables } from "../database/tables.js";
import { applyMigrations } from "../migrate.js";
import { StoreError } from "../store-error.js";
import { BACKUP_FORMAT, BACKUP_VERSION, backedUpTables } from "./backup.js";

/** Rows inserted per statement. */
const BATCH = 500;

const Header = z.object({
  format: z.literal(BACKUP_FORMAT),
  version: z.literal(BACKUP_VERSION),
  migrations: z.array(z.string().max(200)).min(1).max(1000),
  head: z.object({ seq: z.int().min(0), hash: z.string().length(64) }),
});
const Row = z.tuple([
  z.string().max(100),
  z.record(z.string().max(100), z.union([z.string(), z.number(), z.null()])),
]);
const Trailer = z.object({ end: z.literal(true), rows: z.int().min(0), sha256: z.string().length(64) });

/** What a restore wrote, and the last entry of the audit log that came with it. */
export interface RestoreSummary {
  rows: number;
  /** The last entry of the backup's audit log. */
  head: { seq: number; hash: string };
  /** The sessions, API keys and invitations of the backup that were ended; undefined if they were kept. */
  ended?: EndedAccess;
}

export interface RestoreOptions {
  /** Replaces the database's present contents. */
  force?: boolean;
  /**
   * Keeps the backup's sessions, API keys and unused invitations. They are ended otherwise, in the same transaction:
   * those that were withdrawn since the backup would be good again.
   */
  keepAccess?: boolean;
}

/**
 * @throws PlumbError when the file is not a complete backup, or the database is not empty and `force` is false.
 */
export async function restore(
  database: Database,
  path: string,
  { force = false, keepAccess = false }: RestoreOptions = {},
): Promise<RestoreSummary> {
  // 1. Check the whole file before changing anything.
  const checked = await checkBackup(path);
  const { db, engine } = database;
  return db.transaction().execute(async (transaction) => {
    await lockForWriting(transaction, engine);
    // 2. Empty the database and create the backup's tables.
    if (!force && !(await isEmpty(transaction)))
      throw new PlumbError("The database is not empty. Nothing was changed.", {
        hint: "Restore into a new database, or pass --force to replace its contents.",
      });
    await dropAll(transaction, engine);
    await applyMigrations(transaction, engine, checked.migrations.length);
    // 3. Insert the rows.
    let table = "";
    const rows: Record<string, unknown>[] = [];
    const flush = async () => {
      try {
        await insertRows(transaction, table as keyof Tables, rows.splice(0) as never);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        throw damaged(path, `a row does not fit into ${table} (${(error as Error).message})`);
      }
    };
    for await (const [name, row] of rowsOf(path)) {
      if (name !== table || rows.length === BATCH) await flush();
      table = name;
      rows.push(row);
    }
    await flush();
    // 4. Check that the audit log ends as the backup's header says.
    const head = await followChain(transaction);
    if (head.hash !== checked.head.hash)
      throw damaged(path, "its audit log does not end as its first line says");
    // 5. Migrate to the current schema. What was there before is overwritten at the next opening.
    await applyMigrations(transaction, engine);
    if (force) await oweScrub(transaction);
    // 6. End what lets people and programs in.
    await prepareRowNotes(transaction, engine);
    const ended = keepAccess
      ? undefined
      : await writeWithin(transaction, engine, (write) => endAllAccess(write, "system"));
    return { rows: checked.rows, head, ...(ended && { ended }) };
  });
}

async function checkBackup(path: string): Promise<z.infer<typeof Header> & { rows: number }> {
  const hash = createHash("sha256");
  let header: z.infer<typeof Header> | undefined;
  let trailer: z.infer<typeof Trailer> | undefined;
  let [number, rows] = [0, 0];
  const known = new Set(backedUpTables.map(({ name }) => name));
  for await (const { text } of readLines(path)) {
    number++;
    const at = `line ${number}`;
    if (trailer !== undefined) throw damaged(path, `${at} comes after its end`);
    const value = jsonOrUndefined(text);
    if (header === undefined) {
      const parsed = Header.safeParse(value);
      if (!parsed.success) throw damaged(path, "its first line is not a backup's header");
      header = parsed.data;
      const unknown = header.migrations.findIndex((name, i) => migrations[i]?.name !== name);
      if (unknown >= 0)
        throw new PlumbError(`The backup was made by a later version (${header.migrations[unknown]}).`, {
          hint: "Restore it with the version of Plumbline that made it, or a later one.",
        });
    } else if (Array.isArray(value)) {
      const parsed = Row.safeParse(value);
      if (!parsed.success) throw damaged(path, `${at} is not a row`);
      if (!known.has(parsed.data[0])) throw damaged(path, `${at} names an unknown table`);
      rows++;
    } else {
      const parsed = Trailer.safeParse(value);
      if (!parsed.success) throw damaged(path, `${at} is neither a row nor the end`);
      trailer = parsed.data;
      continue;
    }
    hash.update(`${text}\n`);
  }
  if (header === undefined || trailer === undefined) throw damaged(path, "its end is missing");
  if (trailer.rows !== rows) throw damaged(path, `it has ${rows} rows, expected ${trailer.rows}`);
  if (trailer.sha256 !== hash.digest("hex")) throw damaged(path, "its checksum is wrong");
  return { ...header, rows };
}

async function* rowsOf(path: string): AsyncGenerator<[string, Record<string, unknown>]> {
  for await (const { text } of readLines(path)) {
    const value = jsonOrUndefined(text);
    if (Array.isArray(value)) yield value as [string, Record<string, unknown>];
  }
}

function damaged(path: string, what: string): PlumbError {
  return new PlumbError(`${path} is not a complete backup: ${what}. Nothing was changed.`, {
    hint: "Use another backup; one that was cut off or changed is not restored.",
  });
}

async function isEmpty(db: Queries): Promise<boolean> {
  const tables = await db.introspection.getTables();
  if (!tables.some(({ name }) => name === "audit")) return true;
  return (await db.selectFrom("audit").select("seq").limit(1).executeTakeFirst()) === undefined;
}

/** Drops Plumbline's tables, each before the tables that it refers to. */
async function dropAll(db: Transaction<Tables>, engine: Database["engine"]): Promise<void> {
  for (const { name } of [...backedUpTables].reverse())
    await sql`drop table if exists ${sql.id(name)} ${sql.raw(engine === "postgresql" ? "cascade" : "")}`.execute(
      db,
    );
  await sql`drop table if exists migrations`.execute(db);
}

async function followChain(db: Queries): Promise<{ seq: number; hash: string }> {
  let head = { seq: 0, hash: FIRST_PREVIOUS };
  for (;;) {
    const rows = await db
      .selectFrom("audit")
      .selectAll()
      .where("seq", ">", head.seq)
      .orderBy("seq")
      .limit(BATCH)
      .execute();
    for (const entry of rows) {
      if (entry.seq !== head.seq + 1 || entry.previous !== head.hash || auditHash(entry) !== entry.hash)
        throw new PlumbError(`The backup's audit log is broken at entry ${entry.seq}. Nothing was changed.`);
      head = { seq: entry.seq, hash: entry.hash };
    }
    if (rows.length < BATCH) return head;
  }
}
