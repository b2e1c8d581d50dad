/**
 * Every table x every way of writing into it past the store: what the audit log covers is found, with the row and what
 * is wrong with it; what it does not cover is not. And what can be done to the log, its checkpoints and its key.
 */
import { copyFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { onBothEngines } from "../../../../test/databases.js";
import { deletedProject, fullStore } from "../../../../test/full-store.js";
import { spread } from "../../../../test/spread.js";
import { type AuditEntry, auditHash, FIRST_PREVIOUS } from "../audit/audit-entry.js";
import { openAuditKey } from "../audit/audit-key.js";
import { appendCheckpoints, readCheckpoints, signCheckpoint } from "../audit/checkpoints.js";
import { COVERAGE } from "../audit/coverage.js";
import {
  type AuditReport,
  backup,
  type Database,
  openDatabase,
  openStore,
  type Queries,
  restore,
  type Tables,
  verifyAudit,
  verifyDatabase,
} from "../index.js";

type Table = keyof Tables;
/** Columns that another row must not have as well. */
const UNIQUE: Partial<Record<Table, string[]>> = {
  accounts: ["login", "rater_id"],
  api_keys: ["key_hash"],
  invitations: ["token_hash"],
  items: ["position"],
  leases: ["turn", "rater_id"],
  memberships: ["number"],
  reviews: ["filter"],
  sessions: ["token_hash"],
  votes: ["id", "lease_id", "item_id", "corrects"],
};
/** How the log's own tables are covered, and the votes, which have entries of their own. */
const BY_ITSELF: Partial<Record<Table, string[]>> = {
  audit: ["seq", "at", "actor", "action", "subject", "details_json", "previous", "hash"],
  audit_checkpoints: ["seq", "hash", "at", "key_id", "signature", "previous_seq"],
  audit_keys: ["key_id", "public_key"],
  votes: [
    ...["seq", "id", "project_id", "item_id", "rater_id", "lease_id", "answer_json", "order_json"],
    ...["milliseconds", "cast_at", "guidelines_version", "repeat_shown", "gold", "corrects", "group_name"],
    "client",
  ],
};
/** How many columns of each table are tampered with on PostgreSQL by default; on SQLite all are. */
const COLUMNS_ON_POSTGRESQL = 3;

onBothEngines(({ fresh, engine, dir }) => {
  let location = "";
  let keyFile = "";
  let database: Database;
  let db: Kysely<Tables>;
  let types: Map<string, Map<string, string>>;

  beforeAll(async () => {
    ({ location, keyFile } = await fresh());
    const store = await openStore(location, { keyFile });
    await fullStore(store);
    await deletedProject(store);
    await store.close();
    database = await openDatabase(location);
    ({ db } = database);
    const tables = await db.introspection.getTables();
    types = new Map(
      tables.map(({ name, columns }) => [
        name,
        new Map(columns.map((column) => [column.name, column.dataType.toLowerCase()])),
      ]),
    );
  });
  afterAll(() => db.destroy());

  const verify = (from: Queries, kept = readCheckpoints(`${keyFile}.checkpoints`).checkpoints) =>
    verifyAudit(from, openAuditKey(keyFile).publicKey, kept);

  /** What is found after work that was done past the store, by one who owns the database; the work is then undone. */
  async function after(work: (db: Queries) => Promise<unknown>): Promise<AuditReport> {
    const undone = new Error("undone");
    let report: AuditReport | undefined;
    const transaction = db.transaction().execute(async (inside) => {
      if (engine === "postgresql") await sql`set local session_replication_role = replica`.execute(inside);
      else {
        await sql`pragma defer_foreign_keys = on`.execute(inside);
        for (const table of ["audit", "audit_checkpoints", "votes"])
          for (const event of ["update", "delete"])
            await sql`drop trigger ${sql.id(`${table}_no_${event}`)}`.execute(inside);
      }
      await work(inside);
      report = await verify(inside);
      throw undone;
    });
    await expect(transaction).rejects.toBe(undone);
    return report as AuditReport;
  }

  const keyOf = (table: Table): readonly string[] => {
    const own = COVERAGE[table];
    if ("key" in own) return own.key;
    const keys: Partial<Record<Table, string[]>> = {
      audit: ["seq"],
      audit_checkpoints: ["seq"],
      audit_keys: ["key_id"],
      votes: ["seq"],
      bookmarks: ["rater_id", "item_id"],
      drafts: ["lease_id"],
      people: ["rater_id"],
      migrations: ["name"],
    };
    return keys[table] as string[];
  };
  const isText = (table: Table, column: string) => /text|char/.test(types.get(table)?.get(column) ?? "");
  /** Another value than a column has. */
  const other = (table: Table, column: string, value: unknown): string | number =>
    isText(table, column) ? `${value ?? ""}x` : Number(value ?? 0) + 1000;
  const where = (table: Table, row: Record<string, unknown>) =>
    sql.join(
      keyOf(table).map((column) => sql`${sql.id(column)} = ${row[column]}`),
      sql` and `,
    );

  /** A row of a table: the last one, as the first entries of the log are special. */
  async function aRow(table: Table): Promise<Record<string, unknown>> {
    const order = sql.join(keyOf(table).map((column) => sql`${sql.id(column)} desc`));
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.id(table)}
      order by ${order} limit 1`.execute(db);
    expect(rows, `${table} has a row`).toHaveLength(1);
    return rows[0];
  }

  const update = (table: Table, row: Record<string, unknown>, column: string) => (inside: Queries) =>
    sql`update ${sql.id(table)} set ${sql.id(column)} = ${other(table, column, row[column])}
      where ${where(table, row)}`.execute(inside);
  const remove = (table: Table, row: Record<string, unknown>) => (inside: Queries) =>
    sql`delete from ${sql.id(table)} where ${where(table, row)}`.execute(inside);
  const insert = (table: Table, row: Record<string, unknown>) => (inside: Queries) => {
    const fresh: Record<string, unknown> = { ...row };
    for (const column of new Set([...keyOf(table).slice(-1), ...(UNIQUE[table] ?? [])]))
      fresh[column] = other(table, column, row[column]);
    return sql`insert into ${sql.id(table)} (${sql.join(Object.keys(fresh).map((name) => sql.id(name)))})
      values (${sql.join(Object.values(fresh))})`.execute(inside);
  };

  it("an untouched store is whole, and signed to its end", async () => {
    const report = await verify(db);
    expect(report).toMatchObject({ problems: [], problemCount: 0, notes: [] });
    expect(report.signed).toBe(report.entries);
  });

  it("whatever is written into a covered table is found, and named", async () => {
    const missed: string[] = [];
    const unnamed: string[] = [];
    for (const table of Object.keys(COVERAGE) as Table[]) {
      const own = COVERAGE[table];
      const covered =
        "columns" in own
          ? Object.entries(own.columns).flatMap(([column, decision]) =>
              typeof decision === "object" ? [] : [column],
            )
          : BY_ITSELF[table];
      if (covered === undefined) continue;
      const row = await aRow(table);
      const key = keyOf(table)
        .map((column) => String(row[column]))
        .join(" ");
      // Versions of guidelines are named by their project, reviews by their vote.
      const also = { guidelines: row.project_id, reviews: row.vote_id }[table as string] ?? key;
      const names = (problem: string) => problem.includes(key) || problem.includes(String(also));
      // Which columns are covered is the same with both engines; how values of each type are read is not.
      const columns =
        engine === "sqlite" ? covered : spread(`tampered ${table}`, covered, COLUMNS_ON_POSTGRESQL);
      const ways: [string, (inside: Queries) => Promise<unknown>][] = [
        ...columns.map((column): [string, (inside: Queries) => Promise<unknown>] => [
          `update ${table}.${column}`,
          update(table, row, column),
        ]),
        [`delete from ${table}`, remove(table, row)],
        // Another public key signs nothing by being there: what it signs is found.
        ...(table === "audit_keys"
          ? []
          : [
              [`insert into ${table}`, insert(table, row)] as [string, (inside: Queries) => Promise<unknown>],
            ]),
      ];
      for (const [name, work] of ways) {
        const { problems, problemCount } = await after(work);
        if (problemCount === 0) missed.push(name);
        else if ("kind" in own && !problems.some(({ kind, problem }) => kind === own.kind && names(problem)))
          unnamed.push(`${name}: ${JSON.stringify(problems)}`);
      }
    }
    expect(missed).toEqual([]);
    expect(unnamed).toEqual([]);
  }, 300_000);

  it("what the log leaves out is as the list says", async () => {
    for (const [table, column] of [
      ["sessions", "seen_at"],
      ["sessions", "client"],
      ["leases", "reason"],
      ["people", "name"],
    ] as const) {
      const row = await aRow(table);
      expect((await after(update(table, row, column))).problems, `${table}.${column}`).toEqual([]);
    }
  });

  it("a row that was altered and then rightly changed by the store is found at that entry", async () => {
    const copy = await copied();
    const raw = await openDatabase(copy.location);
    await sql`update accounts set role = 'admin' where role = 'lead'`.execute(raw.db);
    await raw.db.destroy();
    const store = await openStore(copy.location, { keyFile: copy.keyFile });
    await store.write(async ({ db: inside, audit }) => {
      await inside.updateTable("accounts").set({ totp_step: 7 }).where("role", "=", "admin").execute();
      audit("system", "test.note", "x");
    });
    await store.close();
    const { problems } = await verifyDatabase({ db: copy.location, keyFile: copy.keyFile }, () => undefined);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ kind: "account" });
    expect(problems[0].problem).toMatch(/was changed without an entry, before this one/);
    expect(problems[0].seq).toBeGreaterThan(0);
  });

  it("a log that was written anew, with right hashes, is found by its checkpoints", async () => {
    const { problems } = await after(async (inside) => {
      const entries: AuditEntry[] = await inside.selectFrom("audit").selectAll().orderBy("seq").execute();
      let previous = FIRST_PREVIOUS;
      for (const entry of entries) {
        const forged = { ...entry, previous, actor: entry.actor.replace("admin:", "system:") };
        previous = auditHash(forged);
        await inside
          .updateTable("audit")
          .set({ ...forged, hash: previous })
          .where("seq", "=", entry.seq)
          .execute();
      }
    });
    expect(problems).toContainEqual({
      seq: expect.any(Number),
      kind: "checkpoint",
      problem: "names another entry of this number: the log was rewritten",
    });
  });

  it("a log that was cut off is found by the file, and so are checkpoints that went with it", async () => {
    const { head } = await verify(db);
    const { problems } = await after(async (inside) => {
      await sql`delete from audit_checkpoints where seq > 1`.execute(inside);
      await sql`delete from audit where seq > ${head.seq - 3}`.execute(inside);
    });
    expect(problems).toContainEqual({
      seq: head.seq,
      kind: "checkpoint",
      problem: `the log ends at ${head.seq - 3}: entries were cut off`,
    });
    expect(problems).toContainEqual({
      seq: head.seq,
      kind: "checkpoint",
      problem: "is in the file, and was removed from the database",
    });
  });

  it("checkpoints that are lost are missed, wherever they were lost", async () => {
    const { checkpoints } = readCheckpoints(`${keyFile}.checkpoints`);
    expect(checkpoints.length).toBeGreaterThan(1);
    const [first, second] = checkpoints;
    const found = async (stored: (seq: number) => boolean, kept: typeof checkpoints) => {
      const undone = new Error("undone");
      let report: AuditReport | undefined;
      await expect(
        db.transaction().execute(async (inside) => {
          if (engine === "postgresql")
            await sql`set local session_replication_role = replica`.execute(inside);
          else await sql`drop trigger audit_checkpoints_no_delete`.execute(inside);
          for (const { seq } of checkpoints)
            if (!stored(seq)) await inside.deleteFrom("audit_checkpoints").where("seq", "=", seq).execute();
          report = await verify(inside, kept);
          throw undone;
        }),
      ).rejects.toBe(undone);
      return report?.problems;
    };
    const at = ({ seq }: { seq: number }, problem: string) => [{ seq, kind: "checkpoint", problem }];
    const rest = checkpoints.slice(1);
    expect(await found((seq) => seq !== first.seq, rest)).toEqual(
      // Lost from both: the next one names it.
      at(first, `is gone: the one of entry ${second.seq} names it`),
    );
    expect(await found((seq) => seq !== first.seq, checkpoints)).toEqual(
      at(first, "is in the file, and was removed from the database"),
    );
    expect(await found(() => true, rest)).toEqual(
      at(first, "is in the database, and was removed from the file"),
    );
    expect(await found(() => true, [])).toEqual(at(first, "the file of checkpoints next to the key is gone"));
    const { head } = await verify(db);
    expect(await found(() => false, [])).toEqual(at(head, "no checkpoint is signed by this key"));
  });

  it("a checkpoint of an older state, and one of another key, are found", async () => {
    const entries = await db.selectFrom("audit").selectAll().orderBy("seq").execute();
    const [early, late] = [entries[2], entries[entries.length - 2]];
    const key = openAuditKey(keyFile);
    const forger = openAuditKey(`${dir()}/forger-${engine}`);
    const put = (checkpoint: Tables["audit_checkpoints"]) => (inside: Queries) =>
      inside.insertInto("audit_checkpoints").values(checkpoint).execute();
    const old = await after(put(signCheckpoint(key, { seq: late.seq, hash: early.hash }, 0, 1)));
    expect(old.problems).toContainEqual({
      seq: late.seq,
      kind: "checkpoint",
      problem: "names another entry of this number: the log was rewritten",
    });
    const unlinked = await after(put(signCheckpoint(key, late, 0)));
    expect(unlinked.problems).toEqual([
      { seq: late.seq, kind: "checkpoint", problem: "does not name the one before it" },
    ]);
    const foreign = await after(put(signCheckpoint(forger, late, 0, 1)));
    expect(foreign.problems).toEqual([
      {
        seq: late.seq,
        kind: "checkpoint",
        problem: `is signed by ${forger.id}, a key that the database lacks`,
      },
    ]);
    const introduced = await after(async (inside) => {
      await inside
        .insertInto("audit_keys")
        .values({ key_id: forger.id, public_key: forger.publicKey, created_at: 0 })
        .execute();
      await put(signCheckpoint(forger, late, 0, 1))(inside);
    });
    expect(introduced.problems).toEqual([
      {
        seq: late.seq,
        kind: "checkpoint",
        problem: `is signed by ${forger.id}, a key that the log did not introduce before`,
      },
    ]);
  });

  it("a key that was exchanged is found", async () => {
    const copy = await copied();
    rmSync(copy.keyFile);
    openAuditKey(copy.keyFile);
    const { problems } = await verifyDatabase({ db: copy.location, keyFile: copy.keyFile }, () => undefined);
    expect(problems).toEqual([
      { seq: expect.any(Number), kind: "checkpoint", problem: "no checkpoint is signed by this key" },
    ]);
    // One that signs what there is, and is put into the database and the file.
    const forger = openAuditKey(copy.keyFile);
    const raw = await openDatabase(copy.location);
    const [head] = await raw.db.selectFrom("audit").selectAll().orderBy("seq", "desc").limit(1).execute();
    await raw.db
      .insertInto("audit_keys")
      .values({ key_id: forger.id, public_key: forger.publicKey, created_at: 0 })
      .execute();
    await raw.db.destroy();
    writeFileSync(`${copy.keyFile}.checkpoints`, "");
    appendCheckpoints(`${copy.keyFile}.checkpoints`, [signCheckpoint(forger, head, 0, 1)]);
    const again = await verifyDatabase({ db: copy.location, keyFile: copy.keyFile }, () => undefined);
    expect(again.problems.map(({ problem }) => problem)).toContain(
      `is signed by ${forger.id}, a key that the log did not introduce before`,
    );
  });

  it("a store whose key was lost goes on with a new one, and says so", async () => {
    const copy = await copied();
    rmSync(copy.keyFile);
    await (await openStore(copy.location, { keyFile: copy.keyFile })).close();
    const report = await verifyDatabase({ db: copy.location, keyFile: copy.keyFile }, () => undefined);
    expect(report.problems).toEqual([]);
    expect(report.notes.join()).toMatch(/checkpoints were signed by other keys/);
  });

  let copies = 0;
  /** A copy of the database, its key and its file of checkpoints. */
  async function copied(): Promise<{ location: string; keyFile: string }> {
    const copy = await fresh();
    if (engine === "sqlite") {
      await sql`pragma wal_checkpoint(truncate)`.execute(db);
      copyFileSync(location, copy.location);
    } else {
      const file = `${dir()}/copy-${++copies}.gz`;
      await backup(database, file);
      const target = await openDatabase(copy.location);
      await restore(target, file, { force: true });
      await target.db.destroy();
    }
    copyFileSync(keyFile, copy.keyFile);
    if (existsSync(`${keyFile}.checkpoints`))
      copyFileSync(`${keyFile}.checkpoints`, `${copy.keyFile}.checkpoints`);
    return copy;
  }
});
