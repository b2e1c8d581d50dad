/** In which way a row is not as the log tells is said: a lead reads it to know what was done. */
import { expect, it } from "vitest";
import { collection } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { addAccount, addStaff, removeStaff } from "../accounts/index.js";
import { type Store, verifyOpenStore } from "../index.js";

onBothEngines(({ store: open }) => {
  it("a row is there again, is of nobody, is not as it was left, or is missing", async () => {
    const store = await open();
    const { project } = await collection(store);
    const [gone, kept, other] = await leads(store, 3);
    for (const lead of [gone, kept]) await addStaff(store, project.id, lead, "system");
    const row = (lead: string) => ({ project_id: project.id, account_id: lead, created_at: 5 });
    const made = await store.db.selectFrom("staff").selectAll().where("account_id", "=", gone).execute();
    await removeStaff(store, project.id, gone, "system");
    const found = async () => {
      const { problems } = await verifyOpenStore(store);
      return problems.filter(({ kind }) => kind === "staff").map(({ problem }) => problem);
    };
    expect(await found()).toEqual([]);
    await store.db.insertInto("staff").values(made).execute();
    expect(await found()).toEqual([
      `staff ${project.id} ${gone} is there again: the log says it was deleted`,
    ]);
    await store.db.deleteFrom("staff").where("account_id", "=", gone).execute();
    await store.db.insertInto("staff").values(row(other)).execute();
    expect(await found()).toEqual([`the log has no entry for staff ${project.id} ${other}`]);
    await store.db.deleteFrom("staff").where("account_id", "=", other).execute();
    await store.db.updateTable("staff").set({ created_at: 5 }).where("account_id", "=", kept).execute();
    expect(await found()).toEqual([`staff ${project.id} ${kept} is not as this entry left it`]);
    await store.db.deleteFrom("staff").where("account_id", "=", kept).execute();
    expect(await found()).toEqual([`staff ${project.id} ${kept} is missing`]);
  });
});

async function leads(store: Store, count: number): Promise<string[]> {
  const ids = [];
  for (let i = 0; i < count; i++) {
    const given = { login: `lead-${i}`, passwordHash: "$argon2id$l", role: "lead", languages: [] } as const;
    ids.push((await store.write((write) => addAccount(write, given))).id);
  }
  return ids;
}
