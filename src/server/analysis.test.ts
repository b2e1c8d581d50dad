import { expect, it } from "vitest";
import { leftWins, PAIR, type Person, pilot, testServer } from "../../test/server.js";

const sides = (verdict: string, strength?: number) => ({
  kind: "pairwise",
  aspects: { overall: { verdict, ...(strength && { strength }) } },
});

/** Votes on all that a rater is given. @param say by the texts on the screen. */
async function work(rater: Person, project: string, say: (shown: string[]) => object, milliseconds = 9000) {
  for (let n = 0; ; n++) {
    const { leases } = (await rater.post(`/projects/${project}/leases`)).body;
    if (leases.length === 0) return n;
    const answer = say(leases[0].responses);
    const cast = await rater.post(`/leases/${leases[0].id}/vote`, { answer, milliseconds });
    expect(cast.status).toBe(200);
  }
}
const honest = (shown: string[]) => sides(shown[0] === "good" ? "left" : "right");

async function studied() {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { items: 12, settings: { overlap: 4 } });
  const raters: Person[] = [];
  for (const group of ["a", "a", "b", "b"]) raters.push(await server.raterIn(lead, project, group));
  for (const rater of raters.slice(0, 3)) await work(rater, project, honest);
  await work(raters[3], project, (shown) => sides(shown[0] === "good" ? "right" : "left"));
  return { server, lead, project, raters };
}

it("tells agreement, raters, disagreements, preferences and a forecast of what was voted", async () => {
  const { lead, project, raters } = await studied();
  const at = `/projects/${project}`;
  const agreement = (await lead.get(`${at}/agreement`)).body;
  expect(agreement.aspects).toHaveLength(1);
  // Of 6 pairs of 4 votes, 3 agree.
  expect(agreement.aspects[0]).toMatchObject({ aspect: "overall", votes: 48, units: 12, raters: 4 });
  expect(agreement.aspects[0].percent.estimate).toBeCloseTo(0.5, 12);
  expect(agreement.aspects[0].groups.map(({ group, votes }: never) => [group, votes])).toEqual([
    ["a", 24],
    ["b", 24],
  ]);
  const table = (await lead.get(`${at}/raters`)).body.raters;
  const row = (rater: Person) => table.find(({ rater: id }: { rater: string }) => id === rater.rater);
  expect(row(raters[0])).toMatchObject({
    votes: 12,
    group: "a",
    state: "active",
    medianSeconds: 9,
    gold: null,
  });
  expect(row(raters[0]).reliability.estimate).toBeGreaterThan(0.9);
  expect(row(raters[3]).reliability.estimate).toBeLessThan(0.1);
  // "good" is longer than "bad".
  expect(row(raters[0]).longer).toMatchObject({ estimate: 1, n: 12, expected: 0.75 });
  expect(row(raters[3]).longer.estimate).toBe(0);
  expect(row(raters[0]).firstPlace).toMatchObject({ n: 12, expected: 0.5 });
  const disagreements = (await lead.get(`${at}/disagreements?limit=5`)).body;
  expect(disagreements).toMatchObject({ count: 12, next: 5 });
  expect(disagreements.items[0].entropy).toBeCloseTo(0.8113, 4);
  expect(disagreements.items[0].votes.map(({ said }: { said: string }) => said).sort()).toEqual([
    "a",
    "a",
    "a",
    "b",
  ]);
  const preferences = (await lead.get(`${at}/preferences?offset=10`)).body;
  expect(preferences).toMatchObject({ kind: "pairs", count: 12, method: "robust" });
  expect(preferences.preferences).toHaveLength(2);
  expect(preferences.preferences[0]).toMatchObject({ left: "a", right: "b", votes: 4 });
  expect(preferences.preferences[0].probability).toBeGreaterThan(0.9);
  expect((await lead.get(`${at}/forecast`)).body).toMatchObject({ votes: 48, remaining: 0, end: null });
  expect((await lead.get(`${at}/raters?aspect=honest`)).status).toBe(422);
});

