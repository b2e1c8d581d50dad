import fc from "fast-check";
import { expect, it } from "vitest";
import { ApiProblem } from "../api/problem.js";
import { type Entry, Outbox, type OutboxDoors, type Refused } from "./outbox.js";

const answer = { kind: "safety" as const, safe: true, categories: [], flags: [] };
const vote = (lease: string): Entry => ({ type: "vote", lease, item: lease, at: 0, answer, milliseconds: 1 });

/** A server that takes what it is sent once, and answers or loses its answer as told. */
function world(fate: (turn: number) => "taken" | "lost before" | "lost after" | number) {
  const taken: string[] = [];
  const refused: Refused[] = [];
  let [turn, kept]: [number, unknown] = [0, undefined];
  let waiting: (() => void)[] = [];
  const doors: OutboxDoors = {
    async send(entry) {
      const what = fate(turn++);
      if (what === "lost before") throw new ApiProblem(0, "lost");
      if (typeof what === "number") throw new ApiProblem(what, "no");
      const id = `${entry.type} ${entry.lease}`;
      if (!taken.includes(id)) taken.push(id);
      if (what === "lost after") throw new ApiProblem(0, "lost");
      return id;
    },
    keep(state) {
      kept = JSON.parse(JSON.stringify(state));
      return true;
    },
    changed: () => undefined,
    refused: (entry) => refused.push(entry),
    wait(_milliseconds, work) {
      waiting.push(work);
      return () => {
        waiting = waiting.filter((other) => other !== work);
      };
    },
  };
  const settle = async () => {
    for (let i = 0; i < 400; i++) {
      await Promise.resolve();
      if (i % 10 === 9) for (const work of waiting.splice(0)) work();
    }
  };
  return { doors, taken, refused, settle, kept: () => kept as ConstructorParameters<typeof Outbox>[1] };
}

it("whatever is lost on the way, every vote is taken once and in order, also over a reload", async () => {
  const fates = fc.array(
    fc.constantFrom("taken" as const, "lost before" as const, "lost after" as const, 503, 429),
    {
      maxLength: 15,
    },
  );
  await fc.assert(
    fc.asyncProperty(fates, fc.nat(6), async (fate, reloadAfter) => {
      const { doors, taken, settle, kept } = world((turn) => fate[turn] ?? "taken");
      let outbox = new Outbox(doors);
      const leases = ["a", "b", "c", "d", "e", "f"];
      for (const [i, lease] of leases.entries()) {
        outbox.add(vote(lease));
        outbox.flush();
        if (i !== reloadAfter) continue;
        outbox.stop();
        outbox = new Outbox(doors, kept());
        outbox.flush();
      }
      await settle();
      outbox.flush({ now: true });
      await settle();
      expect(taken).toEqual(leases.map((lease) => `vote ${lease}`));
      expect(outbox.entries).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it("what is refused is told, kept to be looked at, and holds up nothing", async () => {
  const { doors, taken, refused, settle, kept } = world((turn) => (turn === 0 ? 409 : "taken"));
  const outbox = new Outbox(doors);
  for (const lease of ["a", "b"]) outbox.add(vote(lease));
  outbox.flush();
  await settle();
  expect(taken).toEqual(["vote b"]);
  expect(refused.map(({ lease, status }) => [lease, status])).toEqual([["a", 409]]);
  expect(kept()?.refused).toHaveLength(1);
  outbox.forget(outbox.refusedEntries[0]);
  expect(kept()).toEqual({ entries: [], refused: [] });
});

it("a skip that was taken before counts as taken", async () => {
  const { doors, refused, settle } = world(() => 409);
  const outbox = new Outbox(doors);
  outbox.add({ type: "skip", lease: "a", item: "a", at: 0, reason: "other" });
  outbox.flush();
  await settle();
  expect([outbox.entries, refused]).toEqual([[], []]);
});

it("a correction names the vote that its lease got meanwhile, also after a reload", async () => {
  const sent: Entry[] = [];
  const { doors, settle, kept } = world(() => "taken");
  const send = doors.send;
  doors.send = (entry) => {
    sent.push(entry);
    return entry.type === "correction" && sent.length === 2
      ? Promise.reject(new ApiProblem(0, "lost"))
      : send(entry);
  };
  const outbox = new Outbox(doors);
  outbox.add(vote("a"));
  outbox.add({ ...vote("a"), type: "correction" } as Entry);
  outbox.flush();
  for (let i = 0; i < 8; i++) await Promise.resolve();
  outbox.stop();
  const after = new Outbox(doors, kept());
  after.flush();
  await settle();
  expect(sent.at(-1)).toMatchObject({ type: "correction", vote: "vote a" });
  expect(after.entries).toEqual([]);
});

it("the last entry can be taken back until it is on its way", () => {
  const outbox = new Outbox({ ...world(() => "taken").doors, send: () => new Promise(() => undefined) });
  outbox.add(vote("a"));
  outbox.add(vote("b"));
  outbox.flush();
  expect(outbox.takeBack()?.lease).toBe("b");
  expect(outbox.takeBack()).toBeUndefined();
  expect(outbox.entries.map(({ lease }) => lease)).toEqual(["a"]);
});
