/**
 * Nothing that a rater's client sees tells gold items and hidden repeats from the rest, but for the texts themselves:
 * who remembers every text recognises a repeat.
 *
 * A classifier is trained on all that the clients of half of the raters saw and tried on the other half's, and the
 * other way round. Its ranking is judged by the area under the ROC curve (the Mann-Whitney statistic), which is 1/2 by
 * chance with a standard deviation of sqrt((n + m + 1) / 12 n m) for n of one kind and m of the other; the mean of both
 * ways has about 0.03 here. More than four of them fail: by chance once in 30,000 runs. A leak by which the classifier
 * ranks 68% of pairs rightly is found 98 times in 100, and what used to be told, added to what is seen, is found every
 * time.
 */
import { expect, it, vi } from "vitest";
import { areaUnderCurve, NaiveBayes, type Seen } from "../../test/naive-bayes.js";
import { leftWins, type Person, type TestServer, testServer } from "../../test/server.js";
import { SqliteThread } from "../feedback/store/database/sqlite-thread.js";
import { releaseLease } from "../feedback/store/index.js";

const HOUR = 3_600_000;
const RATERS = 8;
const TURNS = 100;
/**
 * Until some turns after `repeatAfter` hardly anything can be a repeat, as everybody knows: the turn is no leak then.
 */
const SETTLED = 12;

/** Items whose texts say nothing and are of one length. */
const items = (from: number, count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => {
    const code = String((from + i) * 7919 + 10_000_000);
    const text = (name: string) => ({ name, text: `${name} says ${code}` });
    return { content: { prompt: `question ${code}`, responses: [text("one"), text("two")] }, ...more };
  });

async function collect() {
  const server = await testServer();
  const lead = await server.person("lead");
  const settings = { overlap: RATERS, goldRate: 0.25, repeatRate: 0.2, repeatAfter: 5 };
  const made = await lead.post("/projects", { name: "pilot", task: { kind: "pairwise" }, settings, seed: 7 });
  const at = `/projects/${made.body.id}`;
  // Gold items are added apart from the others, as they mostly are.
  for (const some of [items(0, 90), items(90, 60, { gold: leftWins }), items(150, 90)]) {
    expect((await lead.post(`${at}/items`, { items: some })).status).toBe(201);
    server.later(HOUR);
  }
  const rows: { rater: number; turn: number; lease: string; seen: Seen; staff: Seen }[] = [];
  for (let rater = 0; rater < RATERS; rater++) {
    const person = await server.raterIn(lead, made.body.id);
    rows.push(...(await work(server, person, lead, at, rater)));
  }
  const leases = await server.store.db.selectFrom("leases").selectAll().execute();
  const truth = new Map(leases.map((row) => [row.id, row]));
  return rows.map((row) => {
    const { gold, repeat_shown, item_id } = truth.get(row.lease) as (typeof leases)[number];
    return { ...row, gold: gold === 1, repeat: repeat_shown === 1, item: item_id };
  });
}