it("a correction counts in place of what it corrects, and what was rejected does not", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { items: 1, settings: { overlap: 2 } });
  const [one, two] = [await server.raterIn(lead, project), await server.raterIn(lead, project)];
  const cast = async (rater: Person) => {
    const { leases } = (await rater.post(`/projects/${project}/leases`)).body;
    return (await rater.post(`/leases/${leases[0].id}/vote`, { answer: honest(leases[0].responses) })).body
      .vote;
  };
  const [first, second] = [await cast(one), await cast(two)];
  const said = async () =>
    (await lead.get(`/projects/${project}/disagreements`)).body.items.map(
      ({ votes }: { votes: { said: string }[] }) => votes.map(({ said: what }) => what),
    );
  // All agree: there is nothing to look into.
  expect(await said()).toEqual([]);
  await one.post(`/votes/${first}/corrections`, { answer: sides("tie") });
  expect(await said()).toEqual([["a", "tie"]]);
  await lead.post(`/projects/${project}/reviews`, {
    findings: [{ vote: second, filter: "hand", evidence: {} }],
  });
  expect(await said()).toEqual([["a", "tie"]]);
  const left = (await lead.get(`/projects/${project}/preferences?held=leave-out`)).body.preferences;
  expect(left).toMatchObject([{ votes: 1, probability: 0.5 }]);
  const [review] = (await lead.get(`/projects/${project}/reviews`)).body.reviews;
  await lead.put(`/projects/${project}/reviews/${review.id}`, { state: "rejected" });
  expect(await said()).toEqual([]);
});

it("gold items are no results, but tell of raters", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { items: 6, settings: { goldRate: 0.5 } });
  await lead.post(`/projects/${project}/items`, { items: Array(4).fill({ ...PAIR, gold: leftWins }) });
  const raters = [await server.raterIn(lead, project), await server.raterIn(lead, project)];
  for (const rater of raters) await work(rater, project, honest);
  const table = (await lead.get(`/projects/${project}/raters`)).body.raters;
  for (const { votes, gold } of table) {
    expect(votes).toBe(6);
    expect(gold.estimate).toBe(1);
    expect(gold.n).toBeGreaterThan(0);
  }
  expect((await lead.get(`/projects/${project}/preferences`)).body.count).toBe(6);
  expect((await lead.get(`/projects/${project}/agreement`)).body.aspects[0].units).toBe(6);
});

it("early stopping weighs a rater by what the analysis found of it", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const stop = { probability: 0.95, leastVotes: 1, reliability: 0.75 };
  const { project } = await pilot(lead, { items: 12, settings: { overlap: 4, stop } });
  const at = `/projects/${project}`;
  const raters: Person[] = [];
  for (let i = 0; i < 4; i++) raters.push(await server.raterIn(lead, project));
  // 3 votes of unknown raters who agree are 27 to 1, and 2 of them 9 to 1.
  for (const rater of raters.slice(0, 3)) expect(await work(rater, project, honest)).toBe(12);
  expect(await work(raters[3], project, honest)).toBe(0);
  const decided = async () =>
    (await lead.get(`${at}/items`)).body.items.filter(({ state }: { state: string }) => state === "decided")
      .length;
  const { status, body } = await lead.post(`${at}/reliabilities`);
  expect(status).toBe(201);
  expect(body.reliabilities.map(({ rater }: { rater: string }) => rater).sort()).toEqual(
    raters
      .slice(0, 3)
      .map(({ rater }) => rater)
      .sort(),
  );
  // 12 of its votes and 10 of an unknown rater: below (12 + 7.5) / 22.
  for (const { reliability } of body.reliabilities) {
    expect(reliability).toBeGreaterThan(0.85);
    expect(reliability).toBeLessThanOrEqual(19.5 / 22);
  }
  await lead.post(`${at}/items`, { items: [PAIR, PAIR] });
  expect(await decided()).toBe(12);
  await work(raters[0], project, honest);
  expect(await decided()).toBe(12);
  await work(raters[1], project, honest);
  expect(await decided()).toBe(14);
  const entries = server.store.db.selectFrom("audit").select("actor").where("action", "=", "raters.weighed");
  expect(await entries.execute()).toEqual([{ actor: `lead:${lead.account}` }]);
  const other = (await pilot(lead, { items: 1 })).project;
  expect((await lead.post(`/projects/${other}/reliabilities`)).status).toBe(409);
});

