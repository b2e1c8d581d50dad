import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { collection, judge, verdict } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { auditHash } from "../audit/audit-entry.js";
import { openAuditKey } from "../audit/audit-key.js";
import { readCheckpoints } from "../audit/checkpoints.js";
import type { Queries } from "../database/database.js";
import {
  type AuditReport,
  correctVote,
  holdVotes,
  openStore,
  publishGuidelines,
  type Store,
  verifyAudit,
} from "../index.js";

/** A project with a few votes, a correction and new guidelines, and a signed log. */
async function filled(store: Store): Promise<string[]> {
  const { project, raters } = await collection(store, { items: 4, guidelines: "Be kind." });
  const votes = [];
  for (let i = 0; i < 4; i++) votes.push(await judge(store, project.id, raters[0]));
  await correctVote(store, { vote: votes[1].id, rater: raters[0], answer: verdict("tie") });
  await holdVotes(store, project.id, [{ vote: votes[0].id, filter: "too-fast", evidence: 1 }], "system");
  await store.lease({ project: project.id, rater: raters[1] });
  await publishGuidelines(store, project.id, { text: "Be kind and exact.", after: 1 }, "admin:a-1");
  await store.checkpoint();
  return votes.map(({ id }) => id);
}

const check = (
  store: Pick<Store, "key" | "checkpointFile"> & { db: Queries },
  publicKey = store.key.publicKey,
) => verifyAudit(store.db, publicKey, readCheckpoints(store.checkpointFile).checkpoints);

