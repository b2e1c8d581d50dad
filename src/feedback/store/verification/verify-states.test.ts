/** A project with all that can happen to it: the log tells of every state, and of each that is not as it tells. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { collection, judge, verdict, worker } from "../../../../test/collection.js";
import {
  changeSettings,
  decideReview,
  deletePersonalData,
  holdVotes,
  joinProject,
  leaveProject,
  listReviews,
  openStore,
  type Store,
  setMemberState,
  setProjectState,
  setReliabilities,
  skipItem,
  verifyAudit,
  withdrawItem,
} from "../index.js";

let dir = "";
let store: Store;
let project = "";
let raters: string[] = [];
let items: string[] = [];
const problems = async (db = store.db) => (await verifyAudit(db, store.key.publicKey)).problems;
const seqOf = async (action: string, subject?: string): Promise<number> => {
  const rows = await store.db
    .selectFrom("audit")
    .select(["seq", "subject"])
    .where("action", "=", action)
    .orderBy("seq", "desc")
    .execute();
  return rows.find((row) => subject === undefined || row.subject === subject)?.seq ?? -1;
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "plumb-states-"));
  store = await openStore(join(dir, "s.db"));
  const made = await collection(store, {
    items: 6,
    raters: 5,
    settings: { overlap: 5, stop: { probability: 0.6, leastVotes: 1, reliability: 0.75 } },
  });
  [project, raters, items] = [made.project.id, made.raters, made.items];
});
afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

it("every state that the log tells of is the tables'", async () => {
  const actor = "admin:a";
  await setProjectState(store, project, "paused", actor);
  await setProjectState(store, project, "open", actor);
  await changeSettings(store, project, { leaseSeconds: 77 }, actor);
  const votes: Awaited<ReturnType<typeof judge>>[] = [];
  for (const rater of raters.slice(0, 3)) votes.push(await judge(store, project, rater, verdict("left")));
  const held = (filter: string, vote = 0) => ({ vote: votes[vote].id, filter, evidence: {} });
  await holdVotes(store, project, [held("too-fast"), held("straight-lining"), held("too-fast", 1)], actor);
  const reviews = (await listReviews(store, project)).filter(({ vote }) => vote === votes[0].id);
  const of = (filter: string) => reviews.find((review) => review.filter === filter)?.id ?? "";
  await decideReview(store, of("too-fast"), { state: "released", note: "fine" }, actor);
  await decideReview(store, of("straight-lining"), { state: "rejected" }, actor);
  const { leases } = await store.lease({ project, rater: raters[3] });
  await skipItem(store, leases[0].id, raters[3], { reason: "unclear" });
  await store.lease({ project, rater: raters[3] });
  await withdrawItem(store, items[5], "a typing error", actor);
  await setReliabilities(
    store,
    project,
    new Map([
      [raters[0], 0.9],
      ["nobody", 0.5],
    ]),
    actor,
  );
  await setMemberState(store, { project, rater: raters[1], state: "paused", reason: "see us" }, actor);
  await setMemberState(store, { project, rater: raters[2], state: "excluded", reason: "copied" }, actor);
  await joinProject(store, { project, rater: raters[1], group: "late" }, actor); // stays paused
  await joinProject(store, { project, rater: raters[2], group: "late" }, actor); // stays excluded
  await leaveProject(store, project, raters[3], actor);
  await leaveProject(store, project, raters[4], actor);
  await joinProject(store, { project, rater: raters[4], group: "again" }, actor);
  const gone = await worker(store, project);
  await deletePersonalData(store, gone, actor);
  raters.push(gone);
  await store.checkpoint();
  expect(await problems()).toEqual([]);
  const members = await store.db.selectFrom("memberships").select(["state", "group_name"]).execute();
  expect(new Set(members.map(({ state }) => state))).toEqual(
    new Set(["active", "paused", "excluded", "left"]),
  );
  const states = await store.db.selectFrom("items").select("state").execute();
  expect(new Set(states.map(({ state }) => state))).toEqual(new Set(["open", "decided", "withdrawn"]));
  for (const action of ["item.decided", "item.reopened", "item.skipped", "vote.rejected", "vote.released"])
    expect(await seqOf(action), action).toBeGreaterThan(0);
});

/** What is found after a statement, which is then undone. */
async function after(statement: string) {
  const undone = new Error("undone");
  let found: Awaited<ReturnType<typeof problems>> = [];
  const transaction = store.db.transaction().execute(async (db) => {
    await sql`pragma defer_foreign_keys = on`.execute(db);
    await sql.raw(statement).execute(db);
    found = await problems(db as unknown as Store["db"]);
    throw undone;
  });
  await expect(transaction).rejects.toBe(undone);
  return found;
}

