/**
 * A backup is one file of gzipped JSON lines, which can be restored into either engine. The first line is a header,
 * then each row of each table has a line, and the last line has the number of rows and the SHA-256 of all lines before
 * it. The rows are read in one transaction, so the backup is a consistent state of the database even while others write
 * to it.
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { sql } from "kysely";
import { PlumbError } from "../../../base/errors.js";
import { systemCause } from "../../../base/system-error.js";
import { readHead } from "../audit/writer.js";
import type { Database, Queries } from "../database/database.js";
import { migrations } from "../database/migrations/index.js";

export const BACKUP_FORMAT = "plumbline-backup";
export const BACKUP_VERSION = 1;
/** Rows read per query. */
const PAGE = 500;

/** What a backup holds. */
export interface BackupSummary {
  rows: number;
  /** The last entry of the audit log in the backup. */
  head: { seq: number; hash: string };
}

/**
 * All tables in order of creation, with their keys as the last migration has them. Rows refer only to earlier tables or
 * to earlier rows of the same table.
 */
export const backedUpTables = [
  ...new Map(migrations.flatMap(({ tables }) => tables).map((table) => [table.name, table])).values(),
];

/**
 * @param path ends in .gz. @throws PlumbError when the file cannot be written; an existing file is then left unchanged.
 */
export async function backup({ db, engine }: Database, path: string): Promise<BackupSummary> {
  if (!path.endsWith(".gz"))
    throw new PlumbError(`${path}: the name of a backup must end in .gz.`, { hint: `Try ${path}.jsonl.gz.` });
  const temporary = `${path}.part`;
  // One that a killed process left may be readable by others.
  await rm(temporary, { force: true });
  const transaction = db.transaction().setAccessMode("read only");
  try {
    const summary = await (engine === "postgresql"
      ? transaction.setIsolationLevel("repeatable read")
      : transaction
    ).execute(async (snapshot) => {
      const head = await readHead(snapshot);
      const counted = { rows: 0 };
      await pipeline(
        Readable.from(lines(snapshot, engine, head, counted)),
        createGzip({ level: 6 }),
        createWriteStream(temporary, { mode: 0o600, flags: "wx" }),
      );
      return { rows: counted.rows, head };
    });
    const file = await open(temporary, "r+");
    await file.sync().finally(() => file.close());
    await rename(temporary, path);
    return summary;
  } catch (error) {
    await rm(temporary, { force: true });
    const cause = systemCause(error, path);
    if (cause === undefined) throw error;
    throw new PlumbError(`Cannot write the backup ${path}: ${cause.why}.`, {
      hint: "Choose a folder that you may write to, on a disk with enough free space.",
      cause: error,
    });
  }
}

async function* lines(
  db: Queries,
  engine: string,
  head: BackupSummary["head"],
  counted: { rows: number },
): AsyncGenerator<string> {
  const hash = createHash("sha256");
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`;
    hash.update(text);
    return text;
  };
  const steps = migrations.map(({ name }) => name);
  yield line({ format: BACKUP_FORMAT, version: BACKUP_VERSION, engine, migrations: steps, head });
  for (const { name, key } of backedUpTables) {
    for (let last: unknown[] | undefined; ; ) {
      const columns = sql.join(key.map((column) => sql.id(column)));
      const { rows } = await sql<Record<string, unknown>>`select * from ${sql.id(name)}
        ${last === undefined ? sql`` : sql`where (${columns}) > (${sql.join(last)})`}
        order by ${columns} limit ${sql.lit(PAGE)}`.execute(db);
      for (const row of rows) yield line([name, row]);
      counted.rows += rows.length;
      if (rows.length < PAGE) break;
      last = key.map((column) => rows[rows.length - 1][column]);
    }
  }
  yield `${JSON.stringify({ end: true, rows: counted.rows, sha256: hash.digest("hex") })}\n`;
}
