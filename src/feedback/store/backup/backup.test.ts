import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { collection, judge, pair, verdict, votesOf } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import {
  accountOfLogin,
  addAccount,
  addInvitation,
  addKey,
  addSession,
  endSession,
  listInvitations,
  listKeys,
  revokeKey,
  sessionOfToken,
  useInvitation,
  withdrawInvitation,
} from "../accounts/index.js";
import { openDatabase } from "../database/database.js";
import {
  backup,
  correctVote,
  deletePersonalData,
  holdVotes,
  joinProject,
  openStore,
  renewCheckpointFile,
  restore,
  type Store,
  saveDraft,
  setPerson,
  verifyAudit,
  verifyDatabase,
} from "../index.js";

const NASTY = "Grüße \u2028 \"quoted\" \\ 🎈 'x'; drop table votes; --";

/** A store with something in every table. */
async function filled(store: Store): Promise<string> {
  const { project, raters } = await collection(store, {
    items: 620,
    guidelines: NASTY,
    more: [pair(9, { gold: verdict("left"), priority: 0.1 + 0.2 })],
  });
  const [a, b] = raters;
  const vote = await judge(store, project.id, a, verdict("left", { rationale: NASTY }));
  await correctVote(store, { vote: vote.id, rater: a, answer: verdict("tie") });
  const { leases } = await store.lease({ project: project.id, rater: b });
  await saveDraft(store, leases[0].id, b, { text: NASTY });
  await setPerson(store, a, { name: NASTY, email: "a@example.org" }, "system");
  await holdVotes(store, project.id, [{ vote: vote.id, filter: "too-fast", evidence: { ms: 3 } }], "system");
  return project.id;
}

async function everything({ db }: Store): Promise<unknown> {
  const tables = [
    "projects",
    "guidelines",
    "items",
    "raters",
    "people",
    "memberships",
    "leases",
    "drafts",
  ] as const;
  const rows: unknown[] = [];
  for (const table of [...tables, "votes", "reviews"] as const)
    rows.push(...(await db.selectFrom(table).selectAll().execute()));
  return rows.map((row) => JSON.stringify(row)).sort();
}

