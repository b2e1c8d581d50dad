import { expect, it } from "vitest";
import { collection, judge, pair, verdict } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { changeSettings, findItem, listItems, progress, type Store } from "../index.js";

const itemsOf = async (store: Store, project: string) =>
  (await listItems(store, project)).map(({ overlap, state, votes }) => ({ overlap, state, votes }));

onBothEngines(({ store: open }) => {
  it("a higher overlap asks for more votes, of items that had enough too; a lower one for fewer", async () => {
    const store = await open();
    const { project, raters } = await collection(store, {
      items: 2,
      raters: 3,
      settings: { overlap: 1 },
      more: [pair(7, { overlap: 2 }), pair(8, { gold: verdict("left") })],
    });
    const [a, b, c] = raters;
    const take = async (rater: string) =>
      (await store.lease({ project: project.id, rater, count: 5 })).leases.map(({ prompt }) => prompt);
    for (let i = 0; i < 3; i++) await judge(store, project.id, a);
    expect(await take(b)).toEqual(["prompt 7"]);
    const changed = await changeSettings(store, project.id, { overlap: 3 }, "system");
    expect(changed.settings.overlap).toBe(3);
    expect(await itemsOf(store, project.id)).toMatchObject([
      ...[{ overlap: 3 }, { overlap: 3 }, { overlap: 2 }, { overlap: 3 }],
    ]);
    expect(await take(b)).toEqual(["prompt 7", "prompt 0", "prompt 1"]);
    expect(await progress(store, project.id)).toMatchObject({ items: 3, done: 0, wanted: 8 });
    await changeSettings(store, project.id, { overlap: 2 }, "system");
    // The others hold both places of the items, whether they had the overlap from the start or not.
    expect(await take(c)).toEqual([]);
    // An item that has the project's overlap follows it, whoever gave it that.
    await changeSettings(store, project.id, { overlap: 1 }, "system");
    expect(await progress(store, project.id)).toMatchObject({ done: 3, wanted: 3 });
  });

  it("a quota that was set can be lifted", async () => {
    const store = await open();
    const { project, raters } = await collection(store, { settings: { votesPerDay: 1, votesPerRater: 1 } });
    const [rater] = raters;
    await judge(store, project.id, rater);
    const none = async () => (await store.lease({ project: project.id, rater })).none;
    expect(await none()).toBe("project-quota");
    const { settings } = await changeSettings(store, project.id, { votesPerRater: null }, "system");
    expect("votesPerRater" in settings).toBe(false);
    expect(await none()).toBe("day-quota");
    await changeSettings(store, project.id, { votesPerDay: null }, "system");
    expect(await none()).toBeUndefined();
    await expect(changeSettings(store, project.id, { overlap: null }, "system")).resolves.toMatchObject({
      settings: { overlap: 3 },
    });
  });

  it("items are decided anew when stopping early is changed or lifted", async () => {
    const store = await open();
    const stop = { probability: 0.9, leastVotes: 2, reliability: 0.85 };
    const { project, raters, items } = await collection(store, {
      items: 1,
      raters: 2,
      settings: { overlap: 5, stop },
    });
    for (const rater of raters) await judge(store, project.id, rater);
    const state = async () => {
      const row = await store.db.selectFrom("items").select("available").executeTakeFirstOrThrow();
      return [(await findItem(store, items[0])).state, row.available];
    };
    expect(await state()).toEqual(["decided", 0]);
    await changeSettings(store, project.id, { stop: { ...stop, probability: 0.99 } }, "system");
    expect(await state()).toEqual(["open", 1]);
    await changeSettings(store, project.id, { stop }, "system");
    expect(await state()).toEqual(["decided", 0]);
    await changeSettings(store, project.id, { stop: null }, "system");
    expect(await state()).toEqual(["open", 1]);
    const log = await store.db.selectFrom("audit").select("action").orderBy("seq").execute();
    expect(
      log.map(({ action }) => action).filter((action) => /^item\.(decided|reopened)$/.test(action)),
    ).toEqual([...["item.decided", "item.reopened", "item.decided", "item.reopened"]]);
  });
});
