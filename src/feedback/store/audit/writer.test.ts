import { sql } from "kysely";
import { expect, it } from "vitest";
import { collection } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { sha256 } from "../../../base/sha256.js";
import { migrations } from "../database/migrations/index.js";
import { openDatabase, openStore, readAudit } from "../index.js";
import { PARTS, type Part, rowHash } from "./coverage.js";

onBothEngines(({ store: open, fresh, engine }) => {
  it("undoes one write that fails and keeps those beside it, in one unbroken log", async () => {
    const store = await open();
    const row = (id: string) => ({ id, languages_json: "[]", state: "active", created_at: 0 });
    const add = (id: string, fails: boolean) =>
      store.write(async ({ db, audit }) => {
        audit("system", "test.first", id);
        await db.insertInto("raters").values(row(id)).execute();
        if (fails) throw new Error(`no ${id}`);
        return audit("system", "test.second", id);
      });
    const outcomes = await Promise.allSettled([
      add("a", false),
      add("b", true),
      add("c", false),
      add("a", false),
    ]);
    expect(outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : "failed"))).toEqual([
      ...[3, "failed", 5, "failed"],
    ]);
    const raters = await store.db.selectFrom("raters").select("id").orderBy("id").execute();
    expect(raters.map(({ id }) => id)).toEqual(["a", "c"]);
    const [, ...log] = await store.db
      .selectFrom("audit")
      .select(["seq", "action", "subject"])
      .orderBy("seq")
      .execute();
    expect(log.map(({ seq, subject }) => `${seq}${subject}`)).toEqual(["2a", "3a", "4c", "5c", "6"]);
    expect(log[4].action).toBe("rows.changed");
  });

  it("undoes a write that fails alone, and the log goes on without it", async () => {
    const store = await open();
    const add = (id: string, fails: boolean) =>
      store.write(async ({ db, audit }) => {
        const row = { id, languages_json: "[]", state: "active", created_at: 0 };
        await db.insertInto("raters").values(row).execute();
        const seq = audit("system", "test.added", id);
        if (fails) throw new Error(`no ${id}`);
        return seq;
      });
    await expect(add("a", true)).rejects.toThrow("no a");
    // Each write's own entry is followed by that of the row.
    expect(await add("b", false)).toBe(2);
    await expect(add("b", false)).rejects.toThrow();
    expect(await add("c", false)).toBe(4);
    const raters = await store.db.selectFrom("raters").select("id").orderBy("id").execute();
    expect(raters.map(({ id }) => id)).toEqual(["b", "c"]);
  });

  it.skipIf(engine === "postgresql")(
    "tells of rows on a connection that took the place of another",
    async () => {
      const store = await open();
      // As a new connection has it: nothing that notes.
      await store.db.transaction().execute(async (inside) => {
        const { rows } = await sql<{ type: string; name: string }>`select type, name from sqlite_temp_master
        where type in ('trigger', 'table') order by type desc`.execute(inside);
        for (const { type, name } of rows)
          await sql`drop ${sql.raw(type)} temp.${sql.id(name)}`.execute(inside);
        expect(rows.length).toBeGreaterThan(20);
      });
      await store.write(({ db }) =>
        db
          .insertInto("raters")
          .values({ id: "a", languages_json: "[]", state: "active", created_at: 0 })
          .execute(),
      );
      const entries = await readAudit(store, { after: 1, limit: 10 });
      expect(entries).toMatchObject([
        { action: "rows.changed", details: { rows: { raters: [["a", null, expect.any(String)]] } } },
      ]);
    },
  );

  it("puts writes that are asked for together into few commits", async () => {
    const store = await open();
    const heads = await Promise.all(
      Array.from({ length: 100 }, () =>
        store.write(async ({ db, audit }) => {
          audit("system", "test.note", "x");
          // What is already committed: the log is written at the end of each transaction.
          const { n } = await db
            .selectFrom("audit")
            .select((eb) => eb.fn.countAll<number>().as("n"))
            .executeTakeFirstOrThrow();
          return n;
        }),
      ),
    );
    expect(new Set(heads).size).toBeLessThan(5);
  });

  it("tells of the rows that a transaction changed, each once, and of none that was written past it", async () => {
    const store = await open();
    const row = (id: string) => ({ id, languages_json: "[]", state: "active", created_at: 0 });
    const told = async () => {
      const { seq } = await store.db
        .selectFrom("audit")
        .select((eb) => eb.fn.max("seq").as("seq"))
        .executeTakeFirstOrThrow();
      return async () => {
        const entries = await store.db
          .selectFrom("audit")
          .selectAll()
          .where("seq", ">", seq)
          .orderBy("seq")
          .execute();
        return entries.map(({ action, actor, details_json }) => ({
          action,
          actor,
          ...JSON.parse(details_json),
        }));
      };
    };
    const hash = (state: string) =>
      rowHash(PARTS.find(({ name }) => name === "raters") as Part, { ...row("a"), state });
    const change = (rows: object) => [{ action: "rows.changed", actor: "system", rows }];
    let since = await told();
    await store.write(async ({ db }) => {
      await db
        .insertInto("raters")
        .values([row("a"), row("b")])
        .execute();
      await db.updateTable("raters").set({ state: "x" }).where("id", "=", "a").execute();
      await db.deleteFrom("raters").where("id", "=", "b").execute();
    });
    expect(await since()).toEqual(change({ raters: [["a", null, hash("x")]] }));
    since = await told();
    await store.db.updateTable("raters").set({ state: "past" }).execute();
    await store.write(async ({ db }) => {
      await db.updateTable("raters").set({ state: "past" }).execute();
    });
    expect(await since()).toEqual([]);
    await store.write(async ({ db }) => {
      await db.updateTable("raters").set({ state: "y" }).execute();
    });
    expect(await since()).toEqual(change({ raters: [["a", hash("past"), hash("y")]] }));
    since = await told();
    await store.write(({ db }) => db.deleteFrom("raters").execute());
    expect(await since()).toEqual(change({ raters: [["a", hash("y"), null]] }));
  });

  it("keeps the words that people wrote apart from the entries, which have their hashes", async () => {
    const store = await open();
    const write = (fails: boolean) =>
      store.write(async ({ audit }) => {
        const seq = audit(
          "system",
          "test.note",
          "x",
          { a: 1 },
          { reason: "häd", note: undefined, other: null },
        );
        if (fails) throw new Error("undone");
        return seq;
      });
    const [, kept] = await Promise.allSettled([write(true), write(false), write(true)]);
    const seq = (kept as PromiseFulfilledResult<number>).value;
    const entry = { ...(await readAudit(store, { after: seq - 1, limit: 1 }))[0] };
    expect(entry).toMatchObject({
      seq,
      details: { a: 1, reasonSha256: sha256("häd") },
      texts: { reason: "häd" },
    });
    expect(await store.db.selectFrom("audit_texts").selectAll().execute()).toEqual([
      { seq, name: "reason", text: "häd" },
    ]);
    await store.write(({ db }) => db.deleteFrom("audit_texts").execute());
    expect((await readAudit(store, { after: seq - 1, limit: 1 }))[0]).not.toHaveProperty("texts");
  });

  it.runIf(engine === "sqlite")("refuses parameters that would be stored as something else", async () => {
    const store = await open();
    for (const value of ["a\u0000b", Number.NaN, true, undefined, {}])
      await expect(
        store.db
          .selectFrom("raters")
          .selectAll()
          .where("id", "=", value as never)
          .execute(),
      ).rejects.toThrow(/cannot be stored/);
    await expect(openDatabase("/dev/null/x.db")).rejects.toThrow(/Cannot open the database/);
  });

  it("is durable and waits for others", async () => {
    const { location, keyFile } = await fresh();
    const store = await openStore(location, { keyFile });
    await collection(store);
    await store.close();
    const again = await openStore(location, { keyFile });
    expect(await again.db.selectFrom("migrations").select("name").execute()).toEqual(
      migrations.map(({ name }) => ({ name })),
    );
    expect(await again.db.selectFrom("projects").selectAll().execute()).toHaveLength(1);
    await again.db
      .updateTable("migrations")
      .set({ name: "9999-later" })
      .where("name", "=", migrations.at(-1)?.name ?? "")
      .execute();
    await again.close();
    await expect(openStore(location, { keyFile })).rejects.toThrow(
      /9999-later, which this version does not know/,
    );
  });

  it.runIf(engine === "postgresql")("says without the password that it cannot reach a server", async () => {
    const error = await openDatabase("postgres://ada:secret@127.0.0.1:1/none").catch(
      (reason: Error) => reason,
    );
    expect(String(error)).toMatch(
      /Cannot reach the PostgreSQL database postgres:\/\/ada:\*\*\*@127\.0\.0\.1:1/,
    );
    expect(String(error)).not.toContain("secret");
  });
});
