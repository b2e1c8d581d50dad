/** Long writes are done in pieces: whoever else writes waits for one of them and not for all. */
import { expect, it } from "vitest";
import { collection, pair } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { addItems, listItems, prioritise, type Store, setPriorities, setProjectState } from "../index.js";

/** How often another write was done, each after the one before, while something ran. */
async function writesBeside(store: Store, work: Promise<unknown>): Promise<number> {
  let [going, done] = [true, 0];
  const ended = work.finally(() => {
    going = false;
  });
  while (going) {
    await store.write(async ({ db }) => db.selectFrom("projects").select("id").limit(1).execute());
    done++;
  }
  await ended;
  return done;
}

const entries = async (store: Store) =>
  Number(
    (
      await store.db
        .selectFrom("audit")
        .select((eb) => eb.fn.countAll().as("n"))
        .executeTakeFirst()
    )?.n,
  );

onBothEngines(({ store: open }) => {
  it("many items are added between the writes of others, in order, and none if one is wrong", async () => {
    const store = await open();
    const { project } = await collection(store, { items: 0 });
    const rows = Array.from({ length: 600 }, (_, i) => pair(i));
    let ids: string[] = [];
    const adding = addItems(store, project.id, rows, "system").then((added) => (ids = added));
    expect(await writesBeside(store, adding)).toBeGreaterThan(10);
    const items = await listItems(store, project.id, { limit: 1000 });
    expect(items.map(({ id }) => id)).toEqual(ids);
    expect(items.map(({ content }) => content.prompt)).toEqual(rows.map(({ content }) => content.prompt));
    const wrong = [...rows, { content: { prompt: "p", responses: [] } }];
    await expect(addItems(store, project.id, wrong, "system")).rejects.toThrow(/^item 601: has 0 responses/);
    expect(await listItems(store, project.id, { limit: 1000 })).toHaveLength(600);
  });

  it("what ends the adding in between says how far it came", async () => {
    const store = await open();
    const { project } = await collection(store, { items: 0 });
    const rows = Array.from({ length: 600 }, (_, i) => pair(i));
    const adding = addItems(store, project.id, rows, "system");
    adding.catch(() => undefined);
    while ((await listItems(store, project.id, { limit: 1 })).length === 0);
    await setProjectState(store, project.id, "deleted", "system");
    const error = await adding.catch((problem: unknown) => problem);
    const { added } =
      /^The first (?<added>\d+) of 600 items were added/.exec((error as Error).message)?.groups ?? {};
    const { n } = await store.db
      .selectFrom("items")
      .select((eb) => eb.fn.countAll().as("n"))
      .executeTakeFirstOrThrow();
    expect(Number(n)).toBe(Number(added));
  });

  it("priorities are written between the writes of others, and only where they change", async () => {
    const store = await open();
    const { project, items } = await collection(store, { items: 600 });
    const wanted = new Map(items.map((id, i) => [id, i]));
    expect(await writesBeside(store, setPriorities(store, project.id, wanted, "system"))).toBeGreaterThan(3);
    const first = await listItems(store, project.id, { limit: 1000 });
    expect(first.map(({ priority }) => priority)).toEqual([...wanted.values()]);
    await expect(
      setPriorities(store, project.id, new Map([...wanted, ["i-none", 9]]), "system"),
    ).rejects.toMatchObject({ problem: "missing" });
    // Without scores every item comes last; a second time nothing changes but the log's word that it was done.
    expect(await prioritise(store, project.id, "uncertainty", "system")).toBe(0);
    const before = await entries(store);
    await prioritise(store, project.id, "uncertainty", "system");
    expect(await entries(store)).toBe(before + 1);
  });
});
