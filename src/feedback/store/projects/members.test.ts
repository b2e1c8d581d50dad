import { sql } from "kysely";
import { expect, it } from "vitest";
import { collection, worker } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { dropRowNotes } from "../audit/row-changes.js";
import { memberNumbers } from "../database/migrations/0005-member-numbers.js";
import { joinProject, leaveProject, openDatabase, type Store } from "../index.js";

const numbers = async ({ db }: Store) =>
  Object.fromEntries(
    (await db.selectFrom("memberships").selectAll().execute()).map((row) => [row.rater_id, row.number]),
  );

onBothEngines(({ store: open }) => {
  it("are numbered as they join, in each project by itself, and keep their number when they leave and come back", async () => {
    const store = await open();
    const { project, raters } = await collection(store, { raters: 2 });
    const other = await collection(store, { raters: 1 });
    await leaveProject(store, project.id, raters[0], "system");
    const third = await worker(store, project.id);
    await joinProject(store, { project: project.id, rater: raters[0], group: "late" }, "system");
    const found = await numbers(store);
    expect([...raters, third, ...other.raters].map((rater) => found[rater])).toEqual([1, 2, 3, 1]);
  });

  it("of an older database get numbers in the order in which they joined", async () => {
    const store = await open();
    const { project, raters } = await collection(store, { raters: 3 });
    const raw = await openDatabase(store.location);
    await raw.db.transaction().execute(async (db) => {
      await dropRowNotes(db, store.engine);
      // As it was before: without numbers, and the last one the first to have joined.
      await sql`drop index memberships_number`.execute(db);
      await sql`alter table memberships drop column number`.execute(db);
      for (const [i, rater] of raters.entries())
        await db
          .updateTable("memberships")
          .set({ joined_at: 100 - i })
          .where("project_id", "=", project.id)
          .where("rater_id", "=", rater)
          .execute();
      await memberNumbers.up(db, store.engine);
    });
    await raw.db.destroy();
    const found = await numbers(store);
    expect(raters.map((rater) => found[rater])).toEqual([3, 2, 1]);
  });
});