onBothEngines(({ store: open, fresh, dir, engine }) => {
  it("is restored into either engine, row for row", async () => {
    const store = await open();
    const project = await filled(store);
    await store.checkpoint();
    const file = join(dir(), "all.jsonl.gz");
    const taken = await backup(store, file);
    expect(taken.rows).toBeGreaterThan(1200);
    const targets = [
      join(dir(), "restored.db"),
      ...(engine === "postgresql" ? [(await fresh()).location] : []),
    ];
    for (const [i, target] of targets.entries()) {
      const database = await openDatabase(target);
      expect(await restore(database, file)).toEqual({
        ...taken,
        ended: { sessions: 0, keys: 0, invitations: 0 },
      });
      await database.db.destroy();
      const restored = await openStore(target, { keyFile: join(dir(), `restored-${i}.key`) });
      expect(await everything(restored)).toEqual(await everything(store));
      expect((await verifyAudit(restored.db, store.key.publicKey)).problems).toEqual([]);
      // Work goes on, and rows still cannot be changed.
      await collection(restored);
      await expect(sql`delete from votes`.execute(restored.db)).rejects.toThrow("append-only");
      expect(await votesOf(restored, project)).toEqual(await votesOf(store, project));
      await restored.close();
    }
  });

  it("is taken while others write, and holds a state that was", async () => {
    const { location, keyFile } = await fresh();
    const [store, reader] = [await openStore(location, { keyFile }), await openDatabase(location)];
    const { project, raters } = await collection(store, { items: 60, raters: 1 });
    const file = join(dir(), "busy.gz");
    let going = true;
    const working = (async () => {
      for (let i = 0; i < 60 && going; i++) await judge(store, project.id, raters[0]);
    })();
    const taken = await backup(reader, file);
    going = false;
    await working;
    await reader.db.destroy();
    await store.close();
    const target = join(dir(), "busy.db");
    const database = await openDatabase(target);
    expect((await restore(database, file)).head).toEqual(taken.head);
    const items = await database.db
      .selectFrom("items")
      .select((eb) => eb.fn.sum<number>("votes").as("n"))
      .execute();
    const votes = await database.db
      .selectFrom("votes")
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .execute();
    expect(items).toEqual(votes);
    await database.db.destroy();
  });

  it("refuses what is not a whole backup, or would replace something, and changes nothing", async () => {
    const store = await open();
    await collection(store);
    const file = join(dir(), "small.jsonl.gz");
    await backup(store, file);
    const before = await everything(store);
    await expect(restore(store, file)).rejects.toThrow(/not empty/);
    const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split("\n");
    let made = 0;
    const damaged = (change: (lines: string[]) => string[]): string => {
      const path = join(dir(), `damaged-${++made}.gz`);
      writeFileSync(path, gzipSync(`${change([...lines]).join("\n")}\n`));
      return path;
    };
    const trials: [string, RegExp][] = [
      [damaged((all) => all.slice(0, -1)), /its end is missing/],
      [damaged((all) => all.toSpliced(3, 1)), /rows, expected/],
      [damaged((all) => all.map((line) => line.replace("prompt 1", "prompt 9"))), /its checksum is wrong/],
      [damaged((all) => [...all, all[1]]), /comes after its end/],
      [damaged((all) => all.toSpliced(2, 1, '["sqlite_master",{}]')), /unknown table/],
      [damaged((all) => all.toSpliced(2, 1, '["items",{"id":[1]}]')), /is not a row/],
      [damaged((all) => [all[0].replace("0001-collection", "0002-later"), ...all.slice(1)]), /later version/],
      [damaged(() => ["{}"]), /first line/],
      [join(dir(), "none.gz"), /no file/],
    ];
    for (const [path, message] of trials)
      await expect(restore(store, path, { force: true })).rejects.toThrow(message);
    writeFileSync(join(dir(), "cut.gz"), readFileSync(file).subarray(0, 400));
    await expect(restore(store, join(dir(), "cut.gz"), { force: true })).rejects.toThrow(/truncated/);
    expect(await everything(store)).toEqual(before);
    await restore(store, file, { force: true });
    expect(await everything(store)).toEqual(before);
  });

  it("ends every session, key and open invitation, which may have been withdrawn since, unless it is a move", async () => {
    const { location, keyFile } = await fresh();
    const store = await openStore(location, { keyFile });
    const account = await store.write((write) =>
      addAccount(write, { login: "lead", passwordHash: "hash", role: "lead", languages: [] }),
    );
    const [withdrawn, used] = await store.write(async (write) => [
      await addInvitation(write, { role: "admin", hours: 9 }, "a".repeat(64), "system"),
      await addInvitation(write, { role: "rater", hours: 9 }, "b".repeat(64), "system"),
    ]);
    await store.write((write) => useInvitation(write, "b".repeat(64)));
    const session = await store.write((write) =>
      addSession(write, account, { tokenHash: "c".repeat(64), milliseconds: 1e9 }),
    );
    const made = { name: "program", hash: "d".repeat(64), prefix: "plumb_d", scopes: ["write"] as const };
    const key = await addKey(store, account.id, made, "system");
    const file = join(dir(), "access.gz");
    const taken = await backup(store, file);
    await withdrawInvitation(store, withdrawn.id, "system");
    await endSession(store, account.id, session.id, "system");
    await revokeKey(store, account.id, key.id, "system");
    await store.close();
    for (const keepAccess of [false, true]) {
      const database = await openDatabase(location);
      const ended = keepAccess ? undefined : { sessions: 1, keys: 1, invitations: 1 };
      expect(await restore(database, file, { force: true, keepAccess })).toEqual({ ...taken, ended });
      await renewCheckpointFile(database, keyFile);
      // Before anything opens it as a store: there is no moment in which they are good.
      const left = [await listKeys(database, account.id), await sessionOfToken(database, "c".repeat(64))];
      expect(left.flat().filter((one) => one !== undefined)).toHaveLength(keepAccess ? 2 : 0);
      await database.db.destroy();
      expect((await verifyDatabase({ db: location, keyFile }, () => undefined)).problems).toEqual([]);
      const restored = await openStore(location, { keyFile });
      const open = (await listInvitations(restored)).map(({ id }) => id);
      expect(open.sort()).toEqual((keepAccess ? [withdrawn.id, used.id] : [used.id]).sort());
      expect(await accountOfLogin(restored, "lead")).toMatchObject({ state: "active" });
      await restored.close();
      expect((await verifyDatabase({ db: location, keyFile }, () => undefined)).problems).toEqual([]);
    }
  });

  it("leaves an earlier file when it cannot be written", async () => {
    const store = await open();
    await expect(backup(store, join(dir(), "nowhere", "x.gz"))).rejects.toThrow(/Cannot write the backup/);
    await expect(backup(store, join(dir(), "x.db"))).rejects.toThrow(/must end in \.gz/);
    expect(existsSync(join(dir(), "x.db"))).toBe(false);
  });

  it("deletes what is known of a person, keeps the votes, and says so in the log", async () => {
    const store = await open();
    const { project, raters } = await collection(store);
    const [rater] = raters;
    await setPerson(store, rater, { name: "Ada Private", email: "ada@example.org" }, "system");
    const vote = await judge(store, project.id, rater);
    expect(await deletePersonalData(store, rater, "admin:a-1")).toBe(true);
    expect(await deletePersonalData(store, rater, "admin:a-1")).toBe(false);
    expect(await votesOf(store, project.id)).toEqual([vote]);
    await expect(store.lease({ project: project.id, rater })).rejects.toMatchObject({ problem: "forbidden" });
    await expect(setPerson(store, rater, { name: "again" }, "system")).rejects.toMatchObject({
      problem: "conflict",
    });
    await expect(joinProject(store, { project: project.id, rater }, "system")).resolves.toBeUndefined();
    await expect(store.lease({ project: project.id, rater })).rejects.toMatchObject({ problem: "forbidden" });
    const file = join(dir(), "forgotten.gz");
    await backup(store, file);
    const text = gunzipSync(readFileSync(file)).toString();
    expect(text).not.toMatch(/Ada Private|ada@example/);
    expect(text).toContain("person.deleted");
    await store.checkpoint();
    expect((await verifyAudit(store.db, store.key.publicKey)).problems).toEqual([]);
  });
});