it("each that is not is named, with the entry that says what it was", async () => {
  const [a, b, , left] = raters;
  const cases: [statement: string, kind: string, seq: number, problem: string][] = [
    [
      `update projects set state = 'closed'`,
      "project",
      await seqOf("project.settings"),
      `project ${project}: state does not match the log`,
    ],
    [
      `update projects set seed = 8, name = 'x'`,
      "project",
      await seqOf("project.settings"),
      `project ${project}: name, seed does not match the log`,
    ],
    [
      `update projects set settings_json = replace(settings_json, '77', '78')`,
      "project",
      await seqOf("project.settings"),
      `project ${project}: settings_json does not match the log`,
    ],
    [
      `update raters set state = 'forgotten' where id = '${a}'`,
      "rater",
      await seqOf("rater.added", a),
      `rater ${a}: state does not match the log`,
    ],
    [
      `update raters set state = 'active' where id = '${raters[5]}'`,
      "rater",
      await seqOf("person.deleted"),
      `rater ${raters[5]}: state does not match the log`,
    ],
    [
      `update memberships set reliability = .5 where rater_id = '${a}'`,
      "member",
      await seqOf("raters.weighed"),
      `member ${project} ${a}: reliability does not match the log`,
    ],
    [
      `update memberships set group_name = null where rater_id = '${b}'`,
      "member",
      await seqOf("member.joined", b),
      `member ${project} ${b}: group_name does not match the log`,
    ],
    [
      `update memberships set state = 'active', state_reason = null where rater_id = '${b}'`,
      "member",
      await seqOf("member.joined", b),
      `member ${project} ${b}: state, state_reason does not match the log`,
    ],
    [
      `update memberships set state = 'active' where rater_id = '${left}'`,
      "member",
      await seqOf("member.left", left),
      `member ${project} ${left}: state does not match the log`,
    ],
    [
      `delete from memberships where rater_id = '${left}'`,
      "member",
      await seqOf("member.left", left),
      `member ${project} ${left} is missing`,
    ],
  ];
  for (const [statement, kind, seq, problem] of cases)
    expect(await after(statement), statement).toEqual([{ seq, kind, problem }]);
});

it("each that the log does not tell of is named too", async () => {
  const review = await store.db
    .selectFrom("reviews")
    .selectAll()
    .where("state", "=", "held")
    .executeTakeFirstOrThrow();
  const key = `${review.vote_id} ${review.filter}`;
  const held = await seqOf("vote.held", review.vote_id);
  expect(await after(`update reviews set filter = 'other' where id = '${review.id}'`)).toEqual([
    { seq: 0, kind: "review", problem: `the log has no entry for review ${review.vote_id} other` },
    { seq: held, kind: "review", problem: `review ${key} is missing` },
  ]);
  expect(await after(`update reviews set note = 'x' where id = '${review.id}'`)).toEqual([
    { seq: held, kind: "review", problem: `review ${key}: note does not match the log` },
  ]);
  const leases = await store.db.selectFrom("leases").selectAll().execute();
  const of = (state: string) => leases.find((lease) => lease.state === state)?.id as string;
  const free = leases.find(({ state }) => state !== "voted" && state !== "skipped")?.id;
  // Where it was live, its item counts it as well.
  const ofLeases = async (state: string) =>
    (await after(`update leases set state = '${state}' where id = '${free}'`)).filter(
      ({ kind }) => kind === "lease",
    );
  for (const state of ["voted", "skipped"])
    expect(await ofLeases(state)).toEqual([
      { seq: 0, kind: "lease", problem: `lease ${free} is ${state}, but the log has no entry for that` },
    ]);
  expect(await ofLeases("elsewhere")).toEqual([
    {
      seq: expect.any(Number),
      kind: "lease",
      problem: `lease ${free} is not as this entry left it`,
    },
  ]);
  expect(await after(`update leases set state = 'expired' where id = '${of("skipped")}'`)).toEqual([
    {
      seq: await seqOf("item.skipped"),
      kind: "lease",
      problem: `lease ${of("skipped")}: state does not match the log`,
    },
  ]);
  const item = await store.db
    .selectFrom("items")
    .selectAll()
    .where("state", "=", "withdrawn")
    .executeTakeFirstOrThrow();
  expect(await after(`update items set state = 'open' where id = '${item.id}'`)).toEqual([
    {
      seq: await seqOf("item.withdrawn"),
      kind: "item",
      problem: `item ${item.id}: state does not match the log`,
    },
  ]);
});
