/**
 * The database and memory say the same of which judgements count, for stores with everything that can become of a vote.
 */
import { expect, it } from "vitest";
import { collection, pair, verdict } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { RandomStream } from "../../../base/random.js";
import { counting, heldOrNot, USES } from "../../../votes/judgement/index.js";
import {
  correctVote,
  decideReview,
  findItem,
  holdVotes,
  listReviews,
  loadProject,
  type Store,
  setMemberState,
} from "../index.js";
import { countsFor, isLatest } from "./counting-sql.js";

const STORES = 4;

/**
 * A store in which votes were cast on items, gold and repeats too, corrected, held, decided on, and raters excluded.
 */
async function randomProject(store: Store, seed: number): Promise<string> {
  const random = new RandomStream(seed, "test/counting");
  const gold = { ...pair(9), gold: verdict("left") };
  const settings = { overlap: 3, goldRate: 0.3, repeatRate: 0.3, repeatAfter: 1 };
  const { project, raters } = await collection(store, { items: 5, raters: 4, more: [gold, gold], settings });
  const votes: { id: string; rater: string }[] = [];
  for (let turn = 0; turn < 7; turn++)
    for (const rater of raters) {
      const { leases } = await store.lease({ project: project.id, rater });
      if (leases.length === 0) continue;
      const answer = verdict(random.choice(["left", "right", "tie"]));
      const { vote } = await store.vote({ lease: leases[0].id, rater, answer });
      votes.push(vote);
      if (random.bernoulli(0.25))
        votes.push((await correctVote(store, { vote: vote.id, rater, answer: verdict("both-bad") })).vote);
    }
  const found = votes.flatMap(({ id }) =>
    ["one", "two"].flatMap((filter) => (random.bernoulli(0.25) ? [{ vote: id, filter, evidence: {} }] : [])),
  );
  await holdVotes(store, project.id, found, "system");
  for (const { id } of await listReviews(store, project.id)) {
    const state = random.choice(["held", "released", "rejected"] as const);
    if (state !== "held") await decideReview(store, id, { state }, "system");
  }
  const excluded = { project: project.id, rater: raters[0], state: "excluded", reason: "test" } as const;
  if (random.bernoulli(0.5)) await setMemberState(store, excluded, "system");
  return project.id;
}

onBothEngines(({ store: open }) => {
  it("counts the same judgements for every use, with and without those that are held", async () => {
    const store = await open();
    const sizes = new Map<string, number>();
    for (let seed = 1; seed <= STORES; seed++) {
      const project = await randomProject(store, seed);
      const { judgements, items } = await loadProject(store.db, project);
      for (const [name, named] of Object.entries(USES))
        for (const held of [true, false]) {
          const use = heldOrNot(named, held);
          const rows = await store.db
            .selectFrom("votes")
            .select("votes.id")
            .where("votes.project_id", "=", project)
            .where(isLatest)
            .where(countsFor(use))
            .orderBy("votes.seq")
            .execute();
          const counted = counting(judgements, use).map(({ vote }) => vote.id);
          expect(
            rows.map(({ id }) => id),
            `${name}, held ${held}, store ${seed}`,
          ).toEqual(counted);
          const key = `${name} ${held}`;
          sizes.set(key, (sizes.get(key) ?? 0) + counted.length);
        }
      // The overlap of an item is filled by what counts for it.
      for (const id of items.keys())
        expect((await findItem(store, id)).votes).toBe(
          counting(judgements, USES.overlap).filter(({ item }) => item.id === id).length,
        );
    }
    // Every condition left something out.
    const [results, raters, filters] = ["results", "raters", "filters"].map((name) =>
      [true, false].map((held) => sizes.get(`${name} ${held}`) as number),
    );
    expect(results[1]).toBeGreaterThan(0);
    for (const [all, some] of [results, raters, filters]) expect(all).toBeGreaterThan(some);
    expect(raters[0]).toBeGreaterThan(results[0]);
    expect(filters[0]).toBeGreaterThan(raters[0]);
  }, 120_000);
});