it("runs the filters and holds what they find, once", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { items: 40, settings: { overlap: 4 } });
  const raters: Person[] = [];
  for (let i = 0; i < 4; i++) raters.push(await server.raterIn(lead, project));
  for (const rater of raters.slice(0, 3)) await work(rater, project, honest, 20_000);
  await work(raters[3], project, () => sides("left"), 20_000);
  const run = await lead.post(`/projects/${project}/filter-runs`, undefined);
  expect(run.status).toBe(201);
  const found = run.body.filters.find(({ filter }: { filter: string }) => filter === "straight-lining");
  expect(found.holds).toBe(40);
  expect(run.body.held).toBeGreaterThanOrEqual(40);
  const { reviews } = (await lead.get(`/projects/${project}/reviews?state=held&limit=500`)).body;
  expect(reviews).toHaveLength(run.body.held);
  expect(JSON.stringify(reviews)).toContain("places are shuffled");
  await lead.put(`/projects/${project}/reviews/${reviews[0].id}`, { state: "released" });
  expect((await lead.post(`/projects/${project}/filter-runs`, undefined)).body.held).toBe(0);
  const states = (await lead.get(`/projects/${project}/reviews?limit=500`)).body.reviews;
  expect(states.filter(({ state }: { state: string }) => state === "released")).toHaveLength(1);
  const table = (await lead.get(`/projects/${project}/raters`)).body.raters;
  const lazy = table.find(({ rater }: { rater: string }) => rater === raters[3].rater);
  expect(lazy.flags.map(({ kind }: { kind: string }) => kind)).toContain("straight-lining");
  expect(lazy.held).toBe(39);
});

it("excluding a rater changes what was foretold, and is undone", async () => {
  const { lead, project, raters } = await studied();
  const at = `/projects/${project}`;
  const preview = (await lead.get(`${at}/members/${raters[3].rater}/exclusion`)).body;
  expect(preview).toMatchObject({ votes: 12, units: 12, lost: 0, changed: 0 });
  const state = `${at}/members/${raters[3].rater}/state`;
  expect((await lead.put(state, { state: "excluded" })).status).toBe(422);
  expect((await lead.put(state, { state: "excluded", reason: "turns answers round" })).status).toBe(204);
  expect((await lead.get(`${at}/preferences`)).body.preferences[0].votes).toBe(3);
  expect((await lead.get(`${at}/progress`)).body).toMatchObject({ votes: 36, wanted: 48 });
  expect((await lead.get(`${at}/members/${raters[3].rater}/exclusion`)).body.votes).toBe(12);
  const told = (await raters[3].post(`${at}/leases`)).body;
  expect(told).toMatchObject({ leases: [], none: "excluded" });
  expect(told.why).toContain("turns answers round");
  expect((await lead.delete(`${at}/members/${raters[3].rater}`)).status).toBe(409);
  await lead.put(state, { state: "active" });
  expect((await lead.get(`${at}/progress`)).body).toMatchObject({ votes: 48, wanted: 48 });
  expect((await lead.get(`${at}/preferences`)).body.preferences[0].votes).toBe(4);
});

it("a paused rater takes no items, is told why, and goes on where it was", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead);
  const rater = await server.raterIn(lead, project);
  const { leases } = (await rater.post(`/projects/${project}/leases`)).body;
  const state = `/projects/${project}/members/${rater.rater}/state`;
  await lead.put(state, { state: "paused", reason: "please read the guidelines" });
  const refused = await rater.post(`/leases/${leases[0].id}/vote`, { answer: leftWins });
  expect(refused.status).toBe(403);
  expect(refused.body.error.message).toContain("please read the guidelines");
  expect((await rater.post(`/projects/${project}/leases`)).body).toMatchObject({
    leases: [],
    none: "paused",
  });
  expect((await rater.get(`/projects/${project}`)).status).toBe(200);
  // Moving a rater to a group does not let it work again.
  await lead.put(`/projects/${project}/members/${rater.rater}`, { group: "b" });
  expect((await lead.get(`/projects/${project}/members`)).body.members).toMatchObject([
    { group: "b", state: "paused", reason: "please read the guidelines" },
  ]);
  // Nor does another invitation.
  const invitation = await lead.post(`/projects/${project}/invitations`);
  expect((await rater.post("/invitations/join", { token: invitation.body.token })).status).toBe(200);
  expect((await rater.post(`/projects/${project}/leases`)).body.none).toBe("paused");
  await lead.put(state, { state: "active" });
  const again = (await rater.post(`/projects/${project}/leases`)).body.leases;
  expect(again.map(({ item }: { item: string }) => item)).toEqual([leases[0].item]);
  const { body } = await (await server.person("admin")).get("/audit?limit=500");
  const noted = body.entries.filter(({ action }: { action: string }) => action === "member.state");
  expect(noted.map(({ details }: { details: { to: string } }) => details.to)).toEqual(["paused", "active"]);
});
