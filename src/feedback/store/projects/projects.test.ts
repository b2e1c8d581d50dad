import fc from "fast-check";
import { expect, it } from "vitest";
import { collection, judge, pair, verdict, votesOf, worker } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { counting, heldOrNot, questionOf, USES } from "../../../votes/judgement/index.js";
import type { Comparisons } from "../../../votes/votes.js";
import {
  addItems,
  changeSettings,
  correctVote,
  createProject,
  decideReview,
  findItem,
  findPerson,
  findProject,
  holdVotes,
  listGuidelines,
  listItems,
  listMembers,
  listProjects,
  listReviews,
  loadProject,
  prioritise,
  progress,
  publishGuidelines,
  type Store,
  setPerson,
  setPriorities,
  setProjectState,
  setReliabilities,
} from "../index.js";

async function counted(store: Store, project: string, { held = true } = {}): Promise<string[]> {
  const { judgements } = await loadProject(store.db, project);
  return counting(judgements, heldOrNot(USES.results, held)).map(({ vote }) => vote.id);
}

async function comparisonsOf(store: Store, project: string, aspect: string): Promise<Comparisons> {
  const votes = questionOf((await loadProject(store.db, project)).judgements, aspect)?.votes;
  if (votes?.kind !== "pairs") throw new Error("no comparisons");
  return votes.comparisons;
}

