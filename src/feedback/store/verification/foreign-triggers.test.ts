import { sql } from "kysely";
import { expect, it } from "vitest";
import { collection, judge } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { openStore, verifyAudit } from "../index.js";

onBothEngines(({ fresh, engine }) => {
  it("a trigger that changes a row whenever the store writes another is found", async () => {
    const { location, keyFile } = await fresh();
    const store = await openStore(location, { keyFile });
    const { project, raters } = await collection(store);
    const problems = async () => (await verifyAudit(store.db, store.key.publicKey)).problems;
    expect(await problems()).toEqual([]);
    const statements =
      engine === "sqlite"
        ? ["create trigger helpful after insert on votes begin update items set overlap = 9; end"]
        : [
            "create function helpful() returns trigger language plpgsql as $$ begin update items set overlap = 9; return null; end $$",
            "create trigger helpful after insert on votes for each row execute function helpful()",
          ];
    for (const statement of statements) await sql.raw(statement).execute(store.db);
    await judge(store, project.id, raters[0]);
    expect(await problems()).toContainEqual({
      seq: 0,
      kind: "trigger",
      problem: expect.stringMatching(/^helpful, on votes, is none of the store's/),
    });
    // Also one that has the name and the look of the store's own.
    await sql
      .raw(engine === "sqlite" ? "drop trigger helpful" : "drop function helpful cascade")
      .execute(store.db);
    expect(await problems()).toEqual([]);
    const disguised =
      engine === "sqlite"
        ? [
            "create trigger votes_no_insert before update on items begin update items set gold_json = null; select raise(abort, 'votes is append-only'); end",
          ]
        : [
            "create or replace function plumb_refuse_change() returns trigger language plpgsql as $$ begin perform 1; raise exception '% is append-only', tg_table_name; end $$",
          ];
    for (const statement of disguised) await sql.raw(statement).execute(store.db);
    const found = await problems();
    expect(found.map(({ kind }) => kind)).toContain("trigger");
    await store.close();
  });
});
