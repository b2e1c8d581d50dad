import { describe, expect, it } from "vitest";
import { PASSWORD, pilot, testServer } from "../../test/server.js";
import { codeOfStep } from "./accounts/one-time-codes.js";

const MINUTE = 60_000;
const stepOf = (now: number) => Math.floor(now / 30_000);

describe("sessions", () => {
  it("the cookie is HttpOnly, SameSite and for this host alone; over HTTPS by its name and Secure", async () => {
    const plain = await testServer();
    await plain.person("rater", "anna");
    const signedIn = await plain.nobody().post("/session", { login: "anna", password: PASSWORD });
    const [cookie, device] = signedIn.headers.getSetCookie();
    expect(device).toMatch(/^plumb-device=.*; Path=\/; HttpOnly; SameSite=Strict; Max-Age=31536000$/);
    expect(cookie).toMatch(/^plumb=plumb_ses_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=86400$/);
    const secure = await testServer({ publicUrl: "https://localhost:8080" });
    await secure.person("rater", "anna");
    const answer = await secure.nobody().post("/session", { login: "ANNA ", password: PASSWORD });
    const [session, known] = answer.headers.getSetCookie();
    expect(known).toMatch(/^__Host-plumb-device=.*; Secure$/);
    expect(session).toMatch(/^__Host-plumb=.*; Path=\/; HttpOnly; SameSite=Strict; Max-Age=86400; Secure$/);
    expect(answer.headers.get("strict-transport-security")).toContain("max-age=");
  });

  it("signing in never takes over a token that the browser had (fixation)", async () => {
    const server = await testServer();
    await server.person("rater", "anna");
    const attacker = await server.person("rater", "mallory");
    const victim = server.nobody();
    victim.cookie = attacker.cookie;
    victim.csrf = attacker.csrf;
    const answer = await victim.signIn("anna");
    expect(answer.status).toBe(201);
    expect(victim.cookie).not.toBe(attacker.cookie);
    expect((await attacker.get("/session")).body.account.login).toBe("mallory");
    const made = server.nobody();
    made.cookie = `plumb=plumb_ses_${"A".repeat(43)}`;
    expect((await made.get("/session")).status).toBe(401);
  });

  it("end after idle minutes and after hours, however often they are used", async () => {
    const server = await testServer({ limits: { idleMinutes: 10, sessionHours: 1 } as never });
    const idle = await server.person("rater");
    const busy = await server.person("rater");
    server.later(9 * MINUTE);
    expect((await busy.get("/session")).status).toBe(200);
    server.later(2 * MINUTE);
    expect((await idle.get("/session")).status).toBe(401);
    for (let i = 0; i < 8; i++) {
      expect((await busy.get("/session")).status).toBe(200);
      server.later(6 * MINUTE);
    }
    server.later(2 * MINUTE);
    expect((await busy.get("/session")).status).toBe(401);
  });

  it("the last use outlives what the server remembers", async () => {
    const server = await testServer({ limits: { idleMinutes: 10 } as never });
    const person = await server.person("rater");
    server.later(9 * MINUTE);
    expect((await person.get("/session")).status).toBe(200);
    await server.store.write(async () => undefined);
    server.services.principals.forget();
    server.later(9 * MINUTE);
    expect((await person.get("/session")).status).toBe(200);
  });

  it("are listed and ended one by one, and at once", async () => {
    const server = await testServer();
    const here = await server.person("rater", "anna");
    const there = server.nobody();
    await there.signIn("anna");
    const { sessions } = (await here.get("/sessions")).body;
    expect(sessions.map(({ current }: { current: boolean }) => current).sort()).toEqual([false, true]);
    const other = sessions.find(({ current }: { current: boolean }) => !current);
    expect((await here.delete(`/sessions/${other.id}`)).status).toBe(204);
    expect((await there.get("/session")).status).toBe(401);
    expect((await here.delete("/session")).status).toBe(204);
    expect((await here.get("/session")).status).toBe(401);
  });

  it("end when the password is changed (but this one), the role is, or the account is shut out", async () => {
    const server = await testServer();
    const admin = await server.person("admin");
    const person = await server.person("lead", "anna");
    const elsewhere = server.nobody();
    await elsewhere.signIn("anna");
    const next = "another long password";
    expect((await person.put("/account/password", { current: "wrong", next })).status).toBe(403);
    expect((await person.put("/account/password", { current: PASSWORD, next })).status).toBe(204);
    expect((await elsewhere.get("/session")).status).toBe(401);
    expect((await person.get("/session")).status).toBe(200);
    expect((await elsewhere.signIn("anna")).status).toBe(401);
    expect((await elsewhere.signIn("anna", next)).status).toBe(201);
    const key = await server.program(person, ["read"]);
    await admin.patch(`/accounts/${person.account}`, { role: "rater" });
    expect((await person.get("/session")).status).toBe(401);
    expect((await elsewhere.signIn("anna", next)).status).toBe(201);
    expect((await elsewhere.post("/projects", { name: "x", task: { kind: "pairwise" } })).status).toBe(403);
    await admin.patch(`/accounts/${person.account}`, { state: "disabled" });
    expect((await elsewhere.get("/session")).status).toBe(401);
    expect((await elsewhere.signIn("anna", next)).status).toBe(401);
    expect((await key.get("/projects")).status).toBe(401);
  });

  it("the last admin stays one", async () => {
    const server = await testServer();
    const admin = await server.person("admin");
    expect((await admin.patch(`/accounts/${admin.account}`, { role: "lead" })).status).toBe(409);
    expect((await admin.patch(`/accounts/${admin.account}`, { state: "disabled" })).status).toBe(409);
    expect((await admin.delete(`/raters/${admin.rater}/personal-data`)).status).toBe(409);
    await server.person("admin");
    expect((await admin.patch(`/accounts/${admin.account}`, { role: "lead" })).status).toBe(200);
  });

  it("of one account are bounded: the one used longest ago ends", async () => {
    const server = await testServer();
    const first = await server.person("rater", "anna");
    for (let i = 0; i < 20; i++) {
      server.later(1000);
      await server.nobody().signIn("anna");
    }
    server.later(16_000);
    expect((await first.get("/session")).status).toBe(401);
  });
});

