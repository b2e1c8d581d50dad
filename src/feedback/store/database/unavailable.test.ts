import { sql } from "kysely";
import pg from "pg";
import { expect, it } from "vitest";
import { onBothEngines } from "../../../../test/databases.js";
import { addRater, findRater, openStore, type Store, StoreError } from "../index.js";
import { postgresUnavailable, sqliteUnavailable } from "./unavailable.js";

const told = (error: unknown) => (error instanceof StoreError ? `${error.problem}: ${error.message}` : error);
const busy = "unavailable: The database is busy: something else is writing to it.";

onBothEngines(({ engine, store, fresh }) => {
  it("a write that another's lock keeps waiting is refused in words; reads go on, and later writes", async () => {
    const { location, keyFile } = await fresh();
    const [ours, theirs] = [
      await openStore(location, { keyFile, busyMilliseconds: 200 }),
      await openStore(location, { keyFile }),
    ];
    try {
      const rater = await addRater(ours, {}, "system");
      let end: () => void = () => undefined;
      const held = theirs.write(() => new Promise<void>((resolve) => (end = resolve)));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const refused = addRater(ours, {}, "system").catch(told);
      expect((await findRater(ours, rater.id)).id).toBe(rater.id);
      expect(await refused).toBe(busy);
      end();
      await held;
      expect((await addRater(ours, {}, "system")).state).toBe("active");
    } finally {
      await ours.close();
      await theirs.close();
    }
  });

  it("a lock held at the start is said, with the status of what may work later", async () => {
    const { location, keyFile } = await fresh();
    const theirs = await openStore(location, { keyFile });
    let end: () => void = () => undefined;
    const held = theirs.write(() => new Promise<void>((resolve) => (end = resolve)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const error = (await openStore(location, { keyFile, busyMilliseconds: 200 }).catch(
      (error: unknown) => error,
    )) as StoreError;
    expect(told(error)).toBe(busy);
    expect(error.exitCode).toBe(75);
    end();
    await held;
    await theirs.close();
  });

  it("a transaction that only reads sees one state while others write, and keeps nobody waiting", async () => {
    const ours: Store = await store();
    const count = (db: Pick<Store["db"], "selectFrom">) =>
      db
        .selectFrom("raters")
        .select("id")
        .execute()
        .then(({ length }) => length);
    await addRater(ours, {}, "system");
    await ours.longReads
      .transaction()
      .setAccessMode("read only")
      .setIsolationLevel("repeatable read")
      .execute(async (snapshot) => {
        expect(await count(snapshot)).toBe(1);
        await addRater(ours, {}, "system");
        expect(await count(ours.db)).toBe(2);
        expect(await count(snapshot)).toBe(1);
      });
    expect(await count(ours.longReads)).toBe(2);
  });

  it.runIf(engine === "postgresql")(
    "connections that the server ends are made anew, and refused in words",
    async () => {
      const ours = await store();
      const rater = await addRater(ours, {}, "system");
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(ours.db);
      const wrong: unknown[] = [];
      await expect
        .poll(() =>
          findRater(ours, rater.id).then(
            ({ id }) => id,
            (error) => void wrong.push(told(error)),
          ),
        )
        .toBe(rater.id);
      for (const error of wrong) expect(error).toMatch(/^unavailable: /);
    },
  );

  it.runIf(engine === "postgresql")(
    "where the server gives no more connections, it is said, and those that are there serve",
    async () => {
      const { location, keyFile } = await fresh();
      const name = `few_${new URL(location).pathname.slice(6)}`;
      const admin = new pg.Client(location);
      await admin.connect();
      await admin.query(`create role ${name} login in role plumb connection limit 1`);
      const url = new URL(location);
      url.username = name;
      const ours = await openStore(url.href, { keyFile });
      try {
        const rater = await addRater(ours, {}, "system");
        const all = await Promise.all(
          Array.from({ length: 20 }, () =>
            sql`select pg_sleep(0.05)`.execute(ours.db).then(() => "answered", told),
          ),
        );
        expect(all).toContain("answered");
        expect(new Set(all)).toEqual(
          new Set(["answered", "unavailable: The database has no free connection."]),
        );
        expect((await findRater(ours, rater.id)).id).toBe(rater.id);
      } finally {
        await ours.close();
        await admin.query(`drop owned by ${name}; drop role ${name}`).catch(() => undefined);
        await admin.end();
      }
    },
  );
});

it("codes of the databases in words; a fault of a statement is none of these", () => {
  const error = new Error("x");
  expect(sqliteUnavailable(778, error)?.message).toMatch(/disk cannot be read or written/);
  expect(sqliteUnavailable(13, error)?.message).toMatch(/full/);
  expect(sqliteUnavailable(2067, error)).toBeUndefined();
  expect(sqliteUnavailable(undefined, error)).toBeUndefined();
  const of = (code: string) => postgresUnavailable(Object.assign(new Error("x"), { code }))?.message;
  expect(of("53100")).toMatch(/full/);
  expect(of("53300")).toMatch(/no free connection/);
  expect(of("57P01")).toMatch(/does not answer/);
  expect(of("08006")).toMatch(/does not answer/);
  expect(of("ECONNREFUSED")).toMatch(/does not answer/);
  expect(of("55P03")).toMatch(/busy/);
  expect(of("23505")).toBeUndefined();
  expect(of("42601")).toBeUndefined();
  expect(postgresUnavailable(new Error("timeout exceeded when trying to connect"))?.message).toMatch(
    /no free/,
  );
  expect(postgresUnavailable(new Error("Connection terminated unexpectedly"))?.message).toMatch(/not answer/);
  expect(postgresUnavailable(new Error("a defect"))).toBeUndefined();
  expect(postgresUnavailable("text")).toBeUndefined();
});
