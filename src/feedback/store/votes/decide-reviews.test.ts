import { expect, it } from "vitest";
import { collection, judge } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import {
  countReviews,
  decideReviews,
  findItem,
  holdVotes,
  listReviews,
  verifyOpenStore,
  votesOfReviews,
} from "../index.js";

onBothEngines(({ store: open }) => {
  it("held votes are decided by filter, rater or id, and set back", async () => {
    const store = await open();
    const { project, raters } = await collection(store, { items: 4, settings: { overlap: 2 } });
    const votes = [];
    for (const rater of raters)
      for (let turn = 0; turn < 4; turn++) votes.push(await judge(store, project.id, rater));
    const finding = (vote: string, filter: string) => ({ vote, filter, evidence: "so" });
    const findings = votes.map(({ id }, i) => finding(id, i % 2 === 0 ? "too-fast" : "straight-lining"));
    await holdVotes(store, project.id, findings, "system");
    expect(await countReviews(store, project.id)).toEqual(
      ["straight-lining", "too-fast"].flatMap((filter) =>
        [...raters].sort().map((rater) => ({ state: "held", filter, rater, reviews: 2 })),
      ),
    );
    const which = { state: "held", filter: "too-fast", rater: raters[0] } as const;
    const meant = [votes[0], votes[2]].map(({ id }) => id);
    expect(await votesOfReviews(store, project.id, which)).toEqual(meant);
    const decided = await decideReviews(
      store,
      project.id,
      which,
      { state: "rejected", note: "too quick" },
      "lead:a",
    );
    const reviews = await listReviews(store, project.id, { state: "rejected" });
    expect(reviews.map(({ vote }) => vote).sort()).toEqual([...meant].sort());
    expect(reviews.map(({ note }) => note)).toEqual(["too quick", "too quick"]);
    expect(decided.sort()).toEqual(reviews.map(({ id }) => id).sort());
    expect((await findItem(store, votes[0].item)).votes).toBe(1);
    // Back again: nothing of the decision is left but in the log.
    expect(
      await decideReviews(store, project.id, decided, { state: "held", note: "x" }, "lead:a"),
    ).toHaveLength(2);
    const again = await listReviews(store, project.id, { state: "held" });
    expect(again).toHaveLength(8);
    for (const one of again) expect(Object.keys(one)).not.toContain("note");
    expect((await findItem(store, votes[0].item)).votes).toBe(2);
    const other = await collection(store);
    expect(await decideReviews(store, other.project.id, decided, { state: "released" }, "lead:a")).toEqual(
      [],
    );
    expect(
      await decideReviews(store, project.id, { state: "held" }, { state: "released" }, "lead:a"),
    ).toHaveLength(8);
    await store.checkpoint();
    expect((await verifyOpenStore(store)).problems).toEqual([]);
  });
});
