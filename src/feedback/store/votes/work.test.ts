import { expect, it } from "vitest";
import { collection, judge, pair, verdict, votesOf, worker } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { FULL } from "../../../../test/spread.js";
import {
  addBookmark,
  correctVote,
  findItem,
  joinProject,
  leaveProject,
  listBookmarks,
  pastVotes,
  progress,
  releaseLease,
  removeBookmark,
  renewLease,
  type Store,
  type StoreProblem,
  saveDraft,
  setProjectState,
  skipItem,
  withdrawItem,
} from "../index.js";

/** The store's content, to see that nothing changed. */
async function state({ db }: Store): Promise<unknown> {
  return [
    await db.selectFrom("votes").selectAll().orderBy("seq").execute(),
    await db.selectFrom("leases").selectAll().orderBy("id").execute(),
    await db.selectFrom("items").selectAll().orderBy("id").execute(),
    await db.selectFrom("memberships").selectAll().orderBy("rater_id").execute(),
    await db
      .selectFrom("audit")
      .select((eb) => eb.fn.countAll().as("n"))
      .execute(),
  ];
}

async function refuses(work: Promise<unknown>, problem: StoreProblem): Promise<void> {
  await expect(work).rejects.toMatchObject({ name: "StoreError", problem });
}

onBothEngines(({ store: open, engine }) => {
  it("hands out items in order, shows them shuffled, and keeps votes in the stored order", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, { items: 40, raters: 1 });
    const [rater] = raters;
    const sides = [];
    for (const item of items) {
      const { leases } = await store.lease({ project: project.id, rater });
      expect(leases).toHaveLength(1);
      expect(leases[0].item).toBe(item);
      const left = leases[0].responses[0].startsWith("good") ? "left" : "right";
      sides.push(left);
      const { vote } = await store.vote({
        lease: leases[0].id,
        rater,
        answer: verdict(left),
        milliseconds: 1200,
      });
      expect(vote).toMatchObject({
        item,
        rater,
        answer: verdict("left"),
        milliseconds: 1200,
        guidelinesVersion: 1,
      });
      expect(vote.order).toEqual(left === "left" ? [0, 1] : [1, 0]);
    }
    // 40 fair coins: fewer than 8 of a side has a chance of 1e-5.
    expect(sides.filter((side) => side === "left").length).toBeGreaterThan(7);
    expect(sides.filter((side) => side === "right").length).toBeGreaterThan(7);
    expect(await store.lease({ project: project.id, rater })).toEqual({ leases: [], none: "no-items" });
    expect((await votesOf(store, project.id)).map(({ item }) => item)).toEqual(items);
  });

  it("gives the same draws for the same seed and member, whatever its id and whatever others do", async () => {
    const orders = async (others: number, which: number) => {
      const store = await open();
      const { project, raters } = await collection(store, { items: 12, raters: 3 });
      for (const id of raters.filter((_, i) => i !== which).slice(0, others))
        await judge(store, project.id, id);
      // Moving to another group and back is not joining anew.
      await joinProject(store, { project: project.id, rater: raters[which], group: "others" }, "system");
      await joinProject(store, { project: project.id, rater: raters[which] }, "system");
      const seen = [];
      for (let i = 0; i < 10; i++) seen.push((await judge(store, project.id, raters[which])).order);
      return seen;
    };
    const second = await orders(0, 1);
    expect(await orders(2, 1)).toEqual(second);
    // Ten orders of two: equal by chance once in 1024 seeds.
    expect(await orders(0, 2)).not.toEqual(second);
  });

  it("gives a rater again what it holds, and fetches ahead", async () => {
    const store = await open();
    const { project, raters } = await collection(store, { items: 4, settings: { overlap: 1 } });
    const [a, b] = raters;
    const first = await store.lease({ project: project.id, rater: a });
    await saveDraft(store, first.leases[0].id, a, { text: "half a thou\u0000ght" });
    const two = await store.lease({ project: project.id, rater: a, count: 2 });
    expect(two.leases.map(({ prompt }) => prompt)).toEqual(["prompt 0", "prompt 1"]);
    expect(two.leases[0]).toEqual({ ...first.leases[0], draft: { text: "half a thou\u0000ght" } });
    expect(
      (await store.lease({ project: project.id, rater: b, count: 5 })).leases.map(({ prompt }) => prompt),
    ).toEqual(["prompt 2", "prompt 3"]);
  });

  it("refuses a wrong vote and changes nothing", async () => {
    let now = 1_000_000;
    const store = await open({ clock: () => now });
    const { project, raters } = await collection(store, { items: 6, settings: { leaseSeconds: 60 } });
    const [a, b] = raters;
    const { leases } = await store.lease({ project: project.id, rater: a, count: 3 });
    const [lease, skipped, withdrawn] = leases;
    await skipItem(store, skipped.id, a, { reason: "harmful" });
    await withdrawItem(store, withdrawn.item, "two of it", "system");
    const before = await state(store);
    const cast = (request: object) =>
      store.vote({ lease: lease.id, rater: a, answer: verdict("left"), ...request } as never);
    await refuses(cast({ lease: "l-none" }), "missing");
    await refuses(cast({ rater: b }), "forbidden");
    await refuses(cast({ answer: { kind: "safety", safe: true } }), "invalid");
    await refuses(cast({ answer: verdict("left", { flags: [{ place: 2, flag: "unsafe" }] }) }), "invalid");
    await refuses(cast({ lease: skipped.id }), "conflict");
    await refuses(cast({ lease: withdrawn.id }), "closed");
    await expect(cast({ answer: verdict("up" as never) })).rejects.toThrow(
      /answer\.aspects\.overall\.verdict: .*left/,
    );
    await expect(cast({ client: "a\u0000b" })).rejects.toThrow(/cannot be stored/);
    await expect(cast({ milliseconds: -1 })).rejects.toThrow();
    expect(await state(store)).toEqual(before);
    await setProjectState(store, project.id, "paused", "system");
    await refuses(cast({}), "closed");
    await refuses(store.lease({ project: project.id, rater: b }), "closed");
    await setProjectState(store, project.id, "open", "system");
    now += 60_000;
    await refuses(cast({}), "expired");
    await setProjectState(store, project.id, "deleted", "system");
    await refuses(cast({}), "closed");
    await refuses(store.lease({ project: project.id, rater: a }), "missing");
    expect(await votesOf(store, project.id)).toEqual([]);
  });

  it("takes a vote that is sent twice once, and refuses another on its lease", async () => {
    const store = await open();
    const { project, raters } = await collection(store);
    const [rater] = raters;
    const { leases } = await store.lease({ project: project.id, rater });
    const send = (side: "left" | "right") =>
      store.vote({ lease: leases[0].id, rater, answer: verdict(side) });
    const together = await Promise.all([send("left"), send("left"), send("left")]);
    expect(together.map(({ again }) => again)).toEqual([false, true, true]);
    expect(new Set(together.map(({ vote }) => vote.id)).size).toBe(1);
    expect(await send("left")).toEqual({ ...together[0], again: true });
    await refuses(send("right"), "conflict");
    await setProjectState(store, project.id, "closed", "system");
    expect((await send("left")).again).toBe(true);
    expect(await votesOf(store, project.id)).toHaveLength(1);
  });

  it("corrects by new rows, the latest of which counts, within the time", async () => {
    let now = 5_000;
    const store = await open({ clock: () => now });
    const { project, raters } = await collection(store, { settings: { correctionSeconds: 60 } });
    const [a, b] = raters;
    const first = await judge(store, project.id, a, verdict("left"));
    const correct = (vote: string, side: "tie" | "both-bad", rater = a) =>
      correctVote(store, { vote, rater, answer: verdict(side) });
    await refuses(correct(first.id, "tie", b), "forbidden");
    now += 1000;
    const second = await correct(first.id, "tie");
    expect(second.vote).toMatchObject({ corrects: first.id, item: first.item, castAt: now });
    expect(await correct(first.id, "tie")).toEqual({ ...second, again: true });
    await refuses(correct(first.id, "both-bad"), "conflict");
    const third = await correct(second.vote.id, "both-bad");
    expect((await votesOf(store, project.id)).map(({ id }) => id)).toEqual([
      first.id,
      second.vote.id,
      third.vote.id,
    ]);
    const past = await pastVotes(store, project.id, a);
    expect(past).toMatchObject([{ vote: third.vote.id, answer: verdict("both-bad"), prompt: "prompt 0" }]);
    expect(past[0].correctableUntil).toBe(65_000);
    expect((await findItem(store, first.item)).votes).toBe(1);
    now = 65_001;
    await refuses(correct(third.vote.id, "tie"), "expired");
  });

  it("shows past answers in the places in which they were given", async () => {
    const store = await open();
    const { project, raters } = await collection(store, { items: 8 });
    for (let i = 0; i < 8; i++) await judge(store, project.id, raters[0], verdict("left"));
    const past = await pastVotes(store, project.id, raters[0]);
    expect(past).toHaveLength(8);
    for (const { answer } of past) expect(answer).toEqual(verdict("left"));
    expect(new Set(past.map(({ responses }) => responses[0].split(" ")[0])).size).toBe(2);
  });

  it("frees items that are released or run out, not those that were skipped", async () => {
    let now = 0;
    const store = await open({ clock: () => now });
    const { project, raters } = await collection(store, {
      items: 3,
      raters: 2,
      settings: { overlap: 1, leaseSeconds: 60 },
    });
    const [a, b] = raters;
    const [x, y, z] = (await store.lease({ project: project.id, rater: a, count: 3 })).leases;
    expect((await store.lease({ project: project.id, rater: b })).none).toBe("no-items");
    await refuses(releaseLease(store, x.id, b), "forbidden");
    await releaseLease(store, x.id, a);
    await skipItem(store, y.id, a, { reason: "unclear", note: "which of both?" });
    now = 30_000;
    expect(await renewLease(store, z.id, a)).toBe(90_000);
    now = 60_000;
    const own = await store.lease({ project: project.id, rater: a, count: 3 });
    expect(own.leases.map(({ prompt }) => prompt)).toEqual(["prompt 2", "prompt 0"]);
    expect(own.none).toBe("no-items");
    expect(
      (await store.lease({ project: project.id, rater: b, count: 3 })).leases.map(({ item }) => item),
    ).toEqual([y.item]);
    now = 300_000;
    expect((await store.lease({ project: project.id, rater: b, count: 3 })).leases).toHaveLength(3);
    await refuses(releaseLease(store, z.id, a), "expired");
  });

  it("keeps quotas, by the day and for the project", async () => {
    const day = 86_400_000;
    let now = 10 * day;
    const store = await open({ clock: () => now });
    const { project, raters } = await collection(store, {
      items: 9,
      settings: { votesPerDay: 2, votesPerRater: 3 },
    });
    const [rater] = raters;
    expect(await store.lease({ project: project.id, rater, count: 3 })).toMatchObject({ none: "day-quota" });
    await judge(store, project.id, rater);
    await judge(store, project.id, rater);
    expect(await store.lease({ project: project.id, rater })).toEqual({ leases: [], none: "day-quota" });
    now += day;
    await judge(store, project.id, rater);
    expect(await store.lease({ project: project.id, rater })).toEqual({ leases: [], none: "project-quota" });
    expect((await progress(store, project.id, rater)).own).toEqual({ votes: 3, today: 1 });
  });

  it("gives items to raters of their language and group", async () => {
    const store = await open();
    const content = (language: string) => ({ ...pair(0).content, prompt: language, language });
    const { project } = await collection(store, {
      items: 0,
      raters: 0,
      settings: { overlap: 9 },
      more: [
        { content: content("de") },
        { content: content("fr-CA") },
        { ...pair(7), audience: "doctors" },
        pair(8),
      ],
    });
    const prompts = async (languages: string[], group?: string) => {
      const rater = await worker(store, project.id, languages, group);
      return (await store.lease({ project: project.id, rater, count: 5 })).leases.map(({ prompt }) => prompt);
    };
    expect(await prompts(["de"])).toEqual(["de", "prompt 8"]);
    expect(await prompts(["FR-ca"], "doctors")).toEqual(["fr-CA", "prompt 7", "prompt 8"]);
    expect(await prompts([], "lawyers")).toEqual(["de", "fr-CA", "prompt 8"]);
  });

  // What is drawn is drawn outside of the database: both engines hand out the same.
  it.runIf(FULL || engine === "sqlite")(
    "mixes in gold items and repeats at their rates, unseen from outside",
    async () => {
      const store = await open();
      const gold = Array.from({ length: 60 }, (_, i) => pair(1000 + i, { gold: verdict("left") }));
      const { project, raters } = await collection(store, {
        items: 100,
        raters: 1,
        more: gold,
        settings: { goldRate: 0.2, repeatRate: 0.2, repeatAfter: 5 },
      });
      const seen: string[] = [];
      const shapes = new Set<string>();
      for (let i = 0; i < 100; i++) {
        const { leases } = await store.lease({ project: project.id, rater: raters[0] });
        shapes.add(Object.keys(leases[0]).sort().join());
        const { vote } = await store.vote({ lease: leases[0].id, rater: raters[0], answer: verdict("tie") });
        if (vote.repeat) {
          const before = seen.indexOf(vote.item);
          expect(before).toBeGreaterThanOrEqual(0);
          expect(seen.length - before).toBeGreaterThan(5);
          expect(seen.lastIndexOf(vote.item)).toBe(before);
        } else expect(seen).not.toContain(vote.item);
        seen.push(vote.item);
      }
      expect(shapes.size).toBe(1);
      const votes = await store.db.selectFrom("votes").select(["gold", "repeat_shown"]).execute();
      // Binomial(100, 0.2): 4 to 36 is four standard deviations.
      for (const count of [
        votes.filter((v) => v.gold === 1).length,
        votes.filter((v) => v.repeat_shown === 1).length,
      ]) {
        expect(count).toBeGreaterThan(4);
        expect(count).toBeLessThan(36);
      }
      expect((await progress(store, project.id)).items).toBe(100);
    },
  );

  it("lets nobody work who left, and keeps bookmarks", async () => {
    const store = await open();
    const { project, raters } = await collection(store);
    const [a, b] = raters;
    const [{ id, showing }] = (await store.lease({ project: project.id, rater: a })).leases;
    await store.vote({ lease: id, rater: a, answer: verdict("left") });
    await addBookmark(store, { rater: a, showing, note: "ask" });
    expect(await listBookmarks(store, project.id, a)).toMatchObject([{ showing, note: "ask" }]);
    await refuses(addBookmark(store, { rater: b, showing }), "missing");
    await removeBookmark(store, a, showing);
    expect(await listBookmarks(store, project.id, a)).toEqual([]);
    const { leases } = await store.lease({ project: project.id, rater: a });
    await leaveProject(store, project.id, a, "system");
    await refuses(store.lease({ project: project.id, rater: a }), "forbidden");
    await refuses(store.vote({ lease: leases[0].id, rater: a, answer: verdict("left") }), "forbidden");
    await refuses(leaveProject(store, project.id, a, "system"), "missing");
    await refuses(store.lease({ project: project.id, rater: "r-none" }), "forbidden");
  });
});
