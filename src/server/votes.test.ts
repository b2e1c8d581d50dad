import { expect, it } from "vitest";
import { leftWins, type Person, pilot, type TestServer, testServer } from "../../test/server.js";

/** Everything that a refused request must leave as it was. */
async function state({ store: { db } }: TestServer): Promise<string> {
  return JSON.stringify([
    await db.selectFrom("votes").selectAll().orderBy("seq").execute(),
    await db.selectFrom("leases").selectAll().orderBy("id").execute(),
    await db.selectFrom("items").selectAll().orderBy("id").execute(),
    await db.selectFrom("audit").select("hash").orderBy("seq").execute(),
  ]);
}

async function working(settings: object = {}, items = 3) {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project, ...rest } = await pilot(lead, { items, settings });
  const rater = await server.raterIn(lead, project);
  const take = async (who: Person = rater) =>
    (await who.post(`/projects/${project}/leases`)).body.leases[0].id;
  const vote = (lease: string, answer: unknown = leftWins, who: Person = rater) =>
    who.post(`/leases/${lease}/vote`, { answer });
  return { server, lead, project, rater, take, vote, ...rest };
}

it("takes a vote once, and again without harm; a correction stands beside it", async () => {
  const { server, lead, project, take, vote, rater } = await working();
  const lease = await take();
  const first = await vote(lease);
  expect(first).toMatchObject({ status: 200, body: { again: false } });
  expect((await vote(lease)).body).toEqual({ vote: first.body.vote, again: true });
  const corrected = await rater.post(`/votes/${first.body.vote}/corrections`, {
    answer: { kind: "pairwise", aspects: { overall: { verdict: "tie" } } },
  });
  expect(corrected.status).toBe(200);
  const exported = (await lead.get(`/projects/${project}/votes`)).body
    .trim()
    .split("\n")
    .map(JSON.parse as never);
  expect(exported).toHaveLength(2);
  expect(exported[1]).toMatchObject({ corrects: first.body.vote, rater: rater.rater });
  const own = (await rater.get(`/projects/${project}/own-votes`)).body.votes;
  expect(own).toHaveLength(1);
  expect(own[0].answer.aspects.overall.verdict).toBe("tie");
  const metrics = (await (await server.program(await server.person("admin"), ["metrics"])).get("/../metrics"))
    .body;
  expect(metrics).toMatch(/^plumb_votes_total 2$/m);
  expect(metrics).toMatch(/^plumb_leases_answered_total 1$/m);
});

it("refuses votes that are wrong, late, doubled or of others, each with its own 4xx, and changes nothing", async () => {
  const { server, lead, project, rater, take, vote } = await working({
    leaseSeconds: 60,
    correctionSeconds: 100,
  });
  const other = await server.raterIn(lead, project);
  const [lease, others] = [await take(), await take(other)];
  const done = await vote(lease);
  const refused: [what: string, work: () => Promise<{ status: number; body: unknown }>, status: number][] = [
    ["another rater's lease", () => vote(others), 403],
    ["another vote on the same lease", () => vote(lease, { ...leftWins, rationale: "changed" }), 409],
    [
      "another rater's vote",
      () => other.post(`/votes/${done.body.vote}/corrections`, { answer: leftWins }),
      403,
    ],
    ["an unknown lease", () => vote(`l-${"0".repeat(26)}`), 404],
    ["no lease at all", () => vote("1%27%20or%201=1--"), 400],
    [
      "an unknown side",
      () => vote(others, { kind: "pairwise", aspects: { overall: { verdict: "up" } } }, other),
      400,
    ],
    [
      "an unknown aspect",
      () => vote(others, { kind: "pairwise", aspects: { taste: { verdict: "left" } } }, other),
      422,
    ],
    ["another kind", () => vote(others, { kind: "safety", safe: true }, other), 422],
    [
      "an unknown field",
      () => other.post(`/leases/${others}/vote`, { answer: leftWins, rater: rater.rater }),
      400,
    ],
    [
      "more time than a day",
      () => other.post(`/leases/${others}/vote`, { answer: leftWins, milliseconds: 1e9 }),
      400,
    ],
    ["skipping what was voted on", () => rater.post(`/leases/${lease}/skip`, { reason: "unclear" }), 409],
    ["giving back another's", () => rater.delete(`/leases/${others}`), 403],
    ["a draft on another's", () => rater.put(`/leases/${others}/draft`, { draft: 1 }), 403],
    ["a bookmark of an item never shown", () => rater.put(`/bookmarks/i-${"0".repeat(26)}`, {}), 404],
  ];
  const before = await state(server);
  for (const [what, work, status] of refused) {
    const answer = await work();
    expect(answer.status, `${what}: ${JSON.stringify(answer.body)}`).toBe(status);
    expect(answer.body, what).toMatchObject({
      error: { message: expect.stringMatching(/./), request: expect.any(String) },
    });
    expect(await state(server), what).toBe(before);
  }
  server.later(61_000);
  expect((await vote(others, leftWins, other)).status, "an expired lease").toBe(410);
  server.later(60_000);
  expect(
    (await rater.post(`/votes/${done.body.vote}/corrections`, { answer: { ...leftWins, rationale: "x" } }))
      .status,
  ).toBe(410);
  expect(await state(server)).toBe(before);
});

