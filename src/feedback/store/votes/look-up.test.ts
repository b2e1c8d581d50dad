import { expect, it } from "vitest";
import { collection, judge, pair, verdict } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import {
  activity,
  correctVote,
  decideReview,
  holdVotes,
  itemVotes,
  listItems,
  listReviews,
  raterVotes,
} from "../index.js";

const saying = (prompt: string) => ({
  ...pair(0),
  content: { prompt, responses: pair(0).content.responses },
});

onBothEngines(({ store: open }) => {
  it("finds items by the words that raters read, by id, state and gold", async () => {
    const store = await open();
    const gold = { ...pair(9), gold: verdict("left") };
    const texts = ["100% Sure", "100 sure", 'a "quoted"\nline', "under_score", "underscore", "\\back"];
    const { project, items } = await collection(store, { items: 2, more: [...texts.map(saying), gold] });
    const search = async (text: string) =>
      (await listItems(store, project.id, { search: text })).map(({ content: { prompt } }) => prompt);
    expect(await search("100% sure")).toEqual(["100% Sure"]);
    expect(await search('"quoted"\nLINE')).toEqual(['a "quoted"\nline']);
    expect(await search("r_s")).toEqual(["under_score"]);
    expect(await search("\\")).toEqual(["\\back"]);
    expect(await search("bad 1")).toEqual(["prompt 1"]);
    // Names of fields and of responses are in the stored text, and in no rater's.
    expect(await search("responses")).toEqual([]);
    expect(await search("good")).toHaveLength(9);
    expect(await search(items[1])).toEqual(["prompt 1"]);
    const places = async (query: object) =>
      (await listItems(store, project.id, query)).map(({ position }) => position);
    expect(await places({ gold: true })).toEqual([9]);
    expect(await places({ gold: false, after: 6 })).toEqual([7, 8]);
    expect(await places({ state: "decided" })).toEqual([]);
    expect(await places({ search: "good", limit: 2, after: 1 })).toEqual([2, 3]);
    // A page that its last filter thins out is filled from the rows behind it.
    expect(await places({ search: "prompt", limit: 2 })).toEqual([1, 2]);
    expect(await places({ search: "under", limit: 1 })).toEqual([6]);
  });

  it("lists an item's votes as they stand, with what became of them in review", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, { items: 1, raters: 3 });
    const [first, second, third] = [
      await judge(store, project.id, raters[0]),
      await judge(store, project.id, raters[1]),
      await judge(store, project.id, raters[2]),
    ];
    await correctVote(store, { vote: first.id, rater: raters[0], answer: verdict("tie") });
    const finding = (vote: string, filter: string) => ({ vote, filter, evidence: {} });
    await holdVotes(
      store,
      project.id,
      [finding(second.id, "too-fast"), finding(second.id, "gold"), finding(first.id, "too-fast")],
      "system",
    );
    const reviews = await listReviews(store, project.id);
    for (const { vote, item, rater } of reviews)
      expect([item, rater]).toEqual([items[0], raters[vote === first.id ? 0 : 1]]);
    const of = (vote: string) => reviews.find((review) => review.vote === vote)?.id as string;
    await decideReview(store, of(second.id), { state: "rejected" }, "system");
    await decideReview(store, of(first.id), { state: "released" }, "system");
    const votes = await itemVotes(store, items[0]);
    expect(votes.map(({ rater, review }) => [rater, review])).toEqual([
      [second.rater, "rejected"],
      [third.rater, undefined],
      [first.rater, "released"],
    ]);
    expect(votes[2]).toMatchObject({ corrects: first.id, answer: verdict("tie"), gold: false });
    expect(await raterVotes(store, project.id, raters[0], 10)).toEqual([votes[2]]);
    expect(await raterVotes(store, project.id, raters[1], 0)).toEqual([]);
  });

  it("counts votes and raters of each day, corrections apart", async () => {
    let now = Date.UTC(2026, 2, 1, 23, 59);
    const store = await open({ clock: () => now });
    const { project, raters } = await collection(store, { items: 3 });
    await judge(store, project.id, raters[0]);
    await judge(store, project.id, raters[0]);
    const { id } = await judge(store, project.id, raters[1]);
    now += 2 * 60_000;
    await correctVote(store, { vote: id, rater: raters[1], answer: verdict("tie") });
    await judge(store, project.id, raters[1]);
    const [first, second] = [Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 2)];
    expect(await activity(store, project.id, first)).toEqual([
      { day: first, votes: 3, raters: 2 },
      { day: second, votes: 1, raters: 1 },
    ]);
    expect(await activity(store, project.id, second)).toHaveLength(1);
  });
});