onBothEngines(({ store: open }) => {
  it("keeps projects, their settings, states and guidelines", async () => {
    const store = await open();
    const { project } = await collection(store, { guidelines: "v1", settings: { overlap: 5 } });
    expect(await findProject(store, project.id)).toEqual(project);
    expect(project).toMatchObject({ seed: 7, state: "open", settings: { overlap: 5, leaseSeconds: 1800 } });
    expect(await publishGuidelines(store, project.id, { text: "v2", after: 1 }, "admin:a-1")).toBe(2);
    for (const after of [1, 3])
      await expect(
        publishGuidelines(store, project.id, { text: "lost", after }, "system"),
      ).rejects.toMatchObject({ problem: "conflict" });
    expect((await listGuidelines(store, project.id)).map(({ version, text }) => [version, text])).toEqual([
      [2, "v2"],
      [1, "v1"],
    ]);
    expect((await changeSettings(store, project.id, { goldRate: 0.1 }, "system")).settings).toMatchObject({
      overlap: 5,
      goldRate: 0.1,
    });
    await expect(changeSettings(store, project.id, { overlap: 0 }, "system")).rejects.toThrow();
    expect((await setProjectState(store, project.id, "closed", "system")).state).toBe("closed");
    await expect(setProjectState(store, project.id, "paused", "system")).rejects.toMatchObject({
      problem: "conflict",
    });
    const rater = await worker(store, project.id);
    await setProjectState(store, project.id, "open", "system");
    expect((await judge(store, project.id, rater)).guidelinesVersion).toBe(2);
    await setProjectState(store, project.id, "deleted", "system");
    expect(await listProjects(store)).toEqual([]);
    await expect(findProject(store, project.id)).rejects.toMatchObject({ problem: "missing" });
    expect(await votesOf(store, project.id)).toHaveLength(1);
  });

  it("adds items whole or not at all", async () => {
    const store = await open();
    const { project, items } = await collection(store, { items: 2 });
    const before = await progress(store, project.id);
    const one = pair(1).content;
    const twice = { ...one, responses: [one.responses[0], one.responses[0]] };
    const wrong: [object, RegExp][] = [
      [
        { content: { ...one, responses: one.responses.slice(1) } },
        /item 2: has 1 responses; a pairwise task needs 2/,
      ],
      [{ content: twice }, /item 2: two responses are named "good"/],
      [
        pair(1, { gold: verdict("left", { aspects: { kind: { verdict: "tie" } } }) }),
        /item 2: gold: .*overall is missing/,
      ],
      [{ content: { ...one, meta: { long: "x".repeat(4_000_001) } } }, /longer than/],
    ];
    for (const [item, message] of wrong)
      await expect(addItems(store, project.id, [pair(1), item as never], "system")).rejects.toThrow(message);
    expect(await progress(store, project.id)).toEqual(before);
    expect((await listItems(store, project.id)).map(({ id }) => id)).toEqual(items);
    expect((await listItems(store, project.id, { after: 1 })).map(({ position }) => position)).toEqual([2]);
  });

  it("keeps any text as it is, and refuses what it cannot keep", async () => {
    const store = await open();
    const { project } = await collection(store, { items: 0, raters: 0 });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 30 }), async (text) => {
        const [id] = await addItems(
          store,
          project.id,
          [{ content: { ...pair(0).content, prompt: text } }],
          "system",
        );
        expect((await findItem(store, id)).content.prompt).toBe(text);
      }),
      { numRuns: 40, examples: [["\u0000"], ["a\ud800b"], ["\u2028\u0001"], ["'; drop table items; --"]] },
    );
    for (const name of ["a\u0000b", "\ud800", " ", "x".repeat(201)])
      await expect(createProject(store, { name, task: { kind: "safety" } }, "system")).rejects.toThrow();
  });

  it("keeps personal data apart", async () => {
    const store = await open();
    const { project, raters } = await collection(store);
    await setPerson(store, raters[0], { name: "Ada", email: "ada@example.org" }, "system");
    await setPerson(store, raters[0], { name: "Ada L." }, "system");
    expect(await findPerson(store, raters[0])).toEqual({ name: "Ada L." });
    expect(await findPerson(store, raters[1])).toBeUndefined();
    expect((await listMembers(store, project.id)).map(({ rater }) => rater).sort()).toEqual(
      [...raters].sort(),
    );
    const log = await store.db.selectFrom("audit").select("details_json").execute();
    expect(JSON.stringify(log)).not.toContain("Ada");
  });

  it("holds votes for review; a rejected one no longer counts and frees its item", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, { items: 1, settings: { overlap: 2 } });
    const votes = [await judge(store, project.id, raters[0]), await judge(store, project.id, raters[1])];
    const finding = { vote: votes[0].id, filter: "too-fast", evidence: { milliseconds: 90, median: 8000 } };
    expect(await holdVotes(store, project.id, [finding, finding], "system")).toBe(1);
    await expect(
      holdVotes(
        store,
        project.id,
        [
          { ...finding, filter: "b" },
          { ...finding, vote: "v-none" },
        ],
        "system",
      ),
    ).rejects.toMatchObject({ problem: "missing" });
    const [review, ...rest] = await listReviews(store, project.id, { state: "held" });
    expect({ review, rest }).toMatchObject({ review: { ...finding, state: "held" }, rest: [] });
    expect(await counted(store, project.id)).toEqual([votes[0].id, votes[1].id]);
    expect(await counted(store, project.id, { held: false })).toEqual([votes[1].id]);
    const third = await worker(store, project.id);
    expect((await store.lease({ project: project.id, rater: third })).none).toBe("no-items");
    await decideReview(store, review.id, { state: "rejected", note: "a bot" }, "admin:a-1");
    expect(await counted(store, project.id)).toEqual([votes[1].id]);
    expect((await findItem(store, items[0])).votes).toBe(1);
    expect((await store.lease({ project: project.id, rater: third })).leases).toHaveLength(1);
    const correction = { vote: votes[0].id, rater: votes[0].rater, answer: verdict("both-bad") };
    await expect(correctVote(store, correction)).rejects.toMatchObject({ problem: "conflict" });
    await decideReview(store, review.id, { state: "released" }, "admin:a-1");
    expect(await counted(store, project.id)).toEqual([votes[0].id, votes[1].id]);
    const log = await store.db
      .selectFrom("audit")
      .select(["action", "actor"])
      .where("subject", "=", votes[0].id)
      .execute();
    expect(log.map(({ action }) => action)).toEqual([
      "vote.cast",
      "vote.held",
      "vote.rejected",
      "vote.released",
    ]);
    expect(log[2].actor).toBe("admin:a-1");
  });

  it("stops asking when an item is decided, and asks again when a correction undoes that", async () => {
    const store = await open();
    const stop = { probability: 0.9, leastVotes: 2, reliability: 0.8 };
    const { project, items, raters } = await collection(store, {
      items: 2,
      raters: 5,
      settings: { overlap: 5, stop },
    });
    const good = async (rater: string, item: number) => {
      const { leases } = await store.lease({ project: project.id, rater, count: 2 });
      const lease = leases.find((own) => own.item === items[item]);
      if (lease === undefined) return undefined;
      const answer = verdict(lease.responses[0].startsWith("good") ? "left" : "right");
      return (await store.vote({ lease: lease.id, rater, answer })).vote;
    };
    const first = await good(raters[0], 0);
    // 0.8^2 / (0.8^2 + 0.2^2) = 0.941
    await good(raters[1], 0);
    expect((await findItem(store, items[0])).state).toBe("decided");
    expect(await good(raters[2], 0)).toBeUndefined();
    expect((await progress(store, project.id)).done).toBe(1);
    await correctVote(store, { vote: first?.id ?? "", rater: raters[0], answer: verdict("tie") });
    expect((await findItem(store, items[0])).state).toBe("open");
    // A rater known to be better than the bound decides with the one who voted already.
    await setReliabilities(store, project.id, new Map([[raters[3], 0.95]]), "system");
    await good(raters[3], 0);
    expect((await findItem(store, items[0])).state).toBe("decided");
  });

  it("hands out by priority, and orders by what the votes are worth", async () => {
    const store = await open();
    const scored = (i: number, difference: number) => {
      const { content } = pair(i);
      const [a, b] = content.responses;
      return {
        content: {
          ...content,
          responses: [
            { ...a, score: difference },
            { ...b, score: 0 },
          ],
        },
      };
    };
    const { project, items, raters } = await collection(store, {
      items: 1,
      settings: { overlap: 2 },
      more: [scored(1, 3), scored(2, 0), scored(3, -1)],
    });
    const order = async (rater: string) =>
      (await store.lease({ project: project.id, rater, count: 4 })).leases.map(({ item }) =>
        items.indexOf(item),
      );
    await setPriorities(store, project.id, new Map([[items[3], 5]]), "system");
    expect(await order(raters[0])).toEqual([3, 0, 1, 2]);
    expect(await prioritise(store, project.id, "uncertainty", "system")).toBe(3);
    expect(await order(raters[1])).toEqual([2, 3, 1, 0]);
    const other = await collection(store, { items: 1 });
    const foreign = new Map([[other.items[0], 1]]);
    await expect(setPriorities(store, project.id, foreign, "system")).rejects.toMatchObject({
      problem: "missing",
    });
  });

  it("its comparisons have ties and strengths, and every pair of a ranking", async () => {
    const store = await open();
    const { project, raters } = await collection(store, {
      items: 3,
      raters: 1,
      task: { kind: "pairwise", strengths: 2 },
    });
    const [rater] = raters;
    const cast = async (side: "good" | "bad" | "tie", strength?: number) => {
      const { leases } = await store.lease({ project: project.id, rater });
      const place = leases[0].responses.findIndex((text) => text.startsWith(side));
      const answer = verdict(side === "tie" ? "tie" : place === 0 ? "left" : "right", {
        ...(side !== "tie" && {
          aspects: { overall: { verdict: place === 0 ? "left" : "right", strength } },
        }),
      } as never);
      return (await store.vote({ lease: leases[0].id, rater, answer })).vote;
    };
    await cast("good", 1);
    await cast("bad");
    await cast("tie");
    const exported = await comparisonsOf(store, project.id, "overall");
    expect(exported.candidates).toEqual(["good", "bad", "good", "bad", "good", "bad"]);
    expect([...exported.outcome]).toEqual([0.75, 0, 0.5]);
    const ranking = await collection(store, { items: 0, raters: 1, task: { kind: "ranking" } });
    const responses = ["x", "y", "z"].map((name) => ({ name, text: name }));
    await addItems(store, ranking.project.id, [{ content: { prompt: "p", responses } }], "system");
    const { leases } = await store.lease({ project: ranking.project.id, rater: ranking.raters[0] });
    const ranks = leases[0].responses.map((text) => ({ x: 2, y: 1, z: 2 })[text] as number);
    await store.vote({ lease: leases[0].id, rater: ranking.raters[0], answer: { kind: "ranking", ranks } });
    const ranked = await comparisonsOf(store, ranking.project.id, "ranking");
    const named = [...ranked.outcome].map((o, v) => [
      ranked.candidates[ranked.left[v]],
      ranked.candidates[ranked.right[v]],
      o,
    ]);
    expect(named).toEqual([
      ["x", "y", 0],
      ["x", "z", 0.5],
      ["y", "z", 1],
    ]);
  });
});