it("a vote on a paused or deleted project, or by a rater who was removed, is refused", async () => {
  const { server, lead, project, rater, take, vote } = await working();
  const lease = await take();
  await lead.patch(`/projects/${project}`, { state: "paused" });
  expect((await vote(lease)).status).toBe(409);
  await lead.patch(`/projects/${project}`, { state: "open" });
  await lead.delete(`/projects/${project}/members/${rater.rater}`);
  expect((await vote(lease)).status).toBe(403);
  const second = await server.raterIn(lead, project);
  const held = await take(second);
  await lead.delete(`/projects/${project}`);
  const before = await state(server);
  expect((await vote(held, leftWins, second)).status).toBe(409);
  expect((await second.post(`/projects/${project}/leases`)).status).toBe(404);
  expect(await state(server)).toBe(before);
});

it("an import is all or nothing, and names the field that is wrong", async () => {
  const { lead, project } = await working();
  const good = {
    content: {
      prompt: "p",
      responses: [
        { name: "a", text: "1" },
        { name: "b", text: "2" },
      ],
    },
  };
  const one = { content: { prompt: "p", responses: [{ name: "a", text: "1" }] } };
  const count = async () => (await lead.get(`/projects/${project}/items`)).body.items.length;
  const before = await count();
  expect(
    (await lead.post(`/projects/${project}/items`, { items: [good, one] })).body.error.message,
  ).toContain("item 2");
  const bad = await lead.post(`/projects/${project}/items`, {
    items: [good, { content: { prompt: 5, responses: [] } }],
  });
  expect(bad.body.error.field).toBe("items.1.content.prompt");
  expect(await count()).toBe(before);
  expect((await lead.post(`/projects/${project}/items`, { items: [good, good] })).body.ids).toHaveLength(2);
  const page = (await lead.get(`/projects/${project}/items?limit=2`)).body;
  const rest = (await lead.get(`/projects/${project}/items?limit=500&after=${page.next}`)).body;
  expect(page.items.length + rest.items.length).toBe(before + 2);
  expect(rest.next).toBeUndefined();
});

it("a change of settings leaves the others as they were", async () => {
  const { lead, project } = await working({ overlap: 7, goldRate: 0.1 });
  const changed = await lead.patch(`/projects/${project}`, { settings: { leaseSeconds: 99 } });
  expect(changed.body.settings).toMatchObject({ overlap: 7, goldRate: 0.1, leaseSeconds: 99 });
  expect((await lead.patch(`/projects/${project}`, { settings: { overlap: 0 } })).body.error.field).toBe(
    "settings.overlap",
  );
});

it("held votes are decided by a reviewer of the project, who is named in the log", async () => {
  const { server, lead, project, take, vote } = await working();
  const { vote: id } = (await vote(await take())).body;
  const findings = [{ vote: id, filter: "too-fast", evidence: { milliseconds: 80 } }];
  expect((await lead.post(`/projects/${project}/reviews`, { findings })).body).toEqual({ held: 1 });
  expect((await lead.post(`/projects/${project}/reviews`, { findings })).body).toEqual({ held: 0 });
  const { token } = (await lead.post(`/projects/${project}/invitations`, { role: "reviewer" })).body;
  const reviewer = server.nobody();
  reviewer.keep(
    await reviewer.post("/invitations/accept", { token, login: "rev", password: "a long password" }),
  );
  const [review] = (await reviewer.get(`/projects/${project}/reviews?state=held`)).body.reviews;
  expect(review).toMatchObject({ vote: id, evidence: { milliseconds: 80 } });
  const path = `/projects/${project}/reviews/${review.id}`;
  expect((await reviewer.put(path, { state: "rejected", note: "80 ms" })).status).toBe(204);
  expect((await reviewer.get(`/projects/${project}/reviews?state=held`)).body.reviews).toEqual([]);
  const admin = await server.person("admin");
  const { entries } = (await admin.get("/audit?limit=500")).body;
  const decided = entries.find(({ action }: { action: string }) => action === "vote.rejected");
  expect(decided).toMatchObject({ actor: `reviewer:${reviewer.account}`, subject: id });
});

it("the log has an entry for every change, and verification finds a row that was tampered with", async () => {
  const { server, take, vote } = await working();
  await vote(await take());
  const admin = await server.person("admin");
  expect((await admin.post("/audit/verification")).body).toMatchObject({ problemCount: 0, votes: 1 });
  const { db } = server.store;
  const { sql } = await import("kysely");
  await sql`drop trigger audit_no_update`.execute(db);
  await db.updateTable("audit").set({ actor: "rater:r-someone" }).where("action", "=", "vote.cast").execute();
  const report = (await admin.post("/audit/verification")).body;
  expect(report.problemCount).toBeGreaterThan(0);
  expect(report.problems[0].problem).toContain("altered");
});

it("a server verifies once at a time; another one in the process does not wait for it", async () => {
  const [one, other] = [await testServer(), await testServer()];
  const [admin, otherAdmin] = [await one.person("admin"), await other.person("admin")];
  const answers = await Promise.all(
    [admin, admin, otherAdmin].map((person) => person.post("/audit/verification")),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 409, 200]);
  expect((await admin.post("/audit/verification")).status).toBe(200);
});