onBothEngines(({ store: open, engine, fresh }) => {
  /** Runs statements as one who owns the database and has removed its triggers. */
  async function tamper(db: Queries, ...statements: string[]): Promise<void> {
    for (const table of ["audit", "audit_checkpoints", "votes"]) {
      if (engine === "postgresql") await sql`alter table ${sql.id(table)} disable trigger all`.execute(db);
      else
        for (const event of ["update", "delete"])
          await sql`drop trigger if exists ${sql.id(`${table}_no_${event}`)}`.execute(db);
    }
    if (engine === "sqlite") await sql`pragma defer_foreign_keys = on`.execute(db);
    for (const statement of statements) await sql.raw(statement).execute(db);
  }

  /** What is found after tampering, which is then undone. */
  async function afterTampering(store: Store, ...statements: string[]): Promise<AuditReport> {
    const undone = new Error("undone");
    let report: AuditReport | undefined;
    const transaction = store.db.transaction().execute(async (db) => {
      await tamper(db, ...statements);
      report = await check({ ...store, db });
      throw undone;
    });
    await expect(transaction).rejects.toBe(undone);
    return report as AuditReport;
  }

  it("finds nothing in a log that was let be", async () => {
    const store = await open();
    await filled(store);
    expect(await check(store)).toMatchObject({
      votes: 5,
      checkpoints: 2,
      otherCheckpoints: 0,
      problems: [],
      problemCount: 0,
      notes: [],
      entries: expect.any(Number),
    });
  });

  it("is append-only in the database itself", async () => {
    const store = await open();
    await filled(store);
    for (const table of ["votes", "audit", "audit_checkpoints"]) {
      const column = table === "votes" ? "cast_at" : "at";
      await expect(sql`update ${sql.id(table)} set ${sql.id(column)} = 0`.execute(store.db)).rejects.toThrow(
        `${table} is append-only`,
      );
      await expect(sql`delete from ${sql.id(table)}`.execute(store.db)).rejects.toThrow("append-only");
      if (engine === "postgresql")
        await expect(sql`truncate ${sql.id(table)} cascade`.execute(store.db)).rejects.toThrow("append-only");
    }
    expect((await check(store)).problemCount).toBe(0);
  });

  const tamperings: [string, string, string, RegExp][] = [
    ["an altered entry", "update audit set actor = 'admin:other' where seq = 3", "entry", /altered/],
    ["altered details", "update audit set details_json = '{}' where seq = 3", "entry", /altered/],
    ["a removed entry", "delete from audit where seq = 3", "entry", /entries 3 to 3 are missing/],
    [
      "entries that changed places",
      "update audit set seq = case seq when 3 then -4 else -3 end where seq in (3, 4); update audit set seq = -seq where seq < 0",
      "entry",
      /altered/,
    ],
    [
      "an inserted entry",
      "insert into audit select 1000, at, actor, action, subject, details_json, previous, hash from audit where seq = 2",
      "entry",
      /missing/,
    ],
    [
      "an altered vote",
      "update votes set answer_json = replace(replace(answer_json, '\"left\"', '\"tie\"'), '\"right\"', '\"tie\"')",
      "vote",
      /altered/,
    ],
    ["a vote given to another", "update votes set group_name = 'lawyers'", "vote", /altered/],
    ["a removed vote", "delete from votes where seq = (select max(seq) from votes)", "vote", /is missing/],
    [
      "a vote from nowhere",
      "update votes set seq = 5000 where seq = (select max(seq) from votes)",
      "vote",
      /has no entry for this vote/,
    ],
    ["an altered item", "update items set content_json = '{}' where position = 2", "item", /altered/],
    [
      "an explanation from nowhere",
      "update items set explanation = 'x' where position = 2",
      "item",
      /altered/,
    ],
    [
      "an item from nowhere",
      "insert into items select 'i-new', project_id, 99, content_json, responses, language, audience, gold_json, priority, state, overlap, 0, 0, 1, created_at, explanation, asked, changed_at from items where position = 1",
      "item",
      /has no entries for 1 items/,
    ],
    [
      "altered guidelines",
      "update guidelines set text = 'Be quick.' where version = 2",
      "guidelines",
      /altered/,
    ],
    ["a project opened again", "update projects set state = 'paused'", "project", /state does not match/],
    [
      "other settings",
      "update projects set settings_json = replace(settings_json, '1800', '1801')",
      "project",
      /settings_json/,
    ],
    [
      "a rater excluded",
      "update memberships set state = 'excluded', state_reason = 'x'",
      "member",
      /state, state_reason/,
    ],
    ["a rater in another group", "update memberships set group_name = 'lawyers'", "member", /group_name/],
    ["a forgotten rater", "update raters set state = 'forgotten'", "rater", /state does not match/],
    ["a released vote", "update reviews set state = 'released'", "review", /state does not match/],
    ["a removed review", "delete from reviews", "review", /is missing/],
    [
      "an item decided",
      "update items set state = 'decided' where position = 1",
      "item",
      /state does not match/,
    ],
    [
      "a vote's lease",
      "update leases set state = 'expired' where state = 'voted'",
      "lease",
      /state does not match/,
    ],
    [
      "a skipped lease",
      "update leases set state = 'skipped' where state = 'live'",
      "lease",
      /has no entry for that/,
    ],
  ];

  it("finds whatever was tampered with", async () => {
    const store = await open();
    await filled(store);
    for (const [what, statements, kind, message] of tamperings) {
      const { problems } = await afterTampering(store, ...statements.split("; "));
      const found = { seq: expect.any(Number), kind, problem: expect.stringMatching(message) };
      expect(problems, what).toContainEqual(found);
    }
    expect((await check(store)).problemCount).toBe(0);
  });

  it("finds a log that was cut off, or written anew, by its checkpoints", async () => {
    const store = await open();
    await filled(store);
    const { head } = await check(store);
    // Cut off with its checkpoint in the database: the one in the file knows.
    await tamper(
      store.db,
      // The entry that published, and the one that tells of the rows.
      `delete from audit where seq > ${head.seq - 2}`,
      `delete from audit_checkpoints where seq = ${head.seq}`,
      "delete from guidelines where version = 2",
      "update projects set guidelines_version = 1",
    );
    const cut = await check(store);
    expect(cut.problems).toEqual([
      { seq: head.seq, kind: "checkpoint", problem: "is in the file, and was removed from the database" },
      { seq: head.seq, kind: "checkpoint", problem: `the log ends at ${head.seq - 2}: entries were cut off` },
    ]);
    // Nobody can know without the file; but that nothing is signed at all is seen.
    expect((await verifyAudit(store.db, store.key.publicKey)).problems).toEqual([]);
    await tamper(store.db, "delete from audit_checkpoints");
    expect((await verifyAudit(store.db, store.key.publicKey)).problems).toEqual([
      { seq: head.seq - 2, kind: "checkpoint", problem: "no checkpoint is signed by this key" },
    ]);
    // Written anew, hash for hash.
    const entries = await store.db.selectFrom("audit").selectAll().orderBy("seq").execute();
    let previous = entries[0].previous;
    for (const entry of entries) {
      const forged = { ...entry, actor: "admin:forger", previous };
      previous = auditHash(forged);
      await store.db
        .updateTable("audit")
        .set({ ...forged, hash: previous })
        .where("seq", "=", entry.seq)
        .execute();
    }
    await store.checkpoint();
    const anew = await check(store);
    expect(anew.problems.map(({ kind }) => kind)).toContain("checkpoint");
  });

  it("does not take another's signature", async () => {
    const store = await open();
    await filled(store);
    const { keyFile } = await fresh();
    const other = openAuditKey(keyFile);
    expect((await check(store, other.publicKey)).problems).toMatchObject([
      { problem: "no checkpoint is signed by this key" },
    ]);
    await tamper(store.db, `update audit_checkpoints set signature = '${other.sign("x")}'`);
    const wrong = { kind: "checkpoint", problem: "its signature is wrong" };
    expect((await check(store)).problems).toMatchObject([{ seq: 1, ...wrong }, wrong]);
  });

  it("signs when it is opened, every thousand entries, and when it is closed", async () => {
    const { location, keyFile } = await fresh();
    const store = await openStore(location, { keyFile });
    await collection(store, { items: 1100, raters: 0 });
    await store.write(async ({ audit }) => audit("system", "test.note", "x"));
    await store.close();
    const { checkpoints, malformed } = readCheckpoints(store.checkpointFile);
    expect(malformed).toBe(0);
    // After log.begun; after a project with its rows (2) and 39 pieces of 25 items with their hashes (1 for each
    // piece); after 44 pieces and a note.
    const links = checkpoints.map(({ seq, previous_seq }) => [seq, previous_seq]);
    expect(links).toEqual([
      [1, 0],
      [1017, 1],
      [1148, 1017],
    ]);
    const again = await openStore(location, { keyFile });
    expect(await again.checkpoint()).toBeUndefined();
    expect((await check(again)).problems).toEqual([]);
    await again.close();
  });

  it("keeps its key from others", async () => {
    const { location, keyFile } = await fresh();
    await (await openStore(location, { keyFile })).close();
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const id = openAuditKey(keyFile).id;
    expect(openAuditKey(keyFile).id).toBe(id);
    chmodSync(keyFile, 0o640);
    await expect(openStore(location, { keyFile })).rejects.toThrow(/users other than its owner/);
    chmodSync(keyFile, 0o600);
    writeFileSync(keyFile, readFileSync(keyFile, "utf8").slice(0, 60));
    await expect(openStore(location, { keyFile })).rejects.toThrow(/not an Ed25519 private key/);
  });
});
