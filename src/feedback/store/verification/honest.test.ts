/**
 * Whatever an installation honestly does, verification finds nothing: step by step, beside a writer, killed, restored.
 */

import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { collection, judge } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { deletedProject, fullStore } from "../../../../test/full-store.js";
import { FULL } from "../../../../test/spread.js";
import { readCheckpoints } from "../audit/checkpoints.js";
import {
  backup,
  deletePersonalData,
  openDatabase,
  openStore,
  purgeProject,
  renewCheckpointFile,
  restore,
  type Store,
  verifyAudit,
  verifyDatabase,
  verifyOpenStore,
} from "../index.js";

const EARLIER = "test/fixtures/backup-of-0005.jsonl.gz";
afterEach(() => {
  vi.useRealTimers();
});

onBothEngines(({ store: open, fresh, dir, engine }) => {
  const quiet = () => undefined;
  const verify = (location: string, keyFile: string) => verifyDatabase({ db: location, keyFile }, quiet);
  const whole = async (store: Store, step: string) =>
    expect((await verifyOpenStore(store)).problems, step).toEqual([]);

  it("after each operation, before it is signed, and after forgetting and purging", async () => {
    const store = await open();
    await whole(store, "nothing yet");
    const { rater } = await fullStore(store, (step) => whole(store, step));
    const old = await deletedProject(store);
    await whole(store, "a deleted project");
    await deletePersonalData(store, rater, "system");
    await whole(store, "forgotten");
    await purgeProject(store, old, "system");
    await whole(store, "purged");
    const report = await verifyOpenStore(store);
    expect(report.signed).toBeLessThan(report.entries);
    expect(report.notes).toEqual([
      `Entries ${report.signed + 1} to ${report.entries} are not signed yet: the server signs within half a minute, when it starts and when it stops.`,
    ]);
    await store.checkpoint();
    expect(await verifyOpenStore(store)).toMatchObject({ notes: [], signed: report.entries });
  });

  it("in the middle of a purge, wherever it is killed", async () => {
    const store = await open();
    const old = await deletedProject(store);
    let kills = 0;
    for (let last = 2, done = false; !done; last++) {
      let writes = 0;
      const stopped: Store = {
        ...store,
        write: (work) => (++writes === last ? Promise.reject(new Error("killed")) : store.write(work)),
      };
      done = await purgeProject(stopped, old, "system").then(
        () => true,
        (error: Error) => {
          expect(error.message).toBe("killed");
          kills++;
          return false;
        },
      );
      // Both engines are left in the same states: by default all are looked at on SQLite.
      if (FULL || engine === "sqlite" || last % 3 === 0) await whole(store, `killed at write ${last}`);
    }
    expect(kills).toBeGreaterThan(10);
    await whole(store, "purged");
  });

  it("beside a store that is being written to", async () => {
    const store = await open();
    const { project, raters } = await collection(store, { items: 400, raters: 2 });
    let [going, looks] = [true, 0];
    const voting = Promise.all(
      raters.map(async (rater) => {
        for (let i = 0; i < 400 && looks < 4; i++) {
          // Votes wait for the next look, however slow looks are, so that there are some.
          while (i >= 90 * looks && looks < 4) await setTimeout(1);
          await judge(store, project.id, rater);
        }
      }),
    );
    const voted = voting.then(() => {
      going = false;
    });
    while (going) {
      looks++;
      expect((await verifyOpenStore(store)).problems).toEqual([]);
    }
    await voted;
    expect(looks).toBeGreaterThan(2);
  });

  it("signs when it is opened, by time, and when it is closed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { location, keyFile } = await fresh();
    const store = await openStore(location, { keyFile });
    expect(readCheckpoints(store.checkpointFile).checkpoints).toMatchObject([{ seq: 1, previous_seq: 0 }]);
    await collection(store);
    vi.advanceTimersByTime(29_000);
    await store.write(async ({ audit }) => audit("system", "test.note", "x"));
    expect(readCheckpoints(store.checkpointFile).checkpoints).toHaveLength(1);
    vi.advanceTimersByTime(2_000);
    await vi.waitFor(() => expect(readCheckpoints(store.checkpointFile).checkpoints).toHaveLength(2));
    const { seq } = readCheckpoints(store.checkpointFile).checkpoints[1];
    expect(await verifyOpenStore(store)).toMatchObject({
      problems: [],
      notes: [],
      signed: seq,
      entries: seq,
    });
    // Nothing new, nothing to sign.
    vi.advanceTimersByTime(100_000);
    await store.close();
    expect(readCheckpoints(store.checkpointFile).checkpoints).toHaveLength(2);
    expect(await verify(location, keyFile)).toMatchObject({ problems: [], notes: [] });
  });

  it("after a kill at any moment of a checkpoint", async () => {
    const { location, keyFile } = await fresh();
    const file = `${keyFile}.checkpoints`;
    let store = await openStore(location, { keyFile });
    await collection(store);
    await store.close();
    const [first, second] = readFileSync(file, "utf8").split("\n");
    // Killed before the line was written, or in the middle of it.
    for (const text of [`${first}\n`, `${first}\n${second.slice(0, 40)}`]) {
      writeFileSync(file, text);
      const report = await verify(location, keyFile);
      expect(report.problems).toEqual([]);
      expect(report.notes).toEqual([
        "The file of checkpoints lacks 1 that the database has: the next start adds them.",
      ]);
      store = await openStore(location, { keyFile });
      await store.close();
      expect(readCheckpoints(file).checkpoints).toEqual([first, second].map((line) => JSON.parse(line)));
      expect(await verify(location, keyFile)).toMatchObject({ problems: [], notes: [] });
    }
  });

  it("after the first start was killed before it signed anything", async () => {
    const { location, keyFile } = await fresh();
    await (await openStore(location, { keyFile })).close();
    rmSync(`${keyFile}.checkpoints`);
    const { db } = await openDatabase(location);
    const trusted = (await db.selectFrom("audit_keys").selectAll().executeTakeFirstOrThrow()).public_key;
    const undone = new Error("undone");
    await expect(
      db.transaction().execute(async (inside) => {
        const { sql } = await import("kysely");
        await sql`drop trigger ${sql.raw(location.includes("://") ? "audit_checkpoints_append_only on audit_checkpoints" : "audit_checkpoints_no_delete")}`.execute(
          inside,
        );
        await inside.deleteFrom("audit_checkpoints").execute();
        expect(await verifyAudit(inside, trusted, [])).toMatchObject({
          problems: [],
          notes: [
            "Entry 1 is not signed yet: the server signs within half a minute, when it starts and when it stops.",
          ],
        });
        throw undone;
      }),
    ).rejects.toBe(undone);
    await db.destroy();
  });

  it("after a restore: in place, elsewhere without the key, and opened there", async () => {
    const { location, keyFile } = await fresh();
    let store = await openStore(location, { keyFile });
    await fullStore(store);
    const file = join(dir(), "kept.gz");
    await backup(store, file);
    await deletedProject(store);
    await store.close();
    const database = await openDatabase(location);
    await restore(database, file, { force: true });
    const aside = await renewCheckpointFile(database, keyFile);
    await database.db.destroy();
    expect(existsSync(aside as string)).toBe(true);
    expect(statSync(`${keyFile}.checkpoints`).mode & 0o777).toBe(0o600);
    expect((await verify(location, keyFile)).problems).toEqual([]);
    store = await openStore(location, { keyFile });
    await collection(store);
    await store.close();
    expect(await verify(location, keyFile)).toMatchObject({ problems: [], notes: [] });
    const other = await fresh();
    const target = await openDatabase(other.location);
    await restore(target, file, { force: true });
    expect(await renewCheckpointFile(target, other.keyFile)).toBeUndefined();
    await target.db.destroy();
    const warnings: string[] = [];
    const report = await verifyDatabase({ db: other.location, keyFile: other.keyFile }, (message) =>
      warnings.push(message),
    );
    expect(report.problems).toEqual([]);
    expect(warnings.join()).toMatch(/held against the keys that the database names/);
    await (await openStore(other.location, { keyFile: other.keyFile })).close();
    expect((await verify(other.location, other.keyFile)).problems).toEqual([]);
  });

  it("a database of an earlier version, with its old entries, before and after it is opened", async () => {
    const { location, keyFile } = await fresh();
    const database = await openDatabase(location);
    await restore(database, EARLIER, { force: true });
    await database.db.destroy();
    const before = await verify(location, keyFile);
    expect(before.problems).toEqual([]);
    expect(before.notes.join()).toMatch(/of an earlier version/);
    const store = await openStore(location, { keyFile });
    await whole(store, "opened");
    const begun = await store.db
      .selectFrom("audit")
      .select("seq")
      .where("action", "=", "log.begun")
      .execute();
    expect(begun).toEqual([{ seq: before.entries + 1 }]);
    // The words of old entries stay in them; new ones have hashes.
    const { details_json } = await store.db
      .selectFrom("audit")
      .select("details_json")
      .where("action", "=", "member.state")
      .executeTakeFirstOrThrow();
    expect(details_json).toContain('"reason":"was seen asleep at the desk"');
    await fullStore(store);
    await whole(store, "worked with");
    await store.close();
    const again = await openStore(location, { keyFile });
    await whole(again, "opened again");
    const twice = await again.db
      .selectFrom("audit")
      .select("seq")
      .where("action", "=", "log.begun")
      .execute();
    expect(twice).toHaveLength(1);
    await again.close();
    const raw = await openDatabase(location);
    const { id } = await raw.db
      .selectFrom("accounts")
      .select("id")
      .where("role", "=", "lead")
      .executeTakeFirstOrThrow();
    await raw.db.updateTable("accounts").set({ role: "admin" }).where("id", "=", id).execute();
    await raw.db.destroy();
    const { problems } = await verify(location, keyFile);
    expect(problems).toMatchObject([{ kind: "account", problem: expect.stringContaining(id) }]);
  });
});
