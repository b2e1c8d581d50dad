import { expect, it } from "vitest";
import { collection, worker } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import {
  conversations,
  deletePersonalData,
  listSkips,
  markRead,
  messagesOf,
  ownMessages,
  skipItem,
  writeToLeads,
  writeToRater,
} from "../index.js";

onBothEngines(({ store: open }) => {
  it("a rater and the leads have a word about an item, each by the id that they know", async () => {
    let now = 1000;
    const store = await open({ clock: () => now++ });
    const { project, raters, items } = await collection(store);
    const [rater, other] = raters;
    const { leases } = await store.lease({ project: project.id, rater });
    const [{ item, showing }] = leases;
    await writeToLeads(store, { project: project.id, rater, showing, text: "Does B count as rude?" });
    await expect(
      writeToLeads(store, { project: project.id, rater: other, showing, text: "And I?" }),
    ).rejects.toThrow("was not shown");
    expect(await conversations(store, project.id)).toMatchObject([
      { rater, unread: 1, last: { author: "rater", item, text: "Does B count as rude?" } },
    ]);
    await writeToRater(store, { project: project.id, rater, item, text: "It does." }, "lead:a");
    await writeToRater(
      store,
      { project: project.id, rater, item: items[2], text: "So does this." },
      "lead:a",
    );
    await markRead(store, { project: project.id, rater, reader: "staff" });
    expect(await conversations(store, project.id)).toMatchObject([{ rater, unread: 0 }]);
    const own = await ownMessages(store, project.id, rater);
    expect(own.map(({ author, showing: of, readAt }) => [author, of, readAt !== undefined])).toEqual([
      ["rater", showing, true],
      ["staff", showing, false],
      // An item that the rater was not shown stays unknown.
      ["staff", undefined, false],
    ]);
    expect(JSON.stringify(own)).not.toContain(items[2]);
    await markRead(store, { project: project.id, rater, reader: "rater" });
    expect((await messagesOf(store, project.id, rater)).every(({ readAt }) => readAt !== undefined)).toBe(
      true,
    );
    expect(await ownMessages(store, project.id, other)).toEqual([]);
    await deletePersonalData(store, rater, "admin:a");
    expect(await messagesOf(store, project.id, rater)).toEqual([]);
  });

  it("refuses empty and endless texts, strangers, and a flood", async () => {
    const store = await open();
    const { project, raters } = await collection(store);
    const stranger = await worker(store, (await collection(store)).project.id);
    const to = { project: project.id, rater: raters[0] };
    for (const text of ["", "x".repeat(4001)]) {
      await expect(writeToRater(store, { ...to, text }, "lead:a")).rejects.toThrow();
      await expect(writeToLeads(store, { ...to, text })).rejects.toThrow();
    }
    await expect(writeToRater(store, { ...to, rater: stranger, text: "You" }, "lead:a")).rejects.toThrow();
    for (let i = 0; i < 50; i++) await writeToLeads(store, { ...to, text: `again ${i}` });
    await expect(writeToLeads(store, { ...to, text: "once more" })).rejects.toThrow("wait to be read");
  });

  it("lists skips with their reasons, distress first", async () => {
    let now = 1000;
    const store = await open({ clock: () => now++ });
    const { project, raters } = await collection(store, { items: 3 });
    const reasons = [
      { reason: "harmful", note: "It shows: a wound" },
      { reason: "broken" },
      { reason: "other", note: "late" },
    ] as const;
    for (const reason of reasons) {
      const { leases } = await store.lease({ project: project.id, rater: raters[0] });
      await skipItem(store, leases[0].id, raters[0], reason);
    }
    expect((await listSkips(store, project.id, 10)).map(({ reason, note }) => [reason, note])).toEqual([
      ["harmful", "It shows: a wound"],
      ["other", "late"],
      ["broken", undefined],
    ]);
    expect(await listSkips(store, project.id, 1)).toHaveLength(1);
  });
});