/** One rater's turns, two items ahead at most, and what the client saw of each. */
async function work({ later }: TestServer, person: Person, lead: Person, at: string, rater: number) {
  const rows = [];
  const before = new Set<string>();
  let [lastItem, lastBytes] = ["", 0];
  let counted = (await lead.get(`${at}/progress`)).body.votes as number;
  for (let turn = 0; turn < TURNS; turn++) {
    const taken = await person.post(`${at}/leases`, { count: 1 + (turn % 3) });
    const [lease] = taken.body.leases;
    later(1000);
    const voted = await person.post(`/leases/${lease.id}/vote`, { answer: leftWins });
    const progress = await person.get(`${at}/progress`);
    const history = await person.get(`${at}/own-votes?limit=1`);
    const marked = await person.put(`/bookmarks/${lease.item}`, { note: "n" });
    const bookmarks = await person.get(`${at}/bookmarks`);
    const [past] = history.body.votes;
    const bytes = JSON.stringify(bookmarks.body).length;
    const sides = lease.responses[0] < lease.responses[1];
    const seen: Seen = {
      turn,
      held: taken.body.leases.length,
      none: String(taken.body.none),
      sides: String(sides),
      keys: Object.keys(lease).join(),
      bytes: JSON.stringify(lease).length,
      headers: headersOf(taken),
      votedHeaders: headersOf(voted),
      voted: Object.keys(voted.body).join(),
      term: lease.expiresAt - lease.createdAt,
      guidelines: lease.guidelinesVersion,
      ...timeParts("lease", lease.id, lease.createdAt),
      ...timeParts("item", lease.item, lease.createdAt),
      ...timeParts("vote", voted.body.vote, past.castAt),
      sameIds: String(lease.id.slice(2) === lease.item.slice(2)),
      seenBefore: String(before.has(lease.item)),
      later: String(lease.item > lastItem),
      pastItem: String(past.item === lease.item),
      past: Object.keys(past).join(),
      pastBytes: JSON.stringify(past).length,
      until: past.correctableUntil - past.castAt,
      progress: Object.keys(progress.body).join(),
      own: progress.body.own.votes - turn,
      marked: marked.status,
      markedMore: bytes - lastBytes,
    };
    const { votes } = (await lead.get(`${at}/progress`)).body;
    const staff = { counted: votes - counted };
    counted = votes;
    rows.push({ rater, turn, lease: lease.id as string, seen, staff });
    before.add(lease.item);
    [lastItem, lastBytes] = [lease.item, bytes];
  }
  return rows;
}

/** Header names and values, but for the request's id, which counts requests. */
const headersOf = ({ headers }: { headers: Headers }) =>
  [...headers].filter(([name]) => name !== "x-request-id").join(";");

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
/** What an id has: how its time differs from one that is told, and its other digits. */
function timeParts(name: string, id: string, at: number): Seen {
  const numbers = [...id.slice(2)].map((digit) => DIGITS.indexOf(digit));
  const time = numbers.slice(0, 10).reduce((sum, digit) => 32 * sum + digit, 0);
  return { [`${name}Age`]: at - time, [`${name}First`]: numbers[10], [`${name}Last`]: numbers[25] };
}

it("a classifier of what clients see does no better than chance, and finds what used to be told", async () => {
  const rows = await collect();
  const distance = (kind: "gold" | "repeat", told: (row: (typeof rows)[number]) => Seen): number => {
    let [mean, variance] = [0, 0];
    for (const half of [0, 1]) {
      const part = (which: number) =>
        rows.filter(({ rater, turn }) => rater % 2 === which && turn >= SETTLED);
      const model = new NaiveBayes(part(half).map((row) => ({ seen: told(row), yes: row[kind] })));
      const scored = part(1 - half).map((row) => ({ score: model.score(told(row)), yes: row[kind] }));
      const [n, m] = [true, false].map((yes) => scored.filter((one) => one.yes === yes).length);
      expect(Math.min(n, m)).toBeGreaterThan(30);
      mean += areaUnderCurve(scored) / 2;
      variance += (n + m + 1) / (12 * n * m) / 4;
    }
    return (mean - 0.5) / Math.sqrt(variance);
  };
  const firstSeen = new Map<string, string>();
  for (const { rater, item, lease } of rows)
    if (!firstSeen.has(`${rater} ${item}`)) firstSeen.set(`${rater} ${item}`, lease);
  for (const kind of ["gold", "repeat"] as const) {
    expect(
      distance(kind, ({ seen }) => seen),
      kind,
    ).toBeLessThan(4);
    expect(
      distance(kind, ({ seen, staff }) => ({ ...seen, ...staff })),
      "progress",
    ).toBeGreaterThan(8);
  }
  const stored = ({ seen, item }: (typeof rows)[number]) => ({ ...seen, ...timeParts("stored", item, 0) });
  expect(distance("gold", stored), "the stored id of the item").toBeGreaterThan(8);
  const again = ({ seen, rater, item, lease }: (typeof rows)[number]) => ({
    ...seen,
    again: String(firstSeen.get(`${rater} ${item}`) !== lease),
  });
  expect(distance("repeat", again), "the item's id again").toBeGreaterThan(8);
}, 240_000);

