import { describe, expect, it } from "vitest";
import { PAIR, type Person, pilot, type TestServer, testServer } from "../../test/server.js";
import type { Contract } from "./contract/contract.js";
import { contracts, ROLES, type Role, SCOPES, takesBody } from "./contract/index.js";
import { endpoints } from "./routes/index.js";

/** Ids of the right form that belong to nothing. */
const NOTHING: Record<string, string> = Object.fromEntries(
  Object.entries({ project: "p", item: "i", rater: "r", lease: "l", vote: "v", review: "h", account: "u" })
    .concat(Object.entries({ session: "s", key: "k", invitation: "n" }))
    .map(([name, letter]) => [name, `${letter}-${"0".repeat(26)}`]),
);
const pathOf = ({ path }: Contract, ids: Record<string, string>) =>
  path.replace(/\{(\w+)\}/g, (_all, name: string) => ids[name] ?? NOTHING[name]);
/** An empty body is wrong for most routes: who is let in gets as far as 400 and changes nothing. */
const call = (who: Person, contract: Contract, ids: Record<string, string> = {}) =>
  who.ask(contract.method, pathOf(contract, ids), takesBody(contract) ? {} : undefined);

/** Without those that would end the test. */
const withoutEnds = contracts.filter(({ id }) => id !== "deleteProject" && id !== "signOut");

it("every contract has its work, and every path, method and name is there once", () => {
  expect(endpoints.map(({ contract }) => contract.id).sort()).toEqual(contracts.map(({ id }) => id).sort());
  expect(new Set(contracts.map(({ id }) => id)).size).toBe(contracts.length);
  expect(new Set(contracts.map(({ method, path }) => `${method} ${path}`)).size).toBe(contracts.length);
  for (const { path, access } of contracts)
    expect(path.includes("{project}"), `${path} says who of the project may`).toBe(
      access.project !== undefined,
    );
});

describe("roles on every route", () => {
  let server: TestServer;
  const people = new Map<Role, Person>();
  const open = async () => {
    server = await testServer();
    for (const role of ROLES) people.set(role, await server.person(role));
  };

  it("let in whom the contract names, and nobody else", async () => {
    await open();
    const lead = people.get("lead") as Person;
    const { project } = await pilot(lead);
    let checked = 0;
    for (const contract of withoutEnds) {
      const { roles, project: who } = contract.access;
      if (roles === "anyone") continue;
      expect((await call(server.nobody(), contract)).status, `nobody ${contract.id}`).toBe(401);
      for (const [role, person] of people) {
        const { status } = await call(person, contract, { project });
        const label = `${role} ${contract.id}: ${status}`;
        checked++;
        expect(status, label).toBeLessThan(500);
        if (!roles.includes(role)) expect(status, label).toBe(403);
        // Staff may have become raters of the project on the way.
        else if (who === "store") expect([200, 204, 400, 403, 404], label).toContain(status);
        // Of those with the role only the project's lead and the admin have to do with this project.
        else if (who === undefined || role === "lead" || role === "admin")
          expect([200, 201, 204, 400, 404, 409], label).toContain(status);
        else expect(status, label).toBe(404);
      }
    }
    expect(checked).toBeGreaterThan(120);
    for (const role of ["rater", "reviewer"] as const)
      expect((await (people.get(role) as Person).delete(`/projects/${project}`)).status).toBe(403);
    expect((await lead.delete(`/projects/${project}`)).status).toBe(204);
    for (const [, person] of people) expect((await person.delete("/session")).status).toBe(204);
  });

  it("keys open what their scopes name, within the role of their owner", async () => {
    await open();
    const admin = people.get("admin") as Person;
    const lead = people.get("lead") as Person;
    const { project } = await pilot(lead);
    for (const scope of SCOPES) {
      const [byAdmin, byRater] = [
        await server.program(admin, [scope]),
        await server.program(people.get("rater") as Person, [scope]),
      ];
      for (const contract of withoutEnds) {
        const { roles, scope: needed } = contract.access;
        if (roles === "anyone") continue;
        const { status } = await call(byAdmin, contract, { project });
        const label = `${scope} ${contract.id}`;
        if (needed !== scope) expect(status, label).toBe(403);
        else if (contract.access.project !== "store") expect(status, label).not.toBe(403);
        if (!roles.includes("rater"))
          expect((await call(byRater, contract, { project })).status, label).toBe(403);
      }
    }
  });
});

