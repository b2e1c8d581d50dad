/** What leads do about items, held votes and raters, over HTTP; and the sample that they can try it on. */
import { expect, it } from "vitest";
import { leftWins, type Person, pilot, type TestServer, testServer } from "../../test/server.js";

const rightWins = { kind: "pairwise", aspects: { overall: { verdict: "right" } } };

/** Takes items and votes on all of them, in stored order as the answer says. */
async function judgeAll({ store }: TestServer, project: string, { rater }: Person, side: "left" | "right") {
  for (;;) {
    const { leases } = await store.lease({ project, rater });
    if (leases.length === 0) return;
    const [{ id, responses }] = leases;
    const verdict = (responses[0] === "good") === (side === "left") ? ("left" as const) : ("right" as const);
    const answer = { kind: "pairwise" as const, aspects: { overall: { verdict } }, flags: [] };
    await store.vote({ lease: id, rater, answer });
  }
}

it("a verdict of a lead turns a result and its row for training, and back", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project, items } = await pilot(lead);
  for (const side of ["left", "left", "right"] as const)
    await judgeAll(server, project, await server.raterIn(lead, project), side);
  const path = `/projects/${project}/items/${items[0]}`;
  const result = async () => {
    const { preferences } = (await lead.get(`/projects/${project}/preferences`)).body;
    return preferences.find(({ item }: { item: string }) => item === items[0]);
  };
  expect(await result()).toMatchObject({ left: "a", right: "b", prompt: "Which is better?" });
  expect((await result()).probability).toBeGreaterThan(0.5);
  expect((await lead.put(`${path}/adjudication`, { answer: rightWins, note: "B is right." })).status).toBe(
    204,
  );
  expect(await result()).toMatchObject({ probability: 0, noise: 0, adjudicated: true, votes: 3 });
  expect((await lead.get(path)).body).toMatchObject({
    state: "decided",
    adjudication: {
      answer: { ...rightWins, flags: [] },
      note: "B is right.",
      decidedBy: `lead:${lead.account}`,
    },
  });
  const rows = async () =>
    String((await lead.get(`/projects/${project}/training-rows`)).body)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  expect((await rows()).map(({ chosen, adjudicated }) => [chosen, adjudicated])).toEqual([
    ["bad", true],
    ["good", undefined],
    ["good", undefined],
  ]);
  const { items: disputed } = (await lead.get(`/projects/${project}/disagreements`)).body;
  expect(disputed.at(-1)).toMatchObject({ item: items[0], adjudicated: true });
  expect((await lead.delete(`${path}/adjudication`)).status).toBe(204);
  expect((await result()).adjudicated).toBeUndefined();
  expect((await rows())[0].chosen).toBe("good");
});

it("an item is made gold, given more raters, withdrawn and brought back by its leads alone", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const other = await server.person("lead");
  const reviewer = await server.person("reviewer");
  const { project, items } = await pilot(lead);
  await judgeAll(server, project, await server.raterIn(lead, project), "left");
  const path = `/projects/${project}/items/${items[1]}`;
  const acts: [string, string, unknown][] = [
    ["put", `${path}/gold`, { answer: leftWins }],
    ["put", `${path}/overlap`, { overlap: 5 }],
    ["put", `${path}/adjudication`, { answer: leftWins }],
    ["post", `${path}/restoration`, undefined],
  ];
  for (const [method, to, body] of acts) {
    expect((await other.ask(method, to, body)).status, to).toBe(404);
    expect((await reviewer.ask(method, to, body)).status, to).toBe(403);
  }
  expect(
    (await lead.put(`${path}/gold`, { answer: { kind: "safety", safe: true, categories: [] } })).status,
  ).toBe(422);
  expect((await lead.put(`${path}/gold`, { answer: leftWins })).status).toBe(204);
  expect((await lead.get(path)).body.gold).toMatchObject(leftWins);
  const results = async () =>
    (await lead.get(`/projects/${project}/preferences`)).body.preferences.map(
      ({ item }: { item: string }) => item,
    );
  expect(await results()).not.toContain(items[1]);
  expect((await lead.put(`${path}/overlap`, { overlap: 5, insist: true })).status).toBe(409);
  expect((await lead.delete(`${path}/gold`)).status).toBe(204);
  expect(await results()).toContain(items[1]);
  expect((await lead.put(`${path}/overlap`, { overlap: 5, insist: true })).status).toBe(204);
  expect((await lead.get(path)).body).toMatchObject({ overlap: 5, asked: 5 });
  expect((await lead.put(`${path}/overlap`, { overlap: 1001 })).status).toBe(400);
  expect((await lead.delete(path, { reason: "broken" })).status).toBe(204);
  expect((await lead.post(`${path}/restoration`)).status).toBe(204);
  expect((await lead.post(`${path}/restoration`)).status).toBe(409);
});