/** A project with gold and repeats, and a rater who can work in it through the store. */
async function small(settings: object, fresh: number, gold: number) {
  const server = await testServer();
  const lead = await server.person("lead");
  const made = await lead.post("/projects", { name: "p", task: { kind: "pairwise" }, settings, seed: 3 });
  const project = made.body.id as string;
  await lead.post(`/projects/${project}/items`, { items: items(0, fresh) });
  await lead.post(`/projects/${project}/items`, { items: items(500, gold, { gold: leftWins }) });
  const { rater } = await server.raterIn(lead, project);
  const { store } = server;
  const kindOf = async (lease: string) => {
    const row = await store.db
      .selectFrom("leases")
      .select(["gold", "repeat_shown"])
      .where("id", "=", lease)
      .executeTakeFirstOrThrow();
    return row.gold === 1 ? "gold" : row.repeat_shown === 1 ? "repeat" : "new";
  };
  return { store, project, rater, kindOf };
}

it("what is given back comes back only after everything else, whatever it is", async () => {
  const { store, project, rater, kindOf } = await small({ goldRate: 0.4 }, 30, 6);
  const seen = new Set<string>();
  const kinds = new Set<string>();
  for (;;) {
    const [lease] = (await store.lease({ project, rater })).leases;
    if (seen.has(lease.item)) break;
    seen.add(lease.item);
    kinds.add(await kindOf(lease.id));
    await releaseLease(store, lease.id, rater);
  }
  // Gold that was given back did not come back while ordinary items were left.
  expect(seen.size).toBeGreaterThanOrEqual(30 + 6);
  expect([...kinds].sort()).toEqual(["gold", "new"]);
});

it("every turn asks the database as many questions, whatever it shows", async () => {
  const settings = { overlap: 3, goldRate: 0.3, repeatRate: 0.3, repeatAfter: 3 };
  const { store, project, rater, kindOf } = await small(settings, 80, 40);
  const asked = vi.spyOn(SqliteThread.prototype, "ask");
  try {
    const counts: Record<string, Set<string>> = { new: new Set(), gold: new Set(), repeat: new Set() };
    for (let turn = 0; turn < 60; turn++) {
      asked.mockClear();
      const [lease] = (await store.lease({ project, rater })).leases;
      const taking = asked.mock.calls.length;
      asked.mockClear();
      await store.vote({ lease: lease.id, rater, answer: { ...leftWins, flags: [] } as never });
      const voting = asked.mock.calls.length;
      // The first turns have nothing yet that could be repeated.
      if (turn > 3) counts[await kindOf(lease.id)].add(`${taking} ${voting}`);
    }
    expect(counts.gold.size).toBe(1);
    expect(counts.new).toEqual(counts.gold);
    expect(counts.repeat).toEqual(counts.gold);
  } finally {
    asked.mockRestore();
  }
});

it("a lead who only rates in a project sees of it what raters see", async () => {
  const server = await testServer();
  const [lead, other] = [await server.person("lead"), await server.person("lead")];
  const settings = { goldRate: 0.25 };
  const made = await lead.post("/projects", { name: "p", task: { kind: "pairwise" }, settings });
  const at = `/projects/${made.body.id}`;
  const { token } = (await lead.post(`${at}/invitations`)).body;
  expect((await other.post("/invitations/join", { token })).status).toBe(200);
  for (const body of [(await other.get(at)).body, (await other.get("/projects")).body.projects[0]]) {
    expect(body.id).toBe(made.body.id);
    expect(body.settings).toBeUndefined();
  }
  expect(Object.keys((await other.get(`${at}/progress`)).body)).toEqual(["own"]);
  expect((await lead.get(`${at}/progress`)).body).toMatchObject({ items: 0, done: 0 });
});
