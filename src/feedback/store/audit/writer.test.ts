import { expect, it } from "vitest";
import { collection } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { migrations } from "../database/migrations/index.js";
import { openDatabase, openStore } from "../index.js";

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
      ...[2, "failed", 4, "failed"],
    ]);
    const raters = await store.db.selectFrom("raters").select("id").orderBy("id").execute();
    expect(raters.map(({ id }) => id)).toEqual(["a", "c"]);
    const log = await store.db.selectFrom("audit").select(["seq", "subject"]).orderBy("seq").execute();
    expect(log.map(({ seq, subject }) => `${seq}${subject}`)).toEqual(["1a", "2a", "3c", "4c"]);
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
    expect(await add("b", false)).toBe(1);
    await expect(add("b", false)).rejects.toThrow();
    expect(await add("c", false)).toBe(2);
    const raters = await store.db.selectFrom("raters").select("id").orderBy("id").execute();
    expect(raters.map(({ id }) => id)).toEqual(["b", "c"]);
  });

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