describe("changes that another site has a browser send (CSRF)", () => {
  it("are refused without the token, with a wrong one, from another origin or site; keys need none", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const { project } = await pilot(lead);
    const change = (headers: Record<string, string | undefined>) =>
      lead.ask("patch", `/projects/${project}`, { state: "paused" }, headers);
    const other = await server.person("lead");
    for (const headers of [
      { "x-csrf-token": undefined },
      { "x-csrf-token": "" },
      { "x-csrf-token": other.csrf },
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:9999" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ])
      expect((await change(headers)).status, JSON.stringify(headers)).toBe(403);
    expect((await lead.get(`/projects/${project}`)).body.state).toBe("open");
    const good = { origin: "http://localhost:8080", "sec-fetch-site": "same-origin" };
    expect((await change(good)).status).toBe(200);
    const program = await server.program(lead, ["write"]);
    expect((await program.patch(`/projects/${project}`, { state: "open" })).status).toBe(200);
  });

  it("another site cannot sign a browser in", async () => {
    const server = await testServer();
    await server.person("rater", "anna");
    const body = { login: "anna", password: PASSWORD };
    expect(
      (await server.nobody().ask("post", "/session", body, { origin: "https://evil.example" })).status,
    ).toBe(403);
    expect(
      (await server.nobody().ask("post", "/session", body, { "content-type": "text/plain" })).status,
    ).toBe(415);
  });
});

describe("guessing", () => {
  it("a name that exists and one that does not are answered alike, and slowed down alike", async () => {
    const server = await testServer();
    await server.person("rater", "anna");
    const tries = async (login: string) => {
      const seen: string[] = [];
      for (let i = 0; i < 8; i++) {
        const { status, body } = await server.nobody().post("/session", { login, password: `wrong ${i}` });
        seen.push(`${status} ${body.error.message} ${body.error.hint}`);
      }
      return seen;
    };
    const [known, unknown] = [await tries("anna"), await tries("nobody")];
    expect(known).toEqual(unknown);
    expect(known.filter((line) => line.startsWith("429"))).toHaveLength(3);
    expect((await server.nobody().signIn("anna")).status).toBe(429);
    server.later(2000);
    expect((await server.nobody().signIn("anna")).status).toBe(201);
  });

  it("tries of one address are limited over all names", async () => {
    const server = await testServer({ limits: { signIn: 5 } as never });
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++)
      statuses.push((await server.nobody().post("/session", { login: `name${i}`, password: "x" })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  it("requests of one account are limited", async () => {
    const server = await testServer({ limits: { account: 3 } as never });
    const [one, two] = [await server.person("rater"), await server.person("rater")];
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await one.get("/session")).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await two.get("/session")).status).toBe(200);
  });
});

describe("one-time codes", () => {
  it("are asked for once confirmed, each good once", async () => {
    const server = await testServer();
    const person = await server.person("admin", "root");
    expect((await person.post("/account/one-time-codes", { password: "wrong" })).status).toBe(403);
    const begun = await person.post("/account/one-time-codes", { password: PASSWORD });
    const { secret, uri } = begun.body;
    expect(uri).toContain(secret);
    expect((await server.nobody().signIn("root")).status).toBe(201);
    const code = () => codeOfStep(secret, stepOf(server.store.clock()));
    const wrong = String((Number(code()) + 1) % 1e6).padStart(6, "0");
    expect((await person.put("/account/one-time-codes", { code: wrong })).status).toBe(422);
    expect((await person.put("/account/one-time-codes", { code: code() })).status).toBe(204);
    const signIn = (body: object) =>
      server.nobody().post("/session", { login: "root", password: PASSWORD, ...body });
    expect((await signIn({})).status).toBe(401);
    expect((await signIn({ code: code() })).status).toBe(401);
    server.later(60_000);
    expect((await signIn({ code: code() })).status).toBe(201);
    expect((await signIn({ code: code() })).status).toBe(401);
    server.later(60_000);
    const both = await Promise.all([signIn({ code: code() }), signIn({ code: code() })]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 401]);
    expect((await person.delete("/account/one-time-codes", { password: PASSWORD })).status).toBe(204);
    expect((await signIn({})).status).toBe(201);
  });
});

