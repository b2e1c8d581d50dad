import { describe, expect, it } from "vitest";
import { newcomer } from "../../test/rights.js";
import { PASSWORD, type Person, pilot, testServer } from "../../test/server.js";

const DAY = 86_400_000;
const invited = async (who: Person, path: string, body: object = {}) => (await who.post(path, body)).body;

describe("all invitations", () => {
  it("are listed for admins with who made them, and withdrawn", async () => {
    const server = await testServer();
    const [admin, lead] = [await server.person("admin"), await server.person("lead")];
    const { project } = await pilot(lead);
    const toAccount = await invited(admin, "/invitations", { role: "lead" });
    server.later(1);
    const toProject = await invited(lead, `/projects/${project}/invitations`);
    const { invitations } = (await admin.get("/invitations")).body;
    const open = invitations.filter(({ usedAt }: { usedAt?: number }) => usedAt === undefined);
    expect(open).toMatchObject([
      { id: toProject.id, role: "rater", project, createdBy: `lead:${lead.account}` },
      { id: toAccount.id, role: "lead", createdBy: `admin:${admin.account}` },
    ]);
    expect(JSON.stringify(invitations)).not.toContain("plumb_inv_");
    for (const { id, token } of [toAccount, toProject]) {
      expect((await lead.delete(`/invitations/${id}`)).status).toBe(403);
      expect((await admin.delete(`/invitations/${id}`)).status).toBe(204);
      expect((await admin.delete(`/invitations/${id}`)).status).toBe(404);
      expect(await newcomer(server, token)).toBe(410);
    }
  });

  it("of a maker who lost the right do not come back with it", async () => {
    const server = await testServer();
    const [admin, lead] = [await server.person("admin"), await server.person("lead", "lena")];
    const { project } = await pilot(lead);
    const path = `/projects/${project}/invitations`;
    const account = `/accounts/${lead.account}`;
    const staff = `/projects/${project}/staff/${lead.account}`;
    const again = async (take: () => Promise<unknown>, give: () => Promise<unknown>) => {
      await lead.signIn("lena");
      const { token } = await invited(lead, path);
      await take();
      await give();
      expect(await newcomer(server, token)).toBe(410);
      const log = (await admin.get("/audit?limit=500")).body.entries;
      expect(log.filter(({ action }: { action: string }) => action === "invitation.withdrawn")).toHaveLength(
        ++withdrawn,
      );
    };
    let withdrawn = 0;
    const patch = (body: object) => admin.patch(account, body);
    await again(
      () => patch({ role: "reviewer" }),
      () => patch({ role: "lead" }),
    );
    await again(
      () => patch({ state: "disabled" }),
      () => patch({ state: "active" }),
    );
    await again(
      () => admin.delete(staff),
      () => admin.put(staff),
    );
    // A rater is on no staff, also after being made a lead again.
    await patch({ role: "rater" });
    await patch({ role: "lead" });
    await lead.signIn("lena");
    expect((await lead.get(`/projects/${project}`)).status).toBe(404);
  });

  it("of a key end with the key, and say so", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const { project } = await pilot(lead);
    const made = await lead.post("/keys", { name: "day", scopes: ["write"], days: 1 });
    const key = server.nobody();
    key.key = made.body.key;
    const short = await invited(key, `/projects/${project}/invitations`, { hours: 100 });
    expect(short.expiresAt).toBe(server.store.clock() + DAY);
    const own = await invited(lead, `/projects/${project}/invitations`, { hours: 100 });
    expect(own.expiresAt).toBe(server.store.clock() + 100 * 3_600_000);
    // Also should the key end before what was said.
    const sooner = await invited(key, `/projects/${project}/invitations`, { hours: 100 });
    const { store } = server;
    const ends = (at: number) =>
      store.write(({ db }) =>
        db.updateTable("api_keys").set({ expires_at: at }).where("id", "=", made.body.id).execute(),
      );
    await ends(store.clock());
    expect(await newcomer(server, sooner.token)).toBe(410);
    await ends(store.clock() + DAY);
    expect(await newcomer(server, sooner.token)).toBe(201);
    await lead.delete(`/keys/${made.body.id}`);
    expect(await newcomer(server, short.token)).toBe(410);
    expect(await newcomer(server, own.token)).toBe(201);
  });

  it("of somebody whose data was deleted are neither good nor listed", async () => {
    const server = await testServer();
    const [admin, lead] = [await server.person("admin"), await server.person("lead")];
    const { token, id } = await invited(lead, `/projects/${(await pilot(lead)).project}/invitations`);
    await admin.delete(`/raters/${lead.rater}/personal-data`);
    expect(await newcomer(server, token)).toBe(410);
    expect(JSON.stringify((await admin.get("/invitations")).body)).not.toContain(id);
  });
});

