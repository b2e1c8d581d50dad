import { expect, it } from "vitest";
import { leftWins, pilot, testServer } from "../../test/server.js";

const rightWins = { kind: "pairwise", aspects: { overall: { verdict: "right" } } };

async function working(count: number) {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { items: 5 });
  const take = async (who: Awaited<ReturnType<typeof server.person>>): Promise<string[]> =>
    (await who.post(`/projects/${project}/leases`, { count })).body.leases.map(
      ({ id }: { id: string }) => id,
    );
  const rater = await server.raterIn(lead, project);
  return { server, lead, project, rater, leases: await take(rater), take };
}

it("votes sent together are stored as votes sent one by one are", async () => {
  const { server, lead, project, rater, leases, take } = await working(4);
  const single = await server.raterIn(lead, project);
  const answers = [leftWins, rightWins, leftWins, rightWins];
  const sent = leases.map((lease, i) => ({
    lease,
    answer: answers[i],
    milliseconds: 900 + i,
    client: "test",
  }));
  const { status, body } = await rater.post("/votes", { votes: sent });
  expect(status).toBe(200);
  expect(body.votes).toEqual(leases.map(() => ({ vote: expect.any(String), again: false })));
  for (const [i, lease] of (await take(single)).entries()) {
    const { lease: _, ...vote } = sent[i];
    expect((await single.post(`/leases/${lease}/vote`, vote)).status).toBe(200);
  }
  const rows = async (who: string) =>
    (
      await server.store.db
        .selectFrom("votes")
        .innerJoin("audit", "audit.seq", "votes.seq")
        .selectAll("votes")
        .select(["audit.action", "audit.actor"])
        .where("rater_id", "=", who)
        .orderBy("votes.seq")
        .execute()
    ).map(({ seq: _seq, id: _id, lease_id: _lease, rater_id: _rater, order_json, answer_json, ...row }) => ({
      ...row,
      actor: row.actor.replace(who, "who"),
      // In the places of the screen: sides are drawn for each rater.
      right: (order_json === "[0,1]") === answer_json.includes("right"),
    }));
  const together = await rows(rater.rater);
  expect(together.map(({ right }) => right)).toEqual([false, true, false, true]);
  expect(together).toEqual(await rows(single.rater));
  const ids = await server.store.db
    .selectFrom("votes")
    .select(["id", "lease_id"])
    .where("rater_id", "=", rater.rater)
    .orderBy("seq")
    .execute();
  expect(ids).toEqual(leases.map((lease_id, i) => ({ id: body.votes[i].vote, lease_id })));
  const admin = await server.person("admin");
  expect((await admin.post("/audit/verification")).body).toMatchObject({ problemCount: 0, votes: 8 });
});

it("each is taken or refused by itself, in the order given, and all once more is taken once", async () => {
  const { server, lead, project, rater, leases, take } = await working(3);
  const other = await server.raterIn(lead, project);
  const [others] = await take(other);
  const votes = [
    { lease: leases[0], answer: leftWins },
    { lease: others, answer: leftWins },
    { lease: leases[0], answer: rightWins },
    { lease: leases[1], answer: { kind: "safety", safe: true } },
    { lease: leases[2], answer: rightWins },
  ];
  const outcome = (body: { votes: { again?: boolean; status?: number }[] }) =>
    body.votes.map(({ again, status }) => status ?? again);
  const first = await rater.post("/votes", { votes });
  expect(first.status).toBe(200);
  expect(outcome(first.body)).toEqual([false, 403, 409, 422, false]);
  expect(first.body.votes[1]).toEqual({
    status: 403,
    error: { message: "The lease is another rater's.", hint: "Request your own lease." },
  });
  const again = await rater.post("/votes", { votes });
  expect(outcome(again.body)).toEqual([true, 403, 409, 422, true]);
  expect(again.body.votes[0].vote).toBe(first.body.votes[0].vote);
  const cast = await server.store.db.selectFrom("votes").select("lease_id").orderBy("seq").execute();
  expect(cast).toEqual([{ lease_id: leases[0] }, { lease_id: leases[2] }]);
  const metrics = (await (await server.program(await server.person("admin"), ["metrics"])).get("/../metrics"))
    .body;
  expect(metrics).toMatch(/^plumb_votes_total 2$/m);
});

it("what is not a list of one to five votes is refused as a whole, by its field", async () => {
  const { server, rater, leases } = await working(2);
  const vote = { lease: leases[0], answer: leftWins };
  const refused: [votes: unknown, field: string][] = [
    [[], "votes"],
    [new Array(6).fill(vote), "votes"],
    [[vote, { ...vote, lease: "l-1" }], "votes.1.lease"],
    [
      [vote, { lease: leases[1], answer: { ...leftWins, aspects: { overall: { verdict: "up" } } } }],
      "votes.1",
    ],
    [[{ ...vote, rater: rater.rater }], "votes.0"],
  ];
  for (const [votes, field] of refused) {
    const { status, body } = await rater.post("/votes", { votes });
    expect(status, field).toBe(400);
    expect(body.error.field, field).toMatch(new RegExp(`^${field}`));
  }
  expect(await server.store.db.selectFrom("votes").selectAll().execute()).toEqual([]);
  expect((await server.nobody().post("/votes", { votes: [vote] })).status).toBe(401);
});
