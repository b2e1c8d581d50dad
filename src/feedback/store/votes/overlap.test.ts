import fc from "fast-check";
import { expect, it } from "vitest";
import { collection, verdict, votesOf } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { FULL } from "../../../../test/spread.js";
import { openStore, releaseLease, type Store, StoreError, skipItem } from "../index.js";

const OVERLAP = 2;

/** What must hold at all times, counted from the rows themselves. */
async function checkInvariants({ db }: Store, now: number): Promise<void> {
  const items = await db.selectFrom("items").selectAll().execute();
  const leases = await db.selectFrom("leases").selectAll().execute();
  const votes = await db.selectFrom("votes").selectAll().execute();
  for (const item of items) {
    const judged = votes.filter(
      (vote) => vote.item_id === item.id && vote.corrects === null && vote.repeat_shown === 0,
    );
    const held = leases.filter(
      (lease) => lease.item_id === item.id && lease.state === "live" && lease.repeat_shown === 0,
    );
    expect({ votes: item.votes, leases: item.leases }).toEqual({ votes: judged.length, leases: held.length });
    expect(item.available).toBe(judged.length + held.length < item.overlap ? 1 : 0);
    expect(judged.length + held.filter((lease) => lease.expires_at > now).length).toBeLessThanOrEqual(
      item.overlap,
    );
    expect(new Set(judged.map((vote) => vote.rater_id)).size).toBe(judged.length);
  }
}

const step = fc.record({
  rater: fc.nat(3),
  deed: fc.constantFrom("lease", "lease", "vote", "vote", "vote twice", "release", "skip", "late"),
  count: fc.integer({ min: 1, max: 3 }),
});

onBothEngines(({ store: open, fresh, engine }) => {
  it("keeps overlap whatever raters do at the same time", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { maxLength: 12 }),
        async (rounds) => {
          let now = 1000;
          const store = await open({ clock: () => now });
          const { project, raters } = await collection(store, {
            items: 4,
            raters: 4,
            settings: { overlap: OVERLAP, leaseSeconds: 60, repeatRate: 0.2, repeatAfter: 1 },
          });
          const held = new Map<string, string[]>();
          const act = async ({ rater: r, deed, count }: { rater: number; deed: string; count: number }) => {
            const rater = raters[r];
            const [lease] = held.get(rater) ?? [];
            const vote = () => store.vote({ lease, rater, answer: verdict("left") });
            if (deed === "lease") {
              const { leases } = await store.lease({ project: project.id, rater, count });
              held.set(
                rater,
                leases.map(({ id }) => id),
              );
            } else if (deed === "late") now += 40_000;
            else if (lease === undefined) return;
            else if (deed === "vote") await vote();
            else if (deed === "vote twice") await Promise.all([vote(), vote()]);
            else if (deed === "release") await releaseLease(store, lease, rater);
            else await skipItem(store, lease, rater, { reason: "unclear" });
          };
          for (const round of rounds) {
            const outcomes = await Promise.allSettled(round.map(act));
            for (const outcome of outcomes)
              if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(StoreError);
            await checkInvariants(store, now);
          }
          const votes = await votesOf(store, project.id);
          expect(new Set(votes.map(({ id }) => id)).size).toBe(votes.length);
        },
      ),
      { numRuns: (FULL ? 2 : 1) * (engine === "sqlite" ? 6 : 3) },
    );
  });

  it("keeps overlap between two processes, and judges everything", async () => {
    const { location, keyFile } = await fresh();
    const stores = [await openStore(location, { keyFile }), await openStore(location, { keyFile })];
    try {
      const { project, items, raters } = await collection(stores[0], {
        items: 12,
        raters: 10,
        settings: { overlap: 3 },
      });
      await Promise.all(
        raters.map(async (rater, i) => {
          const store = stores[i % 2];
          for (;;) {
            const { leases } = await store.lease({ project: project.id, rater });
            if (leases.length === 0) return;
            await store.vote({ lease: leases[0].id, rater, answer: verdict("tie") });
          }
        }),
      );
      await checkInvariants(stores[0], Date.now());
      const votes = await votesOf(stores[1], project.id);
      expect(votes).toHaveLength(3 * items.length);
      const entries = await stores[0].db.selectFrom("audit").select("seq").orderBy("seq").execute();
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
    } finally {
      for (const store of stores) await store.close();
    }
  });
});