describe("what belongs to others", () => {
  it("a project does not exist for leads, reviewers and raters of another, by any route", async () => {
    const server = await testServer();
    const [own, other] = [await server.person("lead"), await server.person("lead")];
    const { project, items } = await pilot(own);
    const elsewhere = await pilot(other);
    const rater = await server.raterIn(other, elsewhere.project);
    for (const contract of contracts.filter(({ path }) => path.includes("{project}"))) {
      for (const person of [other, rater]) {
        const { status } = await call(person, contract, { project, item: items[0] });
        expect([400, 403, 404], `${contract.id}: ${status}`).toContain(status);
        if (
          contract.access.project !== "store" &&
          contract.access.roles.includes(person === other ? "lead" : "rater")
        )
          expect(status, contract.id).toBe(404);
      }
    }
    expect((await own.get(`/projects/${project}`)).body.state).toBe("open");
    expect((await other.get("/projects")).body.projects).toHaveLength(1);
  });

  it("an item, a review or an invitation is not reached through a project of one's own", async () => {
    const server = await testServer();
    const [own, other] = [await server.person("lead"), await server.person("lead")];
    const { project, items } = await pilot(own, { items: 1 });
    const elsewhere = await pilot(other);
    const rater = await server.raterIn(own, project);
    const { body } = await rater.post(`/projects/${project}/leases`);
    const cast = await rater.post(`/leases/${body.leases[0].id}/vote`, {
      answer: { kind: "pairwise", aspects: { overall: { verdict: "left" } } },
    });
    await own.post(`/projects/${project}/reviews`, {
      findings: [{ vote: cast.body.vote, filter: "too-fast", evidence: { ms: 3 } }],
    });
    const [review] = (await own.get(`/projects/${project}/reviews`)).body.reviews;
    const invitation = await own.post(`/projects/${project}/invitations`);
    const through = `/projects/${elsewhere.project}`;
    expect((await other.get(`${through}/items/${items[0]}`)).status).toBe(404);
    expect((await other.delete(`${through}/items/${items[0]}`, { reason: "mine" })).status).toBe(404);
    expect(
      (await other.put(`${through}/priorities`, { priorities: [{ item: items[0], priority: 9 }] })).status,
    ).toBe(404);
    expect((await other.put(`${through}/reviews/${review.id}`, { state: "rejected" })).status).toBe(404);
    expect((await other.delete(`${through}/invitations/${invitation.body.id}`)).status).toBe(404);
    const stolen = { findings: [{ vote: cast.body.vote, filter: "mine", evidence: 1 }] };
    expect((await other.post(`${through}/reviews`, stolen)).status).toBe(404);
    expect((await other.put(`${through}/members/${rater.rater}`, { group: "mine" })).status).toBe(404);
    expect((await own.get(`/projects/${project}/reviews`)).body.reviews[0].state).toBe("held");
  });

  it("raters do not see gold items, sources, settings or seeds", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const { project } = await pilot(lead, { settings: { goldRate: 0.5 } });
    const gold = { ...PAIR, gold: { kind: "pairwise", aspects: { overall: { verdict: "left" } } } };
    await lead.post(`/projects/${project}/items`, { items: [gold] });
    const rater = await server.raterIn(lead, project);
    const seen = JSON.stringify([
      (await rater.post(`/projects/${project}/leases`, { count: 5 })).body,
      (await rater.get(`/projects/${project}`)).body,
      (await rater.get("/projects")).body,
    ]);
    expect(seen).toContain("Which is better?");
    for (const secret of ["model-a", "goldRate", '"gold"', '"seed"']) expect(seen).not.toContain(secret);
    expect((await lead.get(`/projects/${project}`)).body.settings.goldRate).toBe(0.5);
  });

  it("sessions and keys of others are not ended", async () => {
    const server = await testServer();
    const [one, two] = [await server.person("rater"), await server.person("rater")];
    const { body } = await two.get("/sessions");
    expect((await one.delete(`/sessions/${body.sessions[0].id}`)).status).toBe(404);
    const key = await two.post("/keys", { name: "mine", scopes: ["work"] });
    expect((await one.delete(`/keys/${key.body.id}`)).status).toBe(404);
    expect((await two.get("/session")).status).toBe(200);
  });
});