describe("who was removed", () => {
  it("comes back by an invitation made afterwards, not by one made before", async () => {
    const server = await testServer();
    const [admin, lead, reviewer] = [
      await server.person("admin"),
      await server.person("lead"),
      await server.person("reviewer"),
    ];
    const { project } = await pilot(lead);
    const path = `/projects/${project}/invitations`;
    const rater = await server.raterIn(lead, project);
    const before = (await invited(lead, path)).token;
    const join = async (who: Person, token: string) =>
      (await who.post("/invitations/join", { token })).status;
    await lead.delete(`/projects/${project}/members/${rater.rater}`);
    expect(await join(rater, before)).toBe(403);
    server.later(1);
    expect(await join(rater, (await invited(lead, path)).token)).toBe(200);
    expect((await rater.get(`/projects/${project}`)).status).toBe(200);
    // It is still good for somebody else.
    expect(await newcomer(server, before)).toBe(201);

    expect(await join(reviewer, (await invited(lead, path, { role: "reviewer" })).token)).toBe(200);
    const old = await invited(lead, path, { role: "reviewer" });
    await admin.delete(`/projects/${project}/staff/${reviewer.account}`);
    expect(await join(reviewer, old.token)).toBe(403);
    server.later(1);
    expect(await join(reviewer, (await invited(lead, path, { role: "reviewer" })).token)).toBe(200);
  });

  it("is not moved back into the project by a change of group", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const { project } = await pilot(lead);
    const rater = await server.raterIn(lead, project);
    const member = `/projects/${project}/members/${rater.rater}`;
    await lead.delete(member);
    expect((await lead.put(member, { group: "g" })).status).toBe(404);
    expect((await rater.get(`/projects/${project}`)).status).toBe(404);
  });
});

it("nothing is done by somebody after the loss, however the two come together", async () => {
  for (const round of [0, 3, 6]) {
    const server = await testServer();
    const [admin, lead] = [await server.person("admin"), await server.person("lead")];
    const { project } = await pilot(lead, { items: 4 });
    const rater = await server.raterIn(lead, project);
    const { leases } = (await rater.post(`/projects/${project}/leases`, { count: 4 })).body;
    const answer = { kind: "pairwise", aspects: { overall: { verdict: "left" } } };
    const cast = await rater.post(`/leases/${leases[0].id}/vote`, { answer });
    const acts = [
      () => lead.post(`/projects/${project}/invitations`),
      () => lead.patch(`/projects/${project}`, { settings: { overlap: 2 + round } }),
      () => lead.post("/keys", { name: "kept", scopes: ["write"] }),
      () => rater.post(`/votes/${cast.body.vote}/corrections`, { answer: { ...answer, flags: [] } }),
      () => rater.post(`/leases/${leases[1].id}/vote`, { answer }),
      () => rater.post(`/leases/${leases[2].id}/skip`, { reason: "unclear" }),
    ];
    const losses = [
      () => admin.patch(`/accounts/${lead.account}`, { state: "disabled" }),
      () => admin.patch(`/accounts/${rater.account}`, { state: "disabled" }),
    ];
    // Some acts begin before the losses and some after; all of them before any is done.
    const early = acts.slice(0, round).map((act) => act());
    const lost = losses.map((loss) => loss());
    const late = acts.slice(round).map((act) => act());
    const statuses = (await Promise.all([...early, ...lost, ...late])).map(({ status }) => status);
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
    const { entries } = (await admin.get("/audit?limit=500")).body;
    for (const who of [lead, rater]) {
      const gone = entries.findIndex(
        ({ action, subject }: { action: string; subject: string }) =>
          action === "account.changed" && subject === who.account,
      );
      expect(gone).toBeGreaterThan(0);
      const after = entries.slice(gone).filter(({ actor }: { actor: string }) => {
        return actor.endsWith(who.account) || actor.endsWith(who.rater);
      });
      expect(after).toEqual([]);
    }
  }
});

describe("weak passwords", () => {
  it("are refused for new accounts and for changes, before the invitation is used up", async () => {
    const server = await testServer();
    const lead = await server.person("lead", "rosalind");
    const { token } = await invited(lead, `/projects/${(await pilot(lead)).project}/invitations`);
    for (const password of ["aaaaaaaaaaaa", "password1234", "newcomer-2024"]) {
      const answer = await server
        .nobody()
        .post("/invitations/accept", { token, login: "newcomer", password });
      expect([answer.status, answer.body.error.field]).toEqual([422, "password"]);
    }
    const { status, body } = await lead.put("/account/password", {
      current: PASSWORD,
      next: "rosalind1234",
    });
    expect([status, body.error.field]).toEqual([422, "next"]);
    expect(await newcomer(server, token)).toBe(201);
  });
});