describe("invitations", () => {
  it("are good once, until their end, and not after withdrawal", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const { project } = await pilot(lead);
    const invite = async () => (await lead.post(`/projects/${project}/invitations`, { hours: 1 })).body;
    const accept = (token: string, login: string) =>
      server.nobody().post("/invitations/accept", { token, login, password: PASSWORD });
    const first = await invite();
    const both = await Promise.all([accept(first.token, "one"), accept(first.token, "two")]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 410]);
    // Whose password was hashed first.
    const winner = both[0].status === 201 ? "one" : "two";
    expect((await accept(first.token, "three")).status).toBe(410);
    const second = await invite();
    server.later(3_600_000);
    expect((await accept(second.token, "three")).status).toBe(410);
    const third = await invite();
    expect((await lead.delete(`/projects/${project}/invitations/${third.id}`)).status).toBe(204);
    expect((await accept(third.token, "three")).status).toBe(410);
    const fourth = await invite();
    expect((await accept(fourth.token, winner)).status).toBe(409);
    expect((await accept(fourth.token, "three")).status).toBe(201);
    const { invitations } = (await lead.get(`/projects/${project}/invitations`)).body;
    expect(invitations.filter(({ usedAt }: { usedAt?: number }) => usedAt !== undefined)).toHaveLength(2);
    expect(JSON.stringify(invitations)).not.toContain("plumb_inv_");
  });

  it("let an account that exists into a project, in its own role at most", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const { project } = await pilot(lead);
    const rater = await server.person("rater");
    const token = async (role: string) =>
      (await lead.post(`/projects/${project}/invitations`, { role })).body.token;
    expect((await rater.post("/invitations/join", { token: await token("reviewer") })).status).toBe(409);
    expect((await rater.get(`/projects/${project}`)).status).toBe(404);
    expect((await rater.post("/invitations/join", { token: await token("rater") })).body).toEqual({
      project,
    });
    expect((await rater.get(`/projects/${project}`)).status).toBe(200);
    expect((await lead.post(`/projects/${project}/invitations`, { role: "admin" })).status).toBe(400);
  });
});

describe("keys and secrets", () => {
  it("are shown once and lie in the database as hashes", async () => {
    const server = await testServer();
    const lead = await server.person("lead", "anna");
    const program = await server.program(lead, ["read"]);
    expect((await program.get("/projects")).status).toBe(200);
    const listed = (await lead.get("/keys")).body.keys;
    expect(program.key?.startsWith(listed[0].prefix)).toBe(true);
    const { db } = server.store;
    const everything = JSON.stringify([
      await db.selectFrom("accounts").selectAll().execute(),
      await db.selectFrom("sessions").selectAll().execute(),
      await db.selectFrom("api_keys").selectAll().execute(),
      await db.selectFrom("invitations").selectAll().execute(),
      await db.selectFrom("audit").selectAll().execute(),
      listed,
    ]);
    for (const secret of [PASSWORD, program.key as string, lead.cookie?.split("=")[1] as string])
      expect(everything).not.toContain(secret);
    expect(everything).toContain("$argon2id$v=19$");
    await lead.delete(`/keys/${listed[0].id}`);
    expect((await program.get("/projects")).status).toBe(401);
  });

  it("keys run out", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const { body } = await lead.post("/keys", { name: "short", scopes: ["read"], days: 1 });
    const program = server.nobody();
    program.key = body.key;
    expect((await program.get("/projects")).status).toBe(200);
    server.later(24 * 60 * MINUTE);
    expect((await program.get("/projects")).status).toBe(401);
  });

  it("a person's data is deleted with the account, and the votes stay", async () => {
    const server = await testServer();
    const [admin, lead] = [await server.person("admin"), await server.person("lead")];
    const { project } = await pilot(lead);
    const rater = await server.raterIn(lead, project);
    const { body } = await rater.post(`/projects/${project}/leases`);
    await rater.post(`/leases/${body.leases[0].id}/vote`, {
      answer: { kind: "pairwise", aspects: { overall: { verdict: "tie" } } },
    });
    expect((await admin.delete(`/raters/${rater.rater}/personal-data`)).status).toBe(204);
    expect((await rater.get("/session")).status).toBe(401);
    const { db } = server.store;
    expect(await db.selectFrom("accounts").select("id").where("id", "=", rater.account).execute()).toEqual(
      [],
    );
    expect(
      await db.selectFrom("sessions").select("id").where("account_id", "=", rater.account).execute(),
    ).toEqual([]);
    expect((await lead.get(`/projects/${project}/votes`)).body).toContain(rater.rater);
  });
});