it("held votes are decided many at once, after a look at what it changes", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { settings: { overlap: 3 } });
  const raters = [];
  for (const side of ["left", "left", "right"] as const) {
    const rater = await server.raterIn(lead, project);
    await judgeAll(server, project, rater, side);
    raters.push(rater);
  }
  const votes = (await lead.get(`/projects/${project}/members/${raters[0].rater}/votes`)).body.votes;
  const others = (await lead.get(`/projects/${project}/members/${raters[1].rater}/votes`)).body.votes;
  const held = [...votes, ...others].map(({ id }: { id: string }) => ({
    vote: id,
    filter: "by-hand",
    evidence: "x",
  }));
  await lead.post(`/projects/${project}/reviews`, { findings: held });
  const { counts } = (await lead.get(`/projects/${project}/review-counts`)).body;
  expect(counts).toHaveLength(2);
  const all = (await lead.get(`/projects/${project}/review-preview?filter=by-hand`)).body;
  expect(all).toMatchObject({ votes: 6, units: 3, changed: 3 });
  const one = (await lead.get(`/projects/${project}/review-preview?rater=${raters[0].rater}`)).body;
  expect(one).toMatchObject({ votes: 3, units: 3 });
  expect((await lead.get(`/projects/${project}/review-preview?filter=none`)).body).toMatchObject({
    votes: 0,
  });
  const decided = await lead.put(`/projects/${project}/reviews`, {
    to: "rejected",
    note: "all of it",
    which: { rater: raters[0].rater },
  });
  expect(decided.body.reviews).toHaveLength(3);
  const states = async () =>
    (await lead.get(`/projects/${project}/reviews`)).body.reviews
      .map(({ state }: { state: string }) => state)
      .sort();
  expect(await states()).toEqual([...Array(3).fill("held"), ...Array(3).fill("rejected")]);
  const back = await lead.put(`/projects/${project}/reviews`, { to: "held", which: decided.body });
  expect(back.body.reviews).toHaveLength(3);
  expect(await states()).toEqual(Array(6).fill("held"));
  expect((await raters[0].put(`/projects/${project}/reviews`, { to: "released", which: {} })).status).toBe(
    403,
  );
});

it("staff judge in their own project in a group of their own; strangers do not", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const other = await server.person("lead");
  const { project } = await pilot(lead);
  const path = `/projects/${project}/own-membership`;
  expect((await lead.post(`/projects/${project}/leases`, { count: 1 })).status).toBe(403);
  expect((await other.post(path, undefined)).status).toBe(404);
  for (let twice = 0; twice < 2; twice++) expect((await lead.post(path, undefined)).status).toBe(204);
  expect((await lead.post(`/projects/${project}/leases`, { count: 1 })).body.leases).toHaveLength(1);
  const { members } = (await lead.get(`/projects/${project}/members`)).body;
  expect(members).toMatchObject([{ rater: lead.rater, group: "staff", state: "active" }]);
});

it("a rater and the leads write to each other, and nobody else reads it", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project, items } = await pilot(lead);
  const rater = await server.raterIn(lead, project);
  const second = await server.raterIn(lead, project);
  const own = `/projects/${project}/own-messages`;
  const { leases } = (await rater.post(`/projects/${project}/leases`, { count: 1 })).body;
  expect((await rater.post(own, { text: "Is A rude?", item: leases[0].item })).status).toBe(201);
  const [first] = (await lead.get(`/projects/${project}/messages`)).body.conversations;
  expect(first).toMatchObject({
    rater: rater.rater,
    unread: 1,
    last: { item: items[0], text: "Is A rude?" },
  });
  const path = `/projects/${project}/members/${rater.rater}/messages`;
  server.later(1000);
  expect((await lead.post(path, { text: "It is.", item: items[0] })).status).toBe(201);
  expect((await lead.get(`/projects/${project}/messages`)).body.conversations[0].unread).toBe(0);
  const { messages } = (await rater.get(own)).body;
  expect(messages).toMatchObject([
    { author: "rater", item: leases[0].item },
    { author: "staff", text: "It is.", item: leases[0].item },
  ]);
  expect(JSON.stringify(messages)).not.toContain(items[0]);
  expect((await rater.post(`${own}/read`, undefined)).status).toBe(204);
  expect((await lead.get(path)).body.messages[1].readAt).toBeGreaterThan(0);
  expect((await second.get(own)).body).toEqual({ messages: [] });
  expect((await second.get(path)).status).toBe(403);
  expect((await (await server.person("rater")).get(own)).status).toBe(404);
  await rater.post(`/leases/${leases[0].id}/skip`, { reason: "harmful", note: "a wound" });
  expect((await lead.get(`/projects/${project}/skips`)).body.skips).toMatchObject([
    { item: items[0], rater: rater.rater, reason: "harmful", note: "a wound", prompt: "Which is better?" },
  ]);
});

it("the sample has votes, gold, a skip and something to judge, in each language", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  for (const language of ["en", "de"]) {
    const { status, body } = await lead.post("/sample-projects", { language });
    expect(status).toBe(201);
    const at = `/projects/${body.id}`;
    expect((await lead.get(`${at}/progress`)).body).toMatchObject({ items: 8, done: 0 });
    const { votes } = (await lead.get(`${at}/progress`)).body;
    expect(votes).toBeGreaterThanOrEqual(4 * 8 - 1);
    const { preferences } = (await lead.get(`${at}/preferences`)).body;
    expect(preferences).toHaveLength(8);
    // By the votes, whatever the order on the made-up raters' screens.
    expect(preferences[0].probability).toBeGreaterThan(0.5);
    expect(preferences[1].probability).toBeLessThan(0.5);
    const { items: disputed } = (await lead.get(`${at}/disagreements`)).body;
    expect(disputed[0].entropy).toBeGreaterThan(0);
    expect((await lead.get(`${at}/skips`)).body.skips).toHaveLength(1);
    expect((await lead.get(`${at}/items?gold=true`)).body.items).toHaveLength(2);
    expect((await lead.get(`${at}/review-counts`)).body.counts).toMatchObject([
      { filter: "too-fast", reviews: 3 },
    ]);
    const { members } = (await lead.get(`${at}/members`)).body;
    expect(members.map(({ name }: { name: string }) => name).sort()).toEqual(["Ada", "Ben", "Cora", "Dev"]);
    await lead.post(`${at}/own-membership`, undefined);
    expect((await lead.post(`${at}/leases`, { count: 1 })).body.leases).toHaveLength(1);
  }
});
