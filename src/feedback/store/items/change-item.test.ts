import { expect, it } from "vitest";
import { collection, judge, pair, verdict } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import {
  adjudicateItem,
  changeSettings,
  findAdjudication,
  findItem,
  loadProject,
  projectStamp,
  restoreItem,
  type Store,
  setGold,
  setItemOverlap,
  verifyOpenStore,
  withdrawAdjudication,
  withdrawItem,
} from "../index.js";

const LEAD = "lead:ada";
const STOP = { probability: 0.9, leastVotes: 2, reliability: 0.8 };
const stateOf = async (store: Store, item: string) => {
  const { state, overlap, votes, gold } = await findItem(store, item);
  return { state, overlap, votes, gold: gold !== undefined };
};
const available = async (store: Store, item: string) =>
  (await store.db.selectFrom("items").select("available").where("id", "=", item).executeTakeFirstOrThrow())
    .available;
/** Nothing of what leads did looks like tampering. */
const intact = async (store: Store) => {
  await store.checkpoint();
  expect((await verifyOpenStore(store)).problems).toEqual([]);
};

onBothEngines(({ store: open }) => {
  it("a lead's verdict ends the item, changes no vote, and is taken back", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, { items: 2, settings: { overlap: 3 } });
    const [item] = items;
    await expect(adjudicateItem(store, item, { answer: verdict("left") }, LEAD)).rejects.toThrow(
      "Nobody has judged this item yet",
    );
    const vote = await judge(store, project.id, raters[0], verdict("right"));
    expect(vote.item).toBe(item);
    const before = await projectStamp(store, project.id);
    await adjudicateItem(store, item, { answer: verdict("left"), note: "It says why." }, LEAD);
    expect(await projectStamp(store, project.id)).not.toBe(before);
    expect(await stateOf(store, item)).toEqual({ state: "decided", overlap: 3, votes: 1, gold: false });
    expect(await available(store, item)).toBe(0);
    expect(await findAdjudication(store, item)).toMatchObject({
      answer: verdict("left"),
      note: "It says why.",
      decidedBy: LEAD,
    });
    const loaded = await loadProject(store.db, project.id);
    expect(loaded.items.get(item)?.adjudicated).toEqual(verdict("left"));
    expect(loaded.judgements.map(({ vote: { answer } }) => answer)).toEqual([vote.answer]);
    await expect(setGold(store, item, verdict("left"), LEAD)).rejects.toThrow("A lead has decided this item");
    await expect(setItemOverlap(store, item, { overlap: 5, insist: true }, LEAD)).rejects.toThrow(
      "A lead has decided this item",
    );
    // Other rules of stopping leave it decided.
    await changeSettings(store, project.id, { stop: STOP }, LEAD);
    await changeSettings(store, project.id, { stop: null }, LEAD);
    expect((await stateOf(store, item)).state).toBe("decided");
    await intact(store);
    await withdrawAdjudication(store, item, LEAD);
    expect((await stateOf(store, item)).state).toBe("open");
    expect(await available(store, item)).toBe(1);
    await expect(withdrawAdjudication(store, item, LEAD)).rejects.toThrow("No lead has decided this item");
    await intact(store);
  });

  it("an answer that does not fit the task decides nothing", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, { items: 1 });
    await judge(store, project.id, raters[0]);
    const wrong = { kind: "safety", safe: true, categories: [], flags: [] } as const;
    await expect(adjudicateItem(store, items[0], { answer: wrong as never }, LEAD)).rejects.toThrow();
    await expect(setGold(store, items[0], wrong as never, LEAD)).rejects.toThrow();
    expect(await stateOf(store, items[0])).toMatchObject({ state: "open", gold: false });
    const written = await collection(store, {
      items: 0,
      raters: 1,
      task: { kind: "demonstration" },
      more: [{ content: { prompt: "Why?", responses: [] } }],
    });
    const text = { kind: "demonstration", text: "So.", flags: [] } as const;
    await expect(adjudicateItem(store, written.items[0], { answer: text as never }, LEAD)).rejects.toThrow(
      "every answer counts for itself",
    );
  });

  it("an item becomes gold and is it no longer, and raters get it as what it is", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, {
      items: 2,
      raters: 2,
      settings: { overlap: 2, goldRate: 0.5 },
    });
    await judge(store, project.id, raters[0]);
    await setGold(store, items[0], verdict("right"), LEAD);
    expect(await stateOf(store, items[0])).toMatchObject({ gold: true });
    expect(await available(store, items[0])).toBe(0);
    await intact(store);
    // The other rater gets it as gold or not at all; the first never again.
    const golds = [];
    for (let turn = 0; turn < 3; turn++) {
      const { leases } = await store.lease({ project: project.id, rater: raters[1] });
      for (const { id, item } of leases) {
        await store.vote({ lease: id, rater: raters[1], answer: verdict("left") });
        if (item === items[0]) golds.push(id);
      }
    }
    const rows = await store.db
      .selectFrom("votes")
      .select(["lease_id", "gold"])
      .where("item_id", "=", items[0])
      .orderBy("seq")
      .execute();
    expect(rows.map(({ gold }) => gold)).toEqual([0, ...golds.map(() => 1)]);
    await setGold(store, items[0], null, LEAD);
    expect(await stateOf(store, items[0])).toMatchObject({ gold: false });
    await expect(setGold(store, items[0], null, LEAD)).rejects.toThrow("not gold");
    await intact(store);
    const training = await collection(store, {
      items: 0,
      raters: 0,
      more: [pair(1, { gold: verdict("left"), explanation: "So." })],
    });
    await expect(setGold(store, training.items[0], null, LEAD)).rejects.toThrow("stays gold");
  });

  it("more raters are asked though early stopping has decided, until they have answered", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, {
      items: 1,
      raters: 4,
      settings: { overlap: 4, stop: STOP },
    });
    for (const rater of raters.slice(0, 2)) await judge(store, project.id, rater);
    expect((await stateOf(store, items[0])).state).toBe("decided");
    await setItemOverlap(store, items[0], { overlap: 4, insist: true }, LEAD);
    expect((await stateOf(store, items[0])).state).toBe("open");
    await judge(store, project.id, raters[2]);
    expect((await stateOf(store, items[0])).state).toBe("open");
    await judge(store, project.id, raters[3]);
    expect(await stateOf(store, items[0])).toMatchObject({ state: "decided", votes: 4 });
    // Without insisting the rule decides again by itself.
    await setItemOverlap(store, items[0], { overlap: 9, insist: false }, LEAD);
    expect(await stateOf(store, items[0])).toMatchObject({ state: "decided", overlap: 9 });
    await expect(setItemOverlap(store, items[0], { overlap: 0, insist: false }, LEAD)).rejects.toThrow(
      "from 1 to 1000",
    );
    await intact(store);
  });

  it("a withdrawn item is brought back to where it was", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, { items: 1 });
    await judge(store, project.id, raters[0]);
    await withdrawItem(store, items[0], "by mistake", LEAD);
    expect(await available(store, items[0])).toBe(0);
    await restoreItem(store, items[0], LEAD);
    expect(await stateOf(store, items[0])).toMatchObject({ state: "open", votes: 1 });
    expect(await available(store, items[0])).toBe(1);
    await expect(restoreItem(store, items[0], LEAD)).rejects.toThrow("not withdrawn");
    // A verdict outlasts the withdrawal.
    await adjudicateItem(store, items[0], { answer: verdict("tie") }, LEAD);
    await withdrawItem(store, items[0], "by mistake", LEAD);
    await restoreItem(store, items[0], LEAD);
    expect((await stateOf(store, items[0])).state).toBe("decided");
    await intact(store);
  });

  it("what was written past the store is found", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, { items: 1 });
    await judge(store, project.id, raters[0]);
    await adjudicateItem(store, items[0], { answer: verdict("left") }, LEAD);
    await store.checkpoint();
    await store.db
      .updateTable("adjudications")
      .set({ answer_json: JSON.stringify(verdict("right")) })
      .execute();
    const { problems } = await verifyOpenStore(store);
    expect(problems.map(({ problem }) => problem).join("\n")).toMatch(
      /adjudication .* is not as this entry left it/,
    );
  });
});
